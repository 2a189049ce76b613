#!/usr/bin/env bash
# Expected: a registry's FULL compatibility for Protobuf lets pass what the format's own guide recommends, and refuses what loses data.
# Seen: the other way round. Removing a field is accepted; removing it and reserving its number and name, as every guide asks, is 409. Moving
#   two existing fields into a oneof is accepted, though a record that has both loses one of them for readers with the new schema.
# With: Apicurio Registry 3.0.9 (ccompat v7), protobufjs 8.8.1. Run on 2026-11-28.
# Hurts: teams learn to leave `reserved` out, and the number is taken again for another type; the oneof drops values without an error. Do: a
#   linter for .proto files beside the registry's rule.
set -euo pipefail
dir=$(mktemp -d)
registry=
finish() {
  if [ -n "$registry" ]; then
    kill "$registry" 2> /dev/null || true
    wait "$registry" || true
  fi
  rm -rf "$dir"
}
trap finish EXIT
cd "$dir"
mvn -q -B -Dstyle.color=never org.apache.maven.plugins:maven-dependency-plugin:2.8:copy -Dartifact=io.apicurio:apicurio-registry-app:3.0.9:tar.gz:all -DoutputDirectory=. >&2
mkdir registry
tar -xzf apicurio-registry-app-3.0.9-all.tar.gz -C registry
echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts protobufjs@8.8.1

# One registry, with its store in memory, on a free loopback port.
port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
QUARKUS_HTTP_PORT=$port QUARKUS_HTTP_HOST=127.0.0.1 java -Xmx400m -jar registry/apicurio-registry-app-3.0.9-runner.jar > registry.log 2>&1 &
registry=$!
url=http://127.0.0.1:$port/apis/ccompat/v7
for _ in $(seq 180); do
  sleep 0.5
  curl -sf "$url/subjects" > /dev/null && break
done

cat > probe.cjs <<'JS'
const protobuf = require('protobufjs')
const [url] = process.argv.slice(2)
const schema = (fields) => `syntax = "proto3";\npackage p;\nmessage M {\n${fields}\n}\n`
const call = async (method, path, body) => (await fetch(url + path, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' } })).status
const both = 'int32 a = 1; int32 b = 2;'
const changes = {
  'b removed': 'int32 a = 1;',
  'b removed, number and name reserved': 'reserved 2; reserved "b"; int32 a = 1;',
  'a and b into a oneof': 'oneof either { int32 a = 1; int32 b = 2; }',
}
const main = async () => {
  for (const [subject, [name, fields]] of Object.entries(changes).entries()) {
    await call('PUT', `/config/s${subject}`, { compatibility: 'FULL' })
    const register = (text) => call('POST', `/subjects/s${subject}/versions`, { schemaType: 'PROTOBUF', schema: schema(text) })
    console.log(`${name}: ${await register(both)}, then ${await register(fields)}`)
  }
  const type = (fields) => protobuf.parse(schema(fields)).root.lookupType('p.M')
  const written = type(both).encode({ a: 1, b: 2 }).finish()
  console.log(`{"a":1,"b":2} read with the oneof: ${JSON.stringify(type(changes['a and b into a oneof']).decode(written))}`)
}
main()
JS
node probe.cjs "$url" | tee seen
diff seen - <<'SEEN'
b removed: 200, then 200
b removed, number and name reserved: 200, then 409
a and b into a oneof: 200, then 200
{"a":1,"b":2} read with the oneof: {"b":2}
SEEN
