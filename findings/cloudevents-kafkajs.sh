#!/usr/bin/env bash
# Expected: the Kafka binding of CloudEvents' own JavaScript library makes messages that a Kafka client can send, and reads those that it
#   delivers.
# Seen: neither with kafkajs. Kafka.binary leaves JSON data an object, and absent attributes as undefined headers: kafkajs refuses both. What comes
#   from the broker has headers of bytes, and Kafka.toEvent throws "contentType.startsWith is not a function"; with the headers made text it
#   works. In structured mode the event's time loses its microseconds, in binary mode it keeps them.
# With: cloudevents 10.0.0 (npm), kafkajs 2.2.4; Kafka 4.4.0. Run on 2026-11-28 with Node 20.20.
# Hurts: each service that is new to it; and the time of one event differs between two topics of different modes. Do: JSON.stringify the value,
#   drop undefined headers, and make text of headers before toEvent.
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
npm install --silent --no-audit --no-fund --ignore-scripts cloudevents@10.0.0 kafkajs@2.2.4

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

cat > probe.cjs <<'JS'
const { CloudEvent, Kafka: Binding } = require('cloudevents')
const { Kafka } = require('kafkajs')
const event = new CloudEvent({ id: '1', source: '/meter', type: 'reading', time: '2024-01-01T00:00:00.123456Z', datacontenttype: 'application/json', data: { kwh: 1 } })
const attempt = (f) => { try { return f() } catch (error) { return `${error.name}: ${error.message}` } }
const main = async () => {
  const kafka = new Kafka({ brokers: [process.argv[2]], logLevel: 0 })
  const [consumer, producer] = [kafka.consumer({ groupId: 'probe' }), kafka.producer({ retry: { retries: 0 } })]
  await Promise.all([consumer.connect(), producer.connect()])
  const send = (message) => producer.send({ topic: 'events', messages: [message] }).then(() => 'sent', (error) => `${error.name}: ${error.message}`)
  const { key, value, headers } = Binding.binary(event)
  console.log(`binary, as made: ${await send({ key, value, headers })}`)
  console.log(`binary, value as text: ${await send({ key, value: JSON.stringify(value), headers })}`)
  const present = Object.fromEntries(Object.entries(headers).filter(([, text]) => text !== undefined))
  console.log(`binary, value as text, no undefined headers: ${await send({ key, value: JSON.stringify(value), headers: present })}`)
  await consumer.subscribe({ topic: 'events', fromBeginning: true })
  const read = await new Promise((resolve) => consumer.run({ eachMessage: async ({ message }) => resolve(message) }))
  console.log(`read, as delivered: ${attempt(() => Binding.toEvent(read).id)}`)
  const texts = Object.fromEntries(Object.entries(read.headers).map(([name, bytes]) => [name, String(bytes)]))
  console.log(`read, headers as text: ${attempt(() => Binding.toEvent({ ...read, headers: texts }).id)}`)
  console.log(`time: binary ${texts.ce_time}, structured ${JSON.parse(Binding.structured(event).value).time}`)
  await Promise.all([consumer.disconnect(), producer.disconnect()])
}
main()
JS
node probe.cjs "127.0.0.1:$port" | tee seen
diff seen - <<'SEEN'
SEEN
