#!/usr/bin/env bash
# Builds NearCache and runs every test. Installs the servers that the tests need when they are missing (Debian 12; needs root for that),
# starts and stops them itself, prints the seconds of each suite, what was skipped and why, and the figures that tests measured.
#
#   tests/run.sh                     all suites
#   tests/run.sh NearCache.Tests …   only these
#
# Settings (docs/contributing.md has all):
#   NEARCACHE_FULL=1           the end-to-end tests in full: 500 changes, a million writes, 20 outages
#   NEARCACHE_TIMES=1          the seconds of each test class
#   NEARCACHE_TOOLS=all        installs and uses what single suites need, too: docker, clang, redis, prometheus, rabbitmq, chromium
#   NEARCACHE_REQUIRE=a,b      what is missing of these fails its tests instead of skipping them: aot, browser, containers, redis,
#                              prometheus, rabbitmq
#   NEARCACHE_SUITE_MINUTES=n  after so many minutes a suite is ended and counts as failed (20; 60 with NEARCACHE_FULL=1)
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false

say() { printf '%s\n' "$*"; }
fail() { printf 'tests/run.sh: %s\n' "$*" >&2; exit 1; }

[ "$(uname -s)" = Linux ] || fail "runs on Linux (the tests start memcached, ZooKeeper and network faults of their own); this is $(uname -s)"
command -v dotnet >/dev/null || fail "the .NET SDK 10 is not installed (no 'dotnet' on PATH): https://dotnet.microsoft.com/download"
dotnet --version >/dev/null 2>&1 || fail "no .NET SDK that global.json accepts; installed: $(dotnet --list-sdks | tr '\n' ' ')"

# A misspelt setting would skip what was meant to run.
case ${NEARCACHE_TOOLS-} in '' | all) ;; *) fail "NEARCACHE_TOOLS is '$NEARCACHE_TOOLS': set it to 'all', or not at all" ;; esac
required=${NEARCACHE_REQUIRE-}
for tool in ${required//,/ }; do
  case $tool in
    aot | browser | containers | redis | prometheus | rabbitmq) ;;
    *) fail "NEARCACHE_REQUIRE names '$tool': it takes aot, browser, containers, redis, prometheus and rabbitmq, separated by commas" ;;
  esac
done
[[ ${NEARCACHE_SUITE_MINUTES:-1} =~ ^[1-9][0-9]*$ ]] || fail "NEARCACHE_SUITE_MINUTES is '$NEARCACHE_SUITE_MINUTES': it takes a number of minutes"

# ZooKeeper without its daemon: the jars, and a Java to run them.
missing=()
command -v memcached >/dev/null || missing+=(memcached)
[ -e /usr/share/java/zookeeper.jar ] && [ -e /usr/share/java/slf4j-simple.jar ] && [ -e /usr/share/java/netty-codec.jar ] || missing+=(libzookeeper-java)
command -v java >/dev/null || missing+=(default-jre-headless)
command -v ip >/dev/null || missing+=(iproute2)

# Installs packages without starting their services: the tests start what they need, where they need it.
install_packages() {
  local policy=/usr/sbin/policy-rc.d made='' status=0
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && made=1
  fi
  { apt-get -o DPkg::Lock::Timeout=120 update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends "$@"; } >"$installing" 2>&1 || status=$?
  [ -z "$made" ] || rm -f "$policy"
  return $status
}

installing=$(mktemp)
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || fail "these Debian packages are missing, and there is no apt-get to install them: ${missing[*]}"
  [ "$(id -u)" = 0 ] || fail "these packages are missing, and installing them needs root: ${missing[*]}
Run this, then tests/run.sh again (it needs no root itself):
    sudo apt-get install --no-install-recommends ${missing[*]}"
  say "Installing ${missing[*]} …"
  install_packages "${missing[@]}" || { cat "$installing" >&2; fail "could not install ${missing[*]}"; }
fi

