#!/usr/bin/env bash
# Expected: a schema that differs in a space only is the same schema, and a record's key stays on its partition.
# Seen: Apicurio compares texts: one space more, or the attributes in another order, is a new version with a new id. The id is in the first five
#   bytes of a framed key, and partitioners hash those too: the same key goes to another partition from that deployment on.
# With: Apicurio Registry 3.0.9 (ccompat v7), confluent-kafka 2.16.1 for Python (AvroSerializer), the murmur2 of aiokafka 0.14.0, 12
#   partitions. Run on 2026-11-28.
# Hurts: Avro keys of joined or compacted topics: a producer that prints its schema by another library (or sorts it) moves its keys; old and new
#   rows of one key are in two partitions. Do: keys as plain text, or a schema for keys that is registered once, with auto.register.schemas off.
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
python3 -m venv py
py/bin/pip install -q "confluent-kafka[avro]==2.16.1" aiokafka==0.14.0

# One registry, with its store in memory, on a free loopback port.
port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
QUARKUS_HTTP_PORT=$port QUARKUS_HTTP_HOST=127.0.0.1 java -Xmx400m -jar registry/apicurio-registry-app-3.0.9-runner.jar > registry.log 2>&1 &
registry=$!
url=http://127.0.0.1:$port/apis/ccompat/v7
for _ in $(seq 180); do
  sleep 0.5
  curl -sf "$url/subjects" > /dev/null && break
done

cat > probe.py <<'PY'
import sys
from aiokafka.partitioner import murmur2
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
registry = SchemaRegistryClient({"url": sys.argv[1]})
texts = {
    "as first registered": '{"type":"record","name":"Key","fields":[{"name":"id","type":"string"}]}',
    "one space more": '{"type":"record", "name":"Key","fields":[{"name":"id","type":"string"}]}',
    "attributes in another order": '{"name":"Key","type":"record","fields":[{"name":"id","type":"string"}]}',
}
ids = ["customer-1", "customer-2", "customer-3", "customer-4"]
for name, text in texts.items():
    serialize = AvroSerializer(registry, text)
    keys = [serialize({"id": i}, SerializationContext("orders", MessageField.KEY)) for i in ids]
    print(f"{name}: schema id {int.from_bytes(keys[0][1:5], 'big')}, partitions", [(murmur2(key) & 0x7FFFFFFF) % 12 for key in keys])
PY
py/bin/python probe.py "$url" | tee seen
diff seen - <<'SEEN'
as first registered: schema id 1, partitions [5, 4, 5, 9]
one space more: schema id 2, partitions [2, 8, 3, 6]
attributes in another order: schema id 3, partitions [0, 3, 3, 11]
SEEN
