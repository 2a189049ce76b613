#!/usr/bin/env bash
# Expected: the SDK's from_kafka reads what CloudEvents' Kafka binding allows: the mode is told by content-type, an event in structured mode may have its
#   attributes as headers, too, so that routers need not parse it, and a record's key is bytes of any kind.
# Seen: one header that begins with ce_ makes the event one in binary mode: its data is the whole envelope, and its datacontenttype
#   application/cloudevents+json, without an error. A key that is no UTF-8, as a long, a UUID's bytes or a framed Avro key, raises UnicodeDecodeError
#   in both modes; one that is becomes the attribute partitionkey, in place of the event's own, though a mapping must not change or add one.
# With: cloudevents 2.2.0 (Python 3.11). Run on 2026-11-30.
# Hurts: a stage that adds ce_ headers to structured events for filters breaks its Python consumers, which find `data` in `data`. Do: look at content-type, and
#   call from_structured or from_binary by it; hand the message over without its key.
# Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md#3-kafka-message-mapping
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv py
py/bin/pip install -q cloudevents==2.2.0
cat > probe.py <<'PY'
import json
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka, from_structured
from cloudevents.core.formats.json import JSONFormat

EVENT = {
    "specversion": "1.0", "id": "1", "source": "/shop", "type": "order", "partitionkey": "customer-7",
    "datacontenttype": "application/json", "data": {"amount": 5},
}
STRUCTURED = {"content-type": b"application/cloudevents+json"}
MIRRORED = STRUCTURED | {f"ce_{name}": EVENT[name].encode() for name in ("specversion", "id", "source", "type")}
BINARY = MIRRORED | {"content-type": b"application/json"}

def show(what, headers, value, key=None, read=from_kafka):
    try:
        event = read(KafkaMessage(headers, key, json.dumps(value).encode()), JSONFormat())
        data = event.get_data()
        shown = json.dumps(data) if isinstance(data, dict) else repr(data)
        print(f"{what}: {event.get_attributes()['datacontenttype']}, partitionkey {event.get_extension('partitionkey')}, data {shown[:40]}")
    except UnicodeDecodeError as raised:
        print(f"{what}: UnicodeDecodeError: {raised}")

show("structured", STRUCTURED, EVENT)
show("structured, attributes as headers", MIRRORED, EVENT)
show("the same by from_structured", MIRRORED, EVENT, read=from_structured)
show("structured, another key", STRUCTURED, EVENT, b"order-1")
show("structured, a long as key", STRUCTURED, EVENT, (200).to_bytes(8, "big"))
show("binary, a long as key", BINARY, EVENT["data"], (200).to_bytes(8, "big"))
PY
py/bin/python probe.py | tee seen
diff seen - <<'SEEN'
structured: application/json, partitionkey customer-7, data {"amount": 5}
structured, attributes as headers: application/cloudevents+json, partitionkey None, data {"specversion": "1.0", "id": "1", "sourc
the same by from_structured: application/json, partitionkey customer-7, data {"amount": 5}
structured, another key: application/json, partitionkey order-1, data {"amount": 5}
structured, a long as key: UnicodeDecodeError: 'utf-8' codec can't decode byte 0xc8 in position 7: unexpected end of data
binary, a long as key: UnicodeDecodeError: 'utf-8' codec can't decode byte 0xc8 in position 7: unexpected end of data
SEEN
