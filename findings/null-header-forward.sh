#!/usr/bin/env bash
# Expected: a client can send on what it has read: a header without a value is part of Kafka's record format, and Java writes it.
# Seen: kafkajs and kafka-python read such a header as null and None, and refuse to send the same record on: TypeError. kafkajs' error speaks
#   of a "string" argument and names neither header nor record. librdkafka and aiokafka send it on.
# With: kafkajs 2.2.4, kafka-python 3.0.12, aiokafka 0.14.0, confluent-kafka 2.16.1 for Python; Kafka 4.4.0. Run on 2026-11-28
#   with Node 20.20.
# Hurts: dead letter topics, retries and mirrors that copy headers: one record of a Java producer stops the copy, and as it is read again
#   after each restart, for good. Do: leave such headers out, or send an empty value, before sending on.
set -euo pipefail
dir=$(mktemp -d)
broker=
finish() {
  if [ -n "$broker" ]; then
    kill "$broker" 2> /dev/null || true
    wait "$broker" || true
  fi
  chmod -R u+w "$dir"
  rm -rf "$dir"
}
trap finish EXIT
cd "$dir"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>4.4.0</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts kafkajs@2.2.4
python3 -m venv py
py/bin/pip install -q kafka-python==3.0.12 aiokafka==0.14.0 confluent-kafka==2.16.1

# One Kafka broker on two free loopback ports.
read -r port controller < <(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in sockets))')
cat > broker.properties <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$dir/log
log.retention.hours=-1
num.partitions=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
EOF
java -cp 'libs/*' kafka.tools.StorageTool format -t findings-kafka-brokerA -c broker.properties > format.log 2>&1
java -Xmx400m -cp 'libs/*' kafka.Kafka broker.properties > broker.log 2>&1 &
broker=$!
for _ in $(seq 120); do
  sleep 0.5
  (: > "/dev/tcp/127.0.0.1/$port") 2> /dev/null && break
done

cat > probe.py <<'PY'
import asyncio, sys
import aiokafka, confluent_kafka, kafka
broker = sys.argv[1]
async def by_aiokafka():
    producer = aiokafka.AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    await producer.send_and_wait("in", b"value", headers=[("trace", None)])
    await producer.stop()
    consumer = aiokafka.AIOKafkaConsumer("in", bootstrap_servers=broker, auto_offset_reset="earliest")
    await consumer.start()
    read = await asyncio.wait_for(consumer.getone(), 30)
    await consumer.stop()
    producer = aiokafka.AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    await producer.send_and_wait("out", read.value, headers=list(read.headers))
    await producer.stop()
    print("aiokafka:", read.headers, "sent on")
def by_kafka_python():
    for read in kafka.KafkaConsumer("in", bootstrap_servers=broker, auto_offset_reset="earliest", consumer_timeout_ms=30000):
        try:
            kafka.KafkaProducer(bootstrap_servers=broker).send("out", read.value, headers=read.headers).get(30)
            print("kafka-python:", read.headers, "sent on")
        except TypeError as error:
            print("kafka-python:", read.headers, f"TypeError: {error}")
        break
def by_librdkafka():
    consumer = confluent_kafka.Consumer({"bootstrap.servers": broker, "group.id": "probe", "auto.offset.reset": "earliest"})
    consumer.subscribe(["in"])
    read = consumer.poll(30)
    consumer.close()
    producer = confluent_kafka.Producer({"bootstrap.servers": broker})
    producer.produce("out", read.value(), headers=read.headers())
    assert producer.flush(30) == 0
    print("librdkafka:", read.headers(), "sent on")
asyncio.run(by_aiokafka())
by_librdkafka()
by_kafka_python()
PY
cat > probe.cjs <<'JS'
const { Kafka } = require('kafkajs')
const main = async () => {
  const kafka = new Kafka({ brokers: [process.argv[2]], logLevel: 0 })
  const [consumer, producer] = [kafka.consumer({ groupId: 'kafkajs' }), kafka.producer({ retry: { retries: 0 } })]
  await Promise.all([consumer.connect(), producer.connect()])
  await consumer.subscribe({ topic: 'in', fromBeginning: true })
  const { value, headers } = await new Promise((resolve) => consumer.run({ eachMessage: async ({ message }) => resolve(message) }))
  const answer = await producer.send({ topic: 'out', messages: [{ value, headers }] }).then(() => 'sent on', (error) => `${error.name}: ${error.message}`)
  console.log(`kafkajs: ${JSON.stringify(headers)} ${answer}`)
  await Promise.all([consumer.disconnect(), producer.disconnect()])
}
main()
JS
{
  py/bin/python probe.py "127.0.0.1:$port"
  node probe.cjs "127.0.0.1:$port"
} | tee seen
diff seen - <<'SEEN'
aiokafka: (('trace', None),) sent on
librdkafka: [('trace', None)] sent on
kafka-python: [('trace', None)] TypeError: All headers items must be (str, bytes) tuples
kafkajs: {"trace":null} TypeError: The "string" argument must be of type string or an instance of Buffer or ArrayBuffer. Received null
SEEN
