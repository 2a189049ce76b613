#!/usr/bin/env bash
# Expected: a map's entry that carries a field which the reader does not know is read like any message with an unknown field: key and
#   value count, the rest is kept or skipped. A map is a repeated message on the wire, so a producer can have such a field.
# Seen: Python's default implementation (upb) puts the whole entry among the unknown fields: the map is empty, without an error. The
#   same package with PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=python has the entry, and so has protobufjs.
# With: protobuf 7.36.2 for Python, protobufjs 8.8.1. Run on 2026-11-28.
# Hurts: a topic whose producer models labels or attributes as a repeated message with one field more than the consumer's map: Python
#   consumers see no labels, all others do. Do: add nothing to entries of a map; count empty maps where there should be none.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts protobufjs@8.8.1
python3 -m venv py
py/bin/pip install -q protobuf==7.36.2

cat > probe.py <<'PY'
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal import api_implementation
OPTIONAL, REPEATED, INT32, STRING, MESSAGE, BOOL = 1, 3, 5, 9, 11, 8
file = descriptor_pb2.FileDescriptorProto(name="device.proto", package="p", syntax="proto3")
reader = file.message_type.add(name="Reader")
entry = reader.nested_type.add(name="LabelsEntry")
entry.options.map_entry = True
writer = file.message_type.add(name="Writer")
label = writer.nested_type.add(name="Label")
for message in entry, label:
    message.field.add(name="key", number=1, type=STRING, label=OPTIONAL)
    message.field.add(name="value", number=2, type=INT32, label=OPTIONAL)
label.field.add(name="inherited", number=3, type=BOOL, label=OPTIONAL)
reader.field.add(name="labels", number=1, type=MESSAGE, label=REPEATED, type_name=".p.Reader.LabelsEntry")
writer.field.add(name="labels", number=1, type=MESSAGE, label=REPEATED, type_name=".p.Writer.Label")
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
Reader, Writer = (message_factory.GetMessageClass(pool.FindMessageTypeByName(f"p.{n}")) for n in ("Reader", "Writer"))
for inherited in False, True:
    written = Writer(labels=[{"key": "floor", "value": 3, "inherited": inherited}]).SerializeToString()
    print(f"Python {api_implementation.Type()}: {written.hex()} {dict(Reader.FromString(written).labels)}")
PY
cat > probe.cjs <<'JS'
const { root } = require('protobufjs').parse('syntax = "proto3"; message Reader { map<string, int32> labels = 1; }')
for (const hex of ['0a090a05666c6f6f721003', '0a0b0a05666c6f6f7210031801']) {
  console.log(`protobufjs: ${hex} ${JSON.stringify(root.lookupType('Reader').decode(Buffer.from(hex, 'hex')).labels)}`)
}
JS
{ py/bin/python probe.py; PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=python py/bin/python probe.py; node probe.cjs; } | tee seen
diff seen - <<'SEEN'
Python upb: 0a090a05666c6f6f721003 {'floor': 3}
Python upb: 0a0b0a05666c6f6f7210031801 {}
Python python: 0a090a05666c6f6f721003 {'floor': 3}
Python python: 0a0b0a05666c6f6f7210031801 {'floor': 3}
protobufjs: 0a090a05666c6f6f721003 {"floor":3}
protobufjs: 0a0b0a05666c6f6f7210031801 {"floor":3}
SEEN
