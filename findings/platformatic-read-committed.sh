#!/usr/bin/env bash
# Expected: a consumer with isolation level read_committed, which is this client's default, gets no record of an aborted transaction.
# Seen: @platformatic/kafka remembers one aborted range for each producer and fetch. Where a producer aborted twice in what one fetch
#   brings, only the last transaction's records are kept back; those of the first are delivered like committed ones. kafkajs, on the
#   same partition, gives the committed ones only.
# With: @platformatic/kafka 2.12.1, kafkajs 2.2.4; Kafka 4.4.0. Run on 2026-11-28 with Node 24.21.
# Hurts: sinks behind an exactly-once stage: after two failed commits in a row the rows of the first one are there twice, or were never
#   meant to be. Only a consumer that reads a backlog sees it, so tests that follow the tail are green. Do: read such topics by another client.
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
node=node-$(node -p 'process.platform + "-" + process.arch')   # the library needs Node 24
npm install --silent --no-audit --no-fund --ignore-scripts @platformatic/kafka@2.12.1 kafkajs@2.2.4 "$node@24.21.0"

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

cat > probe.mjs <<'JS'
import { Consumer, FetchIsolationLevels } from '@platformatic/kafka'
import kafkajs from 'kafkajs'
const brokers = [process.argv[2]]
const kafka = new kafkajs.Kafka({ brokers, logLevel: 0 })
const admin = kafka.admin()
await admin.connect()
await admin.createTopics({ topics: [{ topic: 'rows' }] })
const producer = kafka.producer({ transactionalId: 'probe', idempotent: true, maxInFlightRequests: 1 })
await producer.connect()
for (const [value, commit] of [['aborted-1', false], ['committed-1', true], ['aborted-2', false], ['committed-2', true]]) {
  const transaction = await producer.transaction()
  await transaction.send({ topic: 'rows', messages: [{ value }] })
  await (commit ? transaction.commit() : transaction.abort())
}
await producer.disconnect()

const rows = []
const byKafkajs = kafka.consumer({ groupId: 'kafkajs', readUncommitted: false })
await byKafkajs.connect()
await byKafkajs.subscribe({ topic: 'rows', fromBeginning: true })
await new Promise((resolve) => byKafkajs.run({
  eachMessage: async ({ message }) => {
    rows.push(`${message.offset}:${message.value}`)
    if (rows.at(-1).endsWith('committed-2')) resolve()
  },
}))
await byKafkajs.disconnect()
console.log(`kafkajs: ${rows.join(' ')}`)

rows.length = 0
const consumer = new Consumer({ clientId: 'probe', groupId: 'platformatic', bootstrapBrokers: brokers })
const stream = await consumer.consume({ topics: ['rows'], mode: 'earliest', autocommit: false, isolationLevel: FetchIsolationLevels.READ_COMMITTED })
for await (const message of stream) {
  rows.push(`${message.offset}:${message.value}`)
  if (rows.at(-1).endsWith('committed-2')) break
}
await consumer.close(true)
console.log(`@platformatic/kafka: ${rows.join(' ')}`)
await admin.disconnect()
JS
"node_modules/$node/bin/node" --no-warnings probe.mjs "127.0.0.1:$port" | tee seen
diff seen - <<'SEEN'
kafkajs: 2:committed-1 6:committed-2
@platformatic/kafka: 0:aborted-1 2:committed-1 6:committed-2
SEEN