# Tools of single suites. Where one is missing its tests are skipped, or fail if NEARCACHE_REQUIRE names it.
if [ "${NEARCACHE_TOOLS-}" = all ]; then
  tools=()
  command -v clang >/dev/null && [ -e /usr/include/zlib.h ] || tools+=(clang zlib1g-dev)
  timeout 10 docker version >/dev/null 2>&1 || { command -v dockerd && command -v iptables; } >/dev/null || tools+=(docker.io iptables)
  command -v redis-server >/dev/null || tools+=(redis-server)
  command -v chromium >/dev/null || tools+=(chromium)
  command -v promtool >/dev/null || tools+=(prometheus)
  [ -e /usr/lib/rabbitmq/bin/rabbitmq-server ] || tools+=(rabbitmq-server)
  if [ ${#tools[@]} -gt 0 ]; then
    say "Installing ${tools[*]} …"
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then say "  not installed: needs apt-get and root"
    elif ! install_packages "${tools[@]}"; then say "  not installed: $(grep -a '^E:' "$installing" | head -n 1)"; fi
  fi
fi
rm -f "$installing"

# Everything that the tests start works in a folder of its suite in here, so that what a crashed test leaves can be found and ended.
work=$(mktemp -d -t "nearcache-run-$$-XXXXXX")
signal_leftovers() { # SIGNAL FOLDER: false if nothing is left
  local entry folder found=1
  for entry in /proc/[0-9]*; do
    folder=$(readlink "$entry/cwd" 2>/dev/null) || continue
    case $folder in "$2" | "$2"/*) kill "-$1" "${entry#/proc/}" 2>/dev/null && found=0 ;; esac
  done
  return $found
}
# The folder of a run that was killed tells its process.
for left in "${TMPDIR:-/tmp}"/nearcache-run-*-*; do
  process=${left##*/nearcache-run-} process=${process%%-*}
  [ -d "$left" ] && [[ $process =~ ^[0-9]+$ ]] && [ ! -e "/proc/$process" ] || continue
  say "ending what a killed run left in $left"
  signal_leftovers KILL "$left" || true
  rm -rf "$left"
done
lanes=()
finish() {
  [ ${#lanes[@]} = 0 ] || kill "${lanes[@]}" 2>/dev/null || true
  if signal_leftovers TERM "$work"; then sleep 2; fi
  signal_leftovers KILL "$work" || true
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

if [ $# -gt 0 ]; then suites=("$@"); else
  suites=()
  for project in tests/*.Tests/*.csproj tests/NearCache.IntegrationTests/*.csproj; do suites+=("$(basename "$project" .csproj)"); done
  if [ "${NEARCACHE_TOOLS-}" != all ] && [[ ",${required// /}," != *,containers,* ]]; then
    suites=("${suites[@]/#NearCache.Containers.Tests/}")
    say "NearCache.Containers.Tests: not run (NEARCACHE_TOOLS=all runs it)"
  fi
fi

for suite in "${suites[@]}"; do
  [ -z "$suite" ] || [ -e "tests/$suite/$suite.csproj" ] || fail "there is no suite '$suite'"
done

begun=$SECONDS
started=$SECONDS
dotnet build NearCache.sln -c Release -v quiet --nologo >"$work/build.log" 2>&1 || { cat "$work/build.log"; fail "it does not build"; }
say "built in $((SECONDS - started)) s"

minutes=${NEARCACHE_SUITE_MINUTES:-$([ "${NEARCACHE_FULL-}" = 1 ] && echo 60 || echo 20)}
# Tests wait more than they compute: several classes at a time fill two cores. In full their figures count, and nothing runs beside them.
if [ "${NEARCACHE_FULL-}" = 1 ]; then parallel=(-parallel none); else parallel=(-parallel collections -maxThreads 4); fi

# Runs one suite, and leaves what is to be told in $work/SUITE.told, its counts in $work/SUITE.counts and its failures in $work/SUITE.failures.
run_suite() {
  local suite=$1 folder log=$work/$1.log within=() started=$SECONDS status=0 took
  [ "$suite" != NearCache.Containers.Tests ] || within=("$PWD/tests/containers/with-docker.sh")
  folder=$(mktemp -d "$work/XXXX")   # a short name: the path of a socket may have 107 bytes, and docker's are long
  (cd "$folder" && TMPDIR=$folder NEARCACHE_LANE=$lane exec timeout --kill-after=10 $((minutes * 60)) \
    ${within[@]+"${within[@]}"} dotnet "$OLDPWD/artifacts/bin/$suite/release/$suite.dll" -noLogo -noColor -longRunning 120 -showLiveOutput "${parallel[@]}" \
    -xml "$work/$suite.xml") >"$log" 2>&1 </dev/null || status=$?
  took=$((SECONDS - started))
  signal_leftovers KILL "$folder" || true
  # "   NearCache.Tests  Total: 5, Errors: 0, Failed: 0, Skipped: 0, Not Run: 0, Time: 0.1s"
  local summary total bad skips good why=
  summary=$(grep -aE 'Total: [0-9]+, Errors: ' "$log" | tail -n 1 || true)
  number() { local n; n=$(sed -nE "s/.*$1: ([0-9]+).*/\1/p" <<<"$summary"); echo "${n:-0}"; }
  total=$(number Total) bad=$(($(number Failed) + $(number Errors))) skips=$(number Skipped)
  if [ "$status" = 124 ] || [ "$status" = 137 ]; then why=" (ended after $minutes minutes)"; elif [ -z "$summary" ]; then why=" (ended without a result)"; fi
  [ "$bad" -gt 0 ] || { [ "$status" = 0 ] && [ -n "$summary" ]; } || bad=1
  good=$((total - bad - skips)); [ "$good" -ge 0 ] || good=0
  echo "$good $bad $skips" >"$work/$suite.counts"
  {
    say "$suite: $good passed, $bad failed, $skips skipped, $took s$why"
    if [ "$bad" -gt 0 ]; then
      cat "$log"
      # Told once more at the very end. "    Name [FAIL]", then the message, the places and the output, indented by six.
      awk '/\[FAIL\]$/ { telling = 60 } telling > 0 && !/\[FAIL\]$/ && !/^      / { telling = 0 } telling-- > 0' "$log" >"$work/$suite.failures"
    else
      # "    Name [SKIP]", and the reason on the next line.
      grep -a -A1 -F '[SKIP]' "$log" | grep -av '^--$' || true
      # Told when it is measured, and again with a test's result.
      grep -aF '[FIGURE]' "$log" | sed -E 's/^.*\[FIGURE\]/  [FIGURE]/' | awk '!told[$0]++' || true
    fi
    if [ "${NEARCACHE_TIMES-}" = 1 ] && [ -e "$work/$suite.xml" ]; then
      grep -oE '<test [^>]*' "$work/$suite.xml" | sed -E 's/.* time="([^"]*)".* type="([^"]*)".*/\2 \1/' |
        awk '{ sum[$1] += $2; tests[$1]++ } END { for (name in sum) printf "  %8.1f s %5d tests  %s\n", sum[name], tests[name], name }' | sort -rn
    fi
  } >"$work/$suite.told"
}

# Two lanes run one suite at a time each, and a lane that is free takes the next suite: the end-to-end tests, beside them suites that wait
# more than they compute, then those that compute. NearCache.TestSupport/Servers/Ports.cs gives each lane ports of its own. In full there
# is one lane.
first=() middle=() last=()
for suite in "${suites[@]}"; do
  case $suite in
    '') ;;
    NearCache.IntegrationTests) first+=("$suite") ;;
    NearCache.Packages.Tests | NearCache.Tests | NearCache.ZooKeeper.Tests) last+=("$suite") ;;
    *) middle+=("$suite") ;;
  esac
done
order=(${first[@]+"${first[@]}"} ${middle[@]+"${middle[@]}"} ${last[@]+"${last[@]}"})
printf '%s\n' ${order[@]+"${order[@]}"} >"$work/waiting"

# Prints the first suite that no lane has taken.
take() { flock "$work" sh -c 'head -n 1 "$1"; sed -i 1d "$1"' - "$work/waiting"; }
run_lane() { # 1 or 2
  local lane=$1 suite
  while suite=$(take) && [ -n "$suite" ]; do
    run_suite "$suite"
    flock "$work" cat "$work/$suite.told"
  done
}
run_lane 1 & lanes+=($!)
if [ "${NEARCACHE_FULL-}" != 1 ]; then run_lane 2 & lanes+=($!); fi
wait "${lanes[@]}" || true
lanes=()

say "all of it in $((SECONDS - begun)) s"
passed=0 failed=0 skipped=0 broken=()
for suite in ${order[@]+"${order[@]}"}; do
  good=0 bad=1 skips=0
  [ ! -e "$work/$suite.counts" ] || read -r good bad skips <"$work/$suite.counts"
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skips))
  if [ "$bad" -gt 0 ]; then
    broken+=("$suite")
    [ ! -e "$work/$suite.failures" ] || cat "$work/$suite.failures"
  fi
done
[ ${#broken[@]} = 0 ] || say "failed: ${broken[*]}"
[ $((passed + failed)) -gt 0 ] || fail "no test ran"
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
