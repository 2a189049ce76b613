#!/usr/bin/env bash
# Expected: max.message.bytes limits a batch once, in its compressed form, as the setting's documentation says; a topic's
#   compression.type only says how a batch is stored.
# Seen: the broker measures twice. A gzip batch of some hundred bytes, half a megabyte unpacked, goes into a topic with
#   max.message.bytes=100000 and compression.type=producer, and is RecordTooLarge in one with compression.type=uncompressed. The same
#   half megabyte sent plain is RecordTooLarge in a topic with compression.type=gzip, where it would be stored in some hundred bytes.
# With: Kafka 4.4.0 (4.1.1: the same), kafkajs 2.2.4. Run on 2026-11-28.
# Hurts: a change of a topic's compression.type stops producers that worked for years, with an error that names the size of nothing they can
#   see. Do: leave compression.type=producer, or size the limit for the larger of both forms.
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
const { CompressionTypes, Kafka } = require('kafkajs')
const main = async () => {
  const kafka = new Kafka({ brokers: [process.argv[2]], logLevel: 0 })
  const [admin, producer] = [kafka.admin(), kafka.producer({ retry: { retries: 0 } })]
  await Promise.all([admin.connect(), producer.connect()])
  const types = ['producer', 'uncompressed', 'gzip']
  const entries = (type) => [{ name: 'compression.type', value: type }, { name: 'max.message.bytes', value: '100000' }]
  await admin.createTopics({ topics: types.map((type) => ({ topic: type, configEntries: entries(type) })) })
  const send = async (topic, sent, compression) => {
    const answer = await producer.send({ topic, compression, messages: [{ value: Buffer.alloc(500_000) }] }).then(() => 'stored', ({ type, cause }) => type ?? cause.type)
    console.log(`${sent} into compression.type=${topic}: ${answer}`)
  }
  for (const topic of types) await send(topic, 'gzip', CompressionTypes.GZIP)
  for (const topic of types) await send(topic, 'plain', CompressionTypes.None)
  await Promise.all([admin.disconnect(), producer.disconnect()])
}
main()
JS
node probe.cjs "127.0.0.1:$port" | tee seen
diff seen - <<'SEEN'
gzip into compression.type=producer: stored
gzip into compression.type=uncompressed: MESSAGE_TOO_LARGE
gzip into compression.type=gzip: stored
plain into compression.type=producer: MESSAGE_TOO_LARGE
plain into compression.type=uncompressed: MESSAGE_TOO_LARGE
plain into compression.type=gzip: MESSAGE_TOO_LARGE
SEEN
