#!/usr/bin/env bash
# Makes stand-ins for the images of memcached and ZooKeeper from the files of this machine, for where no image can be pulled.
# They take the settings that the tests and compose.yaml give to the official images, and no others.
#
#   tests/containers/build-images.sh            nearcache-test/memcached and nearcache-test/zookeeper
#   tests/containers/build-images.sh TAG        the same with this tag in place of latest
set -euo pipefail
docker=${DOCKER:-docker} tag=${1:-latest}
need() { for tool; do command -v "$tool" >/dev/null || { echo "build-images.sh: $tool is not installed" >&2; exit 1; }; done; }
need "$docker" ldd tar memcached java
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# The libraries that the loader names, with the loader.
libraries() { ldd "$1" 2>/dev/null | awk '$3 ~ "^/" { print $3 } $1 ~ "^/" { print $1 }'; }

# Puts programs into a root folder, with the libraries that the loader names.
put() {
  local folder=$1 program library
  shift
  for program; do
    install -D "$(readlink -f "$program")" "$folder$program"
    for library in $(libraries "$program"); do
      [ -e "$folder$library" ] || install -D "$(readlink -f "$library")" "$folder$library"
    done
  done
}

skeleton() { mkdir -p "$1"/{tmp,etc,proc,sys,dev}; chmod 1777 "$1/tmp"; printf 'root:x:0:0::/:/bin/sh\n' >"$1/etc/passwd"; printf 'root:x:0:\n' >"$1/etc/group"; }

memcached=$root/memcached
skeleton "$memcached"
put "$memcached" /usr/bin/memcached
tar -C "$memcached" -c . | "$docker" import -c 'ENTRYPOINT ["/usr/bin/memcached", "-u", "root"]' -c 'EXPOSE 11211' - "nearcache-test/memcached:$tag" >/dev/null

zookeeper=$root/zookeeper
skeleton "$zookeeper"
home=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
modules=java.base,java.logging,java.management,java.naming,java.security.jgss,java.security.sasl,jdk.unsupported,jdk.management,jdk.crypto.ec
if command -v jlink >/dev/null && [ -d "$home/jmods" ]; then
  jlink --add-modules "$modules" --no-header-files --no-man-pages --strip-debug --output "$zookeeper/jre" >/dev/null
else
  mkdir -p "$zookeeper/jre"
  tar -C "$home" -ch --exclude=src.zip --exclude=jmods --exclude=man --exclude=docs . 2>/dev/null | tar -C "$zookeeper/jre" -x || true
fi
for file in "$zookeeper/jre/bin/java" "$zookeeper"/jre/lib/*.so "$zookeeper"/jre/lib/server/*.so; do
  for library in $(libraries "$file" | grep -v "^$zookeeper"); do
    [ -e "$zookeeper$library" ] || install -D "$(readlink -f "$library")" "$zookeeper$library"
  done
done
# Name look-ups: the C library loads these by name.
for library in /lib/x86_64-linux-gnu/libnss_{files,dns}.so.2 /lib/x86_64-linux-gnu/libresolv.so.2; do
  [ ! -e "$library" ] || install -D "$(readlink -f "$library")" "$zookeeper$library"
done
put "$zookeeper" /bin/sh /bin/mkdir
for jar in zookeeper zookeeper-jute slf4j-{api,simple} netty-{buffer,codec,common,handler,resolver,transport} commons-{cli,io} metrics-core snappy-java; do
  [ ! -e "/usr/share/java/$jar.jar" ] || install -D "$(readlink -f "/usr/share/java/$jar.jar")" "$zookeeper/usr/share/java/$jar.jar"
done

# Of the settings of the official image: ZOO_MY_ID, ZOO_SERVERS, ZOO_TICK_TIME and ZOO_4LW_COMMANDS_WHITELIST.
cat >"$zookeeper/start" <<'START'
#!/bin/sh
set -e
mkdir -p /data
[ -e /data/myid ] || echo "${ZOO_MY_ID:-1}" >/data/myid
{
  echo dataDir=/data
  echo "tickTime=${ZOO_TICK_TIME:-2000}"
  echo initLimit=20
  echo syncLimit=10
  echo admin.enableServer=false
  echo "4lw.commands.whitelist=${ZOO_4LW_COMMANDS_WHITELIST:-srvr}"
  [ -n "$ZOO_SERVERS" ] || echo clientPort=2181
  for server in $ZOO_SERVERS; do echo "$server"; done
} >/tmp/zoo.cfg
exec /jre/bin/java -Xmx128m -XX:+UseSerialGC -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
  -cp /usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar org.apache.zookeeper.server.quorum.QuorumPeerMain /tmp/zoo.cfg
START
chmod +x "$zookeeper/start"
tar -C "$zookeeper" -c . | "$docker" import -c 'ENTRYPOINT ["/start"]' -c 'EXPOSE 2181' - "nearcache-test/zookeeper:$tag" >/dev/null
echo "made nearcache-test/memcached:$tag ($(du -sm "$memcached" | cut -f1) MB) and nearcache-test/zookeeper:$tag ($(du -sm "$zookeeper" | cut -f1) MB) in $SECONDS s"
