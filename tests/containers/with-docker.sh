#!/usr/bin/env bash
# Runs a command with a docker daemon: the one that answers, or one of its own, which ends with the command and leaves nothing on this machine.
#
#   tests/containers/with-docker.sh COMMAND …
#
# A daemon of its own needs root. It works in a network namespace of its own, so that neither its bridge nor its filter rules are seen outside; the
# command runs in there, too. Its images and containers lie in a folder that is removed. Where there can be none, the command runs without.
set -u
from=$PWD
[ $# -gt 0 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2; }
without() { echo "with-docker.sh: $1" >&2; shift; exec "$@"; }

if command -v docker >/dev/null && timeout 10 docker version >/dev/null 2>&1; then exec "$@"; fi
for tool in docker dockerd ip nsenter iptables; do command -v "$tool" >/dev/null || without "no daemon answers, and $tool is not installed" "$@"; done
[ "$(id -u)" = 0 ] || without "no daemon answers, and one of its own needs root" "$@"

# Ends a daemon with its containers, and removes its network namespace and its folder.
remove() { # NAMESPACE FOLDER DAEMON
  local containers
  if [ -n "$3" ]; then
    containers=$(timeout 60 docker -H "unix://$2/docker.sock" ps -aq 2>/dev/null)
    [ -z "$containers" ] || timeout 60 docker -H "unix://$2/docker.sock" rm -f $containers >/dev/null 2>&1
    kill "$3" 2>/dev/null
    tail --pid="$3" -f /dev/null
  fi
  cd /
  ip netns delete "$1" 2>/dev/null
  grep -oE "$2/[^ ]+" /proc/mounts | sort -r | while read -r mounted; do umount -l "$mounted" 2>/dev/null; done
  rm -rf "$2"
}

# What a killed run of this script left: its namespace tells its process, has its command, and a daemon whose folder is its own.
for left in $(ip netns list 2>/dev/null | grep -oE '^nearcache-docker-[0-9]+'); do
  [ ! -e "/proc/${left##*-}" ] || continue
  for process in $(ip netns pids "$left" 2>/dev/null); do
    case $(cat "/proc/$process/comm" 2>/dev/null) in
      dockerd) remove "$left" "$(readlink "/proc/$process/cwd")" "$process" ;;
      containerd* | docker-proxy) ;;   # end with it
      *) kill "$process" 2>/dev/null ;;
    esac
  done
  ip netns delete "$left" 2>/dev/null
done

name=nearcache-docker-$$ folder=$(mktemp -d -t nearcache-docker-XXXXXX) daemon= command=
end() { remove "$name" "$folder" "$daemon"; }
trap end EXIT
# The command is told first, and has ten seconds.
trap '[ -z "$command" ] || { kill -TERM "$command"; timeout 10 tail --pid="$command" -f /dev/null || kill -KILL "$command"; } 2>/dev/null; exit 130' INT TERM
inside=(nsenter "--net=/run/netns/$name")
if ! ip netns add "$name" 2>/dev/null || ! "${inside[@]}" ip link set lo up 2>/dev/null; then
  end
  trap - EXIT
  without "no daemon answers, and no network namespace can be made for one" "$@"
fi
# In its folder, by which tests/run.sh finds what a killed run left.
cd "$folder" || exit 1
"${inside[@]}" env TMPDIR="$folder" dockerd --data-root "$folder/root" --exec-root "$folder/run" -p "$folder/pid" -H "unix://$folder/docker.sock" >"$folder/log" 2>&1 &
daemon=$!
for _ in $(seq 1200); do
  docker -H "unix://$folder/docker.sock" version >/dev/null 2>&1 && break
  kill -0 "$daemon" 2>/dev/null || break
  sleep 0.1
done
if ! docker -H "unix://$folder/docker.sock" version >/dev/null 2>&1; then
  reason=$(grep -aE 'level=(fatal|error)|failed' "$folder/log" | tail -n 1)
  end
  trap - EXIT
  cd "$from" || exit 1
  without "dockerd does not start: ${reason:-no reason given}" "$@"
fi
export DOCKER_HOST=unix://$folder/docker.sock
cd "$from" || exit 1
"${inside[@]}" "$@" <&0 &
command=$!
wait "$command"
