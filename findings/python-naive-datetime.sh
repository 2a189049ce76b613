#!/usr/bin/env bash
# Expected: datetime(2026, 3, 1, 12), without a zone, is one moment whichever format a Python producer writes it in; or it is refused.
# Seen: on a machine in Tokyo fastavro takes it for the machine's clock and writes 03:00 UTC; Protobuf's FromDatetime and pyarrow take it for UTC and write
#   12:00; avro, msgpack and cbor2 raise. With the machine at UTC, as containers are, the three that write agree, and no test tells them apart.
# With: fastavro 1.13.1 (also below confluent-kafka's AvroSerializer), protobuf 7.36.2, pyarrow 26.0.1, avro 1.12.2, msgpack 1.2.4, cbor2 6.3.0.
#   Run on 2026-11-30 with Python 3.11.
# Hurts: joins by time of an Avro topic with a Protobuf one, and files that are loaded beside a topic: hours apart by where the producer runs, and half of
#   the year right in London. Do: datetime.now(timezone.utc); a check that tzinfo is there before anything is written.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv py
py/bin/pip install -q fastavro==1.13.1 protobuf==7.36.2 pyarrow==26.0.1 avro==1.12.2 msgpack==1.2.4 cbor2==6.3.0
cat > probe.py <<'PY'
import io, json
from datetime import datetime, timezone
import avro.io, avro.schema, cbor2, fastavro, msgpack, pyarrow
from google.protobuf.timestamp_pb2 import Timestamp

NOON = datetime(2026, 3, 1, 12)
SCHEMA = {"type": "long", "logicalType": "timestamp-millis"}

def by_fastavro():
    out = io.BytesIO()
    fastavro.schemaless_writer(out, SCHEMA, NOON)
    out.seek(0)
    return fastavro.schemaless_reader(out, "long") // 1000

def by_protobuf():
    stamp = Timestamp()
    stamp.FromDatetime(NOON)
    return stamp.seconds

def by_pyarrow():
    return pyarrow.scalar(NOON, pyarrow.timestamp("s", "UTC")).value

def by_avro():
    avro.io.DatumWriter(avro.schema.parse(json.dumps(SCHEMA))).write(NOON, avro.io.BinaryEncoder(io.BytesIO()))

def by_msgpack():
    msgpack.packb(NOON, datetime=True)

def by_cbor2():
    cbor2.dumps(NOON)

for write in by_fastavro, by_protobuf, by_pyarrow, by_avro, by_msgpack, by_cbor2:
    try:
        print(" ", write.__name__, datetime.fromtimestamp(write(), timezone.utc).isoformat())
    except Exception as raised:
        print(" ", write.__name__, "raises", type(raised).__name__)
PY
for zone in UTC Asia/Tokyo; do
  echo "2026-03-01 12:00 with TZ=$zone"
  TZ=$zone py/bin/python probe.py
done | tee seen
diff seen - <<'SEEN'
2026-03-01 12:00 with TZ=UTC
  by_fastavro 2026-03-01T12:00:00+00:00
  by_protobuf 2026-03-01T12:00:00+00:00
  by_pyarrow 2026-03-01T12:00:00+00:00
  by_avro raises AvroTypeException
  by_msgpack raises ValueError
  by_cbor2 raises CBOREncodeError
2026-03-01 12:00 with TZ=Asia/Tokyo
  by_fastavro 2026-03-01T03:00:00+00:00
  by_protobuf 2026-03-01T12:00:00+00:00
  by_pyarrow 2026-03-01T12:00:00+00:00
  by_avro raises AvroTypeException
  by_msgpack raises ValueError
  by_cbor2 raises CBOREncodeError
SEEN
