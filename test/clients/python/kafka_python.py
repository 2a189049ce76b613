"""Writes a records file by kafka-python: ADDRESS TOPIC CODEC PARTITION TRANSACTIONAL FILE."""
import sys

from kafka import KafkaProducer
from records import read

address, topic, codec, partition, transactional, file = sys.argv[1:]
transactional = transactional == "1"
config = {"bootstrap_servers": address, "compression_type": None if codec == "none" else codec, "linger_ms": 20}
if transactional:
    config["transactional_id"] = f"kafka-python-{topic}"
producer = KafkaProducer(**config)
where = None if partition == "-1" else int(partition)
if transactional:
    producer.init_transactions()
is_open = False
sent = []
for kind, *rest in read(file):
    if kind == "record":
        if transactional and not is_open:
            producer.begin_transaction()
        is_open = True
        timestamp, key, value, headers = rest
        sent.append(producer.send(topic, value, key, headers, where, timestamp))
        continue
    producer.flush()
    if transactional and rest[0] == "commit":
        producer.commit_transaction()
    elif transactional:
        producer.abort_transaction()
    is_open = False
producer.flush()
for future in sent:
    future.get(30)
producer.close()
