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

[ -z "$sbom" ] || src/sbom.sh "$folder"
