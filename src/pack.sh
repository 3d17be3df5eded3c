#!/usr/bin/env bash
# Packs what ships: every project of src (Packages.slnx lists them), with its symbols, and with --sbom a bill of materials beside each package.
#
#   src/pack.sh FOLDER [--sbom] [--no-build] [-p:VersionSuffix=rc.1 …]
#
# The packages depend only on the sources: built anywhere, by the same SDK and from the same commit, they have the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2; }
folder=$1 sbom='' arguments=()
shift
for argument in "$@"; do if [ "$argument" = --sbom ]; then sbom=1; else arguments+=("$argument"); fi; done
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

export ContinuousIntegrationBuild=true
# The time of the files in a package: that of the commit; without git one that is always the same.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1767225600)}
export SOURCE_DATE_EPOCH
dotnet pack src/Packages.slnx -c Release -o "$folder" --nologo ${arguments[@]+"${arguments[@]}"}

[ -n "$sbom" ] || exit 0
dotnet tool restore >/dev/null
for package in "$folder"/*.nupkg; do
  name=$(basename "$package" .nupkg)
  id=$(sed -E 's/^(.*)\.([0-9]+\.[0-9]+\.[0-9]+.*)$/\1/' <<<"$name")
  dotnet tool run dotnet-CycloneDX -- "src/$id/$id.csproj" --disable-package-restore --recursive --include-project-references --set-nuget-purl \
    --set-type Library --set-name "$id" --set-version "${name#"$id".}" --no-serial-number --output-format Json --output "$folder" --filename "$name.cdx.json" >/dev/null
done
