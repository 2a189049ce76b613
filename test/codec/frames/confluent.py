"""Records as confluent-kafka's serializers write them, one JSON object a line.

    pip install 'confluent-kafka[avro,schemaregistry]==2.16.1'
    python confluent.py > confluent.jsonl
"""
import json
import pathlib

from confluent_kafka.schema_registry import (
    SchemaRegistryClient,
    header_schema_id_serializer,
    prefix_schema_id_serializer,
)
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

schema = (pathlib.Path(__file__).parent / "order.avsc").read_text()
client = SchemaRegistryClient.new_client({"url": "mock://"})
ORDERS = [
    {"note": None, "id": 7, "text": "seven"},
    {"note": "x", "id": 8, "text": "eight " * 40},
]

for name, writes in [
    ("prefix", prefix_schema_id_serializer),
    ("header", header_schema_id_serializer),
]:
    values = AvroSerializer(client, schema, conf={"schema.id.serializer": writes})
    keys = AvroSerializer(client, '"long"', conf={"schema.id.serializer": writes})
    for order in ORDERS:
        headers = []
        value = values(order, SerializationContext("orders", MessageField.VALUE, headers))
        key = keys(order["id"], SerializationContext("orders", MessageField.KEY, headers))
        latest = {part: client.get_latest_version(f"orders-{part}") for part in ("value", "key")}
        print(
            json.dumps(
                {
                    "writer": f"confluent-kafka 2.16.1, {name}",
                    "order": order,
                    "key": key.hex(),
                    "value": value.hex(),
                    "headers": [[k, v.hex()] for k, v in headers],
                    "ids": {part: [one.schema_id, one.guid] for part, one in latest.items()},
                }
            )
        )
