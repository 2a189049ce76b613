"""Writes a records file by aiokafka: ADDRESS TOPIC CODEC PARTITION TRANSACTIONAL FILE."""
import asyncio
import sys

from aiokafka import AIOKafkaProducer
from records import read


async def main():
    address, topic, codec, partition, transactional, file = sys.argv[1:]
    transactional = transactional == "1"
    config = {"bootstrap_servers": address, "compression_type": None if codec == "none" else codec, "linger_ms": 20}
    if transactional:
        config["transactional_id"] = f"aiokafka-{topic}"
    producer = AIOKafkaProducer(**config)
    where = None if partition == "-1" else int(partition)
    await producer.start()
    is_open = False
    sent = []
    for kind, *rest in read(file):
        if kind == "record":
            if transactional and not is_open:
                await producer.begin_transaction()
            is_open = True
            timestamp, key, value, headers = rest
            sent.append(await producer.send(topic, value, key, where, timestamp, headers))
            continue
        await producer.flush()
        if transactional and rest[0] == "commit":
            await producer.commit_transaction()
        elif transactional:
            await producer.abort_transaction()
        is_open = False
    for future in sent:
        await future
    await producer.stop()


asyncio.run(main())
