#!/usr/bin/env bash
# Writes a bill of materials (CycloneDX) for each package of a folder. Needs a build in Release.
#
#   src/sbom.sh PACKAGES [FOLDER]      beside the packages, or into another folder
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 2; }
packages=$(cd "$1" && pwd)
folder=${2:-$packages}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

describe() { # PACKAGE FOLDER
  local name id
  name=$(basename "$1" .nupkg)
  id=$(sed -E 's/^(.*)\.([0-9]+\.[0-9]+\.[0-9]+.*)$/\1/' <<<"$name")
  dotnet tool run dotnet-CycloneDX -- "src/$id/$id.csproj" --disable-package-restore --recursive --include-project-references --set-nuget-purl \
    --set-type Library --set-name "$id" --set-version "${name#"$id".}" --no-serial-number --output-format Json --output "$2" --filename "$name.cdx.json" >/dev/null
}
export -f describe
dotnet tool restore >/dev/null
printf '%s\0' "$packages"/*.nupkg | xargs -0 -P "$(nproc)" -I PACKAGE bash -c 'set -euo pipefail; describe "$@"' describe PACKAGE "$folder"
