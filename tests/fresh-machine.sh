#!/usr/bin/env bash
# Runs the README's two commands on a minimal Debian 12 that has the .NET SDK and nothing else: no locale, no time zone, today's packages.
# Needs root and debootstrap, and takes the time of tests/run.sh and some minutes more.
#
#   tests/fresh-machine.sh                            the last commit, every suite
#   tests/fresh-machine.sh NearCache.ZooKeeper.Tests  only these suites
#
# Settings: NEARCACHE_FRESH_ROOT=FOLDER keeps the root there and takes it again the next time; NEARCACHE_DEBIAN_MIRROR is the mirror of Debian.
# Proxies and certificates of this machine are taken over.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { printf 'tests/fresh-machine.sh: %s\n' "$*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "needs root"
for tool in debootstrap unshare chroot git dotnet; do command -v "$tool" >/dev/null || fail "$tool is not installed"; done

# Mounts and processes of the root end with this script.
if [ -z "${NEARCACHE_FRESH_INSIDE-}" ]; then
  NEARCACHE_FRESH_INSIDE=1 exec unshare --mount --pid --fork --kill-child "$0" "$@"
fi

root=${NEARCACHE_FRESH_ROOT:-$(mktemp -d -t nearcache-fresh-XXXXXX)}
[ -n "${NEARCACHE_FRESH_ROOT-}" ] || trap 'umount -R "$root"/{proc,sys,dev} 2>/dev/null; rm -rf "$root"' EXIT
if [ ! -e "$root/etc/debian_version" ]; then
  debootstrap --variant=minbase --include=ca-certificates,libicu72,libssl3,libstdc++6 bookworm "$root" ${NEARCACHE_DEBIAN_MIRROR-} >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log" >&2; fail "debootstrap failed"; }
  rm -f "$root.log"
fi
echo "root: $(du -sm "$root" | cut -f1) MB"

mkdir -p "$root/usr/share/dotnet" "$root/source"
mount --bind "$(dirname "$(readlink -f "$(command -v dotnet)")")" "$root/usr/share/dotnet"
mount -o remount,bind,ro "$root/usr/share/dotnet"
ln -sf /usr/share/dotnet/dotnet "$root/usr/bin/dotnet"
cp /etc/resolv.conf /etc/hosts "$root/etc/"
[ ! -e /etc/apt/sources.list.d/debian.sources ] || { cp /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/" && : >"$root/etc/apt/sources.list"; }
cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
cp -r /etc/ssl/certs "$root/etc/ssl/"
[ ! -d /usr/local/share/ca-certificates ] || cp -r /usr/local/share/ca-certificates "$root/usr/local/share/"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
rm -rf "$root/source"
git clone -q --no-hardlinks . "$root/source"

# Nothing of this environment but proxies and where certificates and packages are.
kept=()
while IFS='=' read -r name value; do
  case $name in *_proxy | *_PROXY | SSL_CERT_* | NUGET_CERT_*) kept+=("$name=$value") ;; esac
done < <(env)
inside() { chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root ${kept[@]+"${kept[@]}"} "$@"; }

inside bash -c '
  set -eum
  cd /source
  if (exec 3<>/dev/tcp/127.0.0.1/5080) 2>/dev/null; then echo "port 5080, which the shop needs, is in use" >&2; exit 1; fi
  dotnet run --project samples/Storefront >/tmp/storefront.log 2>&1 &
  # For as long as it builds and starts, at most an hour.
  while [ "$SECONDS" -lt 3600 ] && kill -0 "$!" 2>/dev/null; do
    if (exec 3<>/dev/tcp/127.0.0.1/5080 && printf "GET / HTTP/1.0\r\n\r\n" >&3 && grep -q " 200 " <&3) 2>/dev/null; then
      echo "dotnet run --project samples/Storefront: its page is there after $SECONDS s"
      kill -TERM -- "-$!"
      wait || true
      exit 0
    fi
    sleep 0.5
  done
  cat /tmp/storefront.log
  echo "dotnet run --project samples/Storefront: no page at http://127.0.0.1:5080/ after $SECONDS s" >&2
  kill -KILL -- "-$!" 2>/dev/null
  exit 1'
inside bash -c 'cd /source && exec tests/run.sh "$@"' run.sh "$@"
