"""Writes a records file by librdkafka, through confluent-kafka: ADDRESS TOPIC CODEC PARTITION TRANSACTIONAL FILE."""
import sys

from confluent_kafka import Producer
from records import read

address, topic, codec, partition, transactional, file = sys.argv[1:]
transactional = transactional == "1"
config = {"bootstrap.servers": address, "compression.type": codec, "linger.ms": 20}
if transactional:
    config["transactional.id"] = f"confluent-{topic}"
producer = Producer(config)
where = {} if partition == "-1" else {"partition": int(partition)}
failed = []


def delivered(error, _message):
    if error is not None:
        failed.append(error)


if transactional:
    producer.init_transactions()
is_open = False
for kind, *rest in read(file):
    if kind == "record":
        if transactional and not is_open:
            producer.begin_transaction()
        is_open = True
        timestamp, key, value, headers = rest
        producer.produce(topic, value, key, headers=headers, timestamp=timestamp, on_delivery=delivered, **where)
        continue
    producer.flush()
    if transactional and rest[0] == "commit":
        producer.commit_transaction()
    elif transactional:
        producer.abort_transaction()
    is_open = False
producer.flush()
if failed:
    sys.exit(str(failed[0]))
