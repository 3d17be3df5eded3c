#!/usr/bin/env bash
# Builds other versions of memcached from source and runs the tests of the memcached client against each. Not a part of tests/run.sh, for it takes minutes.
#
#   tests/memcached-versions.sh                   the newest version that Debian has the source of, and 1.6.17-replies
#   tests/memcached-versions.sh 1.6.38 1.6.45     these versions
#   tests/memcached-versions.sh --build VERSION   builds one and prints the folder of its program
#
# 1.6.17-replies is 1.6.18 with the two differences that matter for the client between 1.6.10 and 1.6.17: a miss of mg is "EN" and repeats neither
# opaque nor key, and an mg without a flag is an error. It stands in for these versions where their sources cannot be had.
#
# The sources: memcached-VERSION.tar.* in the folder MEMCACHED_SOURCES, if it is set; else Debian's source packages, from the repository that apt uses here.
# Needs gcc, make and the headers of libevent and OpenSSL (as root they are installed).
#
# Settings:
#   MEMCACHED_SOURCES=folder   tarballs of memcached
#   MEMCACHED_BUILDS=folder    where it is built (a folder under TMPDIR, which is removed; a folder that is named is kept and used again)
#   NEARCACHE_TESTS="…"        arguments of the test program, for instance -class NearCache.Memcached.Tests.RealMemcachedTests; all tests unless set
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
fail() { printf 'tests/memcached-versions.sh: %s\n' "$*" >&2; exit 1; }

suites="bullseye bookworm trixie sid"
if [ -n "${MEMCACHED_BUILDS-}" ]; then builds=$MEMCACHED_BUILDS; else builds=$(mktemp -d -t memcached-versions-XXXXXX); trap 'rm -rf "$builds"' EXIT; fi
mkdir -p "$builds/apt/lists/partial" "$builds/apt/cache/archives/partial" "$builds/apt/parts" "$builds/sources"
builds=$(cd "$builds" && pwd)

if ! command -v gcc >/dev/null || ! command -v make >/dev/null || ! [ -e /usr/include/event.h ] || ! [ -e /usr/include/openssl/ssl.h ]; then
  [ "$(id -u)" = 0 ] || fail "a compiler and headers are needed: sudo apt-get install gcc make libc6-dev libevent-dev libssl-dev"
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends gcc make libc6-dev libevent-dev libssl-dev >"$builds/install.log" 2>&1 ||
    { cat "$builds/install.log" >&2; fail "could not install gcc, make, libc6-dev, libevent-dev and libssl-dev"; }
fi

# apt with lists of its own: what is configured on this machine stays as it is.
own_apt() {
  "$1" -o Dir::Etc::sourcelist="$builds/apt/sources.list" -o Dir::Etc::sourceparts="$builds/apt/parts" -o Dir::State::lists="$builds/apt/lists" \
    -o Dir::Cache="$builds/apt/cache" -o APT::Sandbox::User="$(id -un)" "${@:2}"
}

update_sources() {
  [ -e "$builds/apt/sources.list" ] && return
  local repository
  repository=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' 2>/dev/null | grep -v security | head -n 1)
  [ -n "$repository" ] || fail "apt knows no Debian repository here: set MEMCACHED_SOURCES"
  for suite in $suites; do printf 'deb-src %s %s main\n' "$repository" "$suite"; done >"$builds/apt/sources.list"
  own_apt apt-get update -qq >"$builds/update.log" 2>&1 || say "apt-get update: $(tail -n 1 "$builds/update.log")"
}

# "1.6.45-1" of a version, as Debian numbers it.
debian_versions() { own_apt apt-cache showsrc --only-source memcached 2>/dev/null | sed -n 's/^Version: //p' | sort -V; }

