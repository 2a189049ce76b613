#!/usr/bin/env bash
# Expected: what one client of a Confluent-compatible registry writes in Protobuf, another one reads: behind byte 0 and the schema's id stand the
#   indexes that say which message of the file it is, 0 for the first one.
# Seen: @kafkajs/confluent-schema-registry writes no indexes, and Confluent's reader refuses all that it wrote, as the message's first bytes are no index
#   of a message. Of what it reads it passes over zeros only: a value of the file's first message is right, one of the second message lacks its first
#   field, without an error, as the index and that field are taken for an unknown one.
# With: @kafkajs/confluent-schema-registry 3.9.0, confluent-kafka 2.16.1 and protobuf 7.36.2 (Python). Run on 2026-11-30.
# Hurts: topics with writers or readers of both. Do: write such topics by one family of clients; with @confluentinc/schemaregistry in Node.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$registry" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip -q install 'confluent-kafka[protobuf,schemaregistry]==2.16.1' protobuf==7.36.2 >&2
echo '{"type":"module"}' > package.json
npm install --silent --no-audit --no-fund @kafkajs/confluent-schema-registry@3.9.0 >&2

# A registry of one schema, for any subject.
cat > shop.py <<'PY'
from google.protobuf import descriptor_pb2
file = descriptor_pb2.FileDescriptorProto(name='shop.proto', package='shop', syntax='proto3')
for name in ('Order', 'Refund'):
    message = file.message_type.add(name=name)
    message.field.add(name='id', number=1, type=3, label=1)
    message.field.add(name='item', number=2, type=9, label=1)
PY
cat > registry.py <<'PY'
import base64, http.server, json
from shop import file
proto = 'syntax = "proto3"; package shop; message Order { int64 id = 1; string item = 2; } message Refund { int64 id = 1; string item = 2; }'
class Registry(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body):
        self.send_response(status)
        self.send_header('Content-Type', 'application/vnd.schemaregistry.v1+json')
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())
    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        self.answer(200, {'id': 1, 'version': 1, 'subject': 'any', 'schema': proto, 'schemaType': 'PROTOBUF'})
    def do_GET(self):
        if self.path.startswith('/config'): return self.answer(200, {'compatibilityLevel': 'BACKWARD'})
        if '/schemas/ids/' in self.path:
            isBinary = 'format=serialized' in self.path
            schema = base64.b64encode(file.SerializeToString()).decode() if isBinary else proto
            return self.answer(200, {'schema': schema, 'schemaType': 'PROTOBUF'})
        self.answer(404, {'error_code': 40401, 'message': 'not found'})
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Registry)
print(f'http://127.0.0.1:{server.server_port}', flush=True)
server.serve_forever()
PY
venv/bin/python registry.py > url &
registry=$!
for _ in $(seq 50); do [ -s url ] && break; sleep 0.1; done

cat > confluent.py <<'PY'
import sys
from google.protobuf import descriptor_pool, message_factory
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from shop import file
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
registry = SchemaRegistryClient({'url': open('url').read().strip()})
context = SerializationContext('orders', MessageField.VALUE)
action, name, value = sys.argv[1:]
of = message_factory.GetMessageClass(pool.FindMessageTypeByName('shop.' + name))
if action == 'write':
    print(ProtobufSerializer(of, registry, {})(of(id=int(value), item='lamp'), context).hex())
else:
    try: print('  Confluent reads', str(ProtobufDeserializer(of, {}, registry)(bytes.fromhex(value), context)).strip().replace('\n', ', '))
    except Exception as error: print('  Confluent refuses:', error)
PY
cat > kafkajs.js <<'JS'
import { readFileSync } from 'node:fs'
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
const [action, messageName, value] = process.argv.slice(2)
const registry = new SchemaRegistry({ host: readFileSync('url', 'utf8').trim() }, { [SchemaType.PROTOBUF]: { messageName } })
if (action === 'write') console.log((await registry.encode(1, { id: Number(value), item: 'lamp' })).toString('hex'))
else {
  const read = await registry.decode(Buffer.from(value, 'hex')).then((order) => `reads ${JSON.stringify(order)}`, () => 'refuses')
  console.log(`  kafkajs ${read}`)
}
JS
for row in 'Order 5' 'Refund 5'; do
  set -- $row
  theirs=$(venv/bin/python confluent.py write "$1" "$2")
  echo "$1 $2, by Confluent: $theirs"
  node kafkajs.js read "$1" "$theirs"
  ours=$(node kafkajs.js write "$1" "$2")
  echo "$1 $2, by kafkajs: $ours"
  venv/bin/python confluent.py read "$1" "$ours"
done | tee seen
diff seen - <<'SEEN'
Order 5, by Confluent: 000000000100080512046c616d70
  kafkajs reads {"id":"5","item":"lamp"}
Order 5, by kafkajs: 0000000001080512046c616d70
  Confluent refuses: message index -3 out of range, schema has 2 top-level message(s)
Refund 5, by Confluent: 00000000010202080512046c616d70
  kafkajs reads {"item":"lamp"}
Refund 5, by kafkajs: 0000000001080512046c616d70
  Confluent refuses: message index -3 out of range, schema has 2 top-level message(s)
SEEN
