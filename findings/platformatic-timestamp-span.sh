#!/usr/bin/env bash
# Expected: the timestamp that a producer gives a record is the one that is stored.
# Seen: @platformatic/kafka codes the distance to the batch's first timestamp as a 64-bit number with a sign shift for 32 bits. A record more
#   than 2^31 ms (24.8 days) from the first one of its batch gets another time: 40 days later is stored as 40 days and 1 ms *earlier*,
#   without an error. Up to 24 days it is right.
# With: @platformatic/kafka 2.12.1 (@platformatic/dynamic-buffer 0.3.1), read back by kafkajs 2.2.4; Kafka 4.4.0. Run on 2026-11-28
#   with Node 24.21.
# Hurts: backfills and corrections, where one batch spans months: windows and time indexes are wrong, retention deletes what is new. Do: one
#   send for each month.
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
import { Producer } from '@platformatic/kafka'
import kafkajs from 'kafkajs'
const brokers = [process.argv[2]]
const kafka = new kafkajs.Kafka({ brokers, logLevel: 0 })
const admin = kafka.admin()
await admin.connect()
await admin.createTopics({ topics: [{ topic: 'readings' }] })
const producer = new Producer({ clientId: 'probe', bootstrapBrokers: brokers })
const first = 1_700_000_000_000
const sent = [0, 24, 26, 40, -24, -26].map((days) => ({ days, time: first + days * 86_400_000 }))
await producer.send({ messages: sent.map(({ time }) => ({ topic: 'readings', value: Buffer.from('v'), timestamp: BigInt(time) })) })
await producer.close()
const consumer = kafka.consumer({ groupId: 'probe' })
await consumer.connect()
await consumer.subscribe({ topic: 'readings', fromBeginning: true })
await new Promise((resolve) => consumer.run({
  eachMessage: async ({ message }) => {
    const { days, time } = sent[Number(message.offset)]
    console.log(`${days} days from the first: sent ${new Date(time).toISOString()}, stored ${new Date(Number(message.timestamp)).toISOString()}`)
    if (Number(message.offset) === sent.length - 1) resolve()
  },
}))
await consumer.disconnect()
await admin.disconnect()
JS
"node_modules/$node/bin/node" probe.mjs "127.0.0.1:$port" | tee seen
diff seen - <<'SEEN'
0 days from the first: sent 2023-11-14T22:13:20.000Z, stored 2023-11-14T22:13:20.000Z
24 days from the first: sent 2023-12-08T22:13:20.000Z, stored 2023-12-08T22:13:20.000Z
26 days from the first: sent 2023-12-10T22:13:20.000Z, stored 2023-10-19T22:13:19.999Z
40 days from the first: sent 2023-12-24T22:13:20.000Z, stored 2023-10-05T22:13:19.999Z
-24 days from the first: sent 2023-10-21T22:13:20.000Z, stored 2023-10-21T22:13:20.000Z
-26 days from the first: sent 2023-10-19T22:13:20.000Z, stored 2023-12-10T22:13:19.999Z
SEEN