unpack() {   # version, folder
  local tarball=
  if [ -n "${MEMCACHED_SOURCES-}" ]; then
    tarball=$(find "$MEMCACHED_SOURCES" -maxdepth 1 -name "memcached-$1.tar.*" | head -n 1)
    [ -n "$tarball" ] || fail "there is no memcached-$1.tar.* in $MEMCACHED_SOURCES (MEMCACHED_SOURCES)"
  else
    update_sources
    local package
    package=$(debian_versions | grep -E "^$1([+-].*)?$" | tail -n 1)
    [ -n "$package" ] || fail "Debian has no source of memcached $1; it has $(debian_versions | tr '\n' ' '). Set MEMCACHED_SOURCES for others."
    # The upstream tarball is all that is needed; apt has compared its hash.
    (cd "$builds/sources" && own_apt apt-get source -qq --only-source --download-only "memcached=$package" >"$builds/source.log" 2>&1) || true
    tarball=$(find "$builds/sources" -maxdepth 1 -name "memcached_$1*.orig.tar.*" ! -name '*.asc' | head -n 1)
    [ -n "$tarball" ] || { cat "$builds/source.log" >&2; fail "the source of memcached $1 cannot be had"; }
  fi
  mkdir -p "$2"
  tar xf "$tarball" -C "$2" --strip-components=1
}

as_1_6_17() {   # folder of 1.6.18
  awk '
    /^static void process_mget_command/ { get = 1 }
    /^}/ { if (get) get = 0 }
    get && /WANT_TOKENS_MIN\(ntokens, 3\)/ { sub(/3\)/, "4)"); tokens = 1 }
    get && /memcpy\(p, "EN", 2\)/ { miss = 1 }
    get && miss && /for \(i = KEY_TOKEN\+1;/ { sub(/i < ntokens-1/, "0"); miss = 0; bare = 1 }
    { print }
    END { exit !(tokens && bare) }' "$1/proto_text.c" >"$1/proto_text.c.new" || fail "1.6.18 is not written as expected: process_mget_command"
  mv "$1/proto_text.c.new" "$1/proto_text.c"
}

build() {   # version; prints the folder of the program
  local folder=$builds/memcached-$1 version=${1%-replies}
  if ! [ -x "$folder/memcached" ]; then
    rm -rf "$folder"
    if [ "$1" = 1.6.17-replies ]; then unpack 1.6.18 "$folder"; as_1_6_17 "$folder"; else unpack "$version" "$folder"; fi
    say "building memcached $1 …"
    (cd "$folder" && ./configure --enable-tls && sed -i -E "s/^(#define VERSION) .*/\1 \"$version\"/" config.h && make -j"$(nproc)" CFLAGS="-O2 -w") >"$builds/build-$1.log" 2>&1 ||
      { tail -n 30 "$builds/build-$1.log" >&2; fail "memcached $1 does not build"; }
  fi
  printf '%s\n' "$folder"
}

if [ "${1-}" = --build ]; then build "${2:?which version?}"; exit; fi
versions=("$@")
if [ ${#versions[@]} = 0 ]; then
  [ -n "${MEMCACHED_SOURCES-}" ] || update_sources
  newest=$({ if [ -n "${MEMCACHED_SOURCES-}" ]; then find "$MEMCACHED_SOURCES" -name 'memcached-*.tar.*' -printf '%f\n' | sed -E 's/memcached-([0-9.]+)\.tar.*/\1/'; else debian_versions | sed -E 's/[+-].*//'; fi; } | sort -V | tail -n 1)
  versions=(1.6.17-replies "$newest")
fi

dotnet build tests/NearCache.Memcached.Tests -c Release -v quiet --nologo >"$builds/tests.log" 2>&1 || { cat "$builds/tests.log" >&2; fail "the tests do not build"; }
broken=()
for version in "${versions[@]}"; do
  folder=$(build "$version")
  say "$("$folder/memcached" -V): the tests"
  # shellcheck disable=SC2086 # several arguments
  PATH=$folder:$PATH dotnet artifacts/bin/NearCache.Memcached.Tests/release/NearCache.Memcached.Tests.dll -noLogo -noColor ${NEARCACHE_TESTS-} >"$builds/tests-$version.log" 2>&1 ||
    { broken+=("$version"); cat "$builds/tests-$version.log"; }
  say "memcached $version: $(grep -aE 'Total: [0-9]+, Errors: ' "$builds/tests-$version.log" | tail -n 1)"
  grep -a -A1 -F '[SKIP]' "$builds/tests-$version.log" | grep -av '^--$' || true
done
[ ${#broken[@]} = 0 ] || fail "failed with: ${broken[*]}"
