#!/usr/bin/env bash
# Expected: on a topic with message.timestamp.type=LogAppendTime each consumer gives the broker's time.
# Seen: the broker only sets a flag and the batch's largest timestamp; the records keep the producer's, and a client has to know that. kafkajs,
#   kafka-python and librdkafka do. @platformatic/kafka and segmentio's kafka-go give the producer's time, here of 2001.
# With: @platformatic/kafka 2.12.1, segmentio/kafka-go 0.4.51, kafkajs 2.2.4, kafka-python 3.0.12, confluent-kafka 2.16.1 for Python; Kafka
#   4.4.0. Run on 2026-11-28 with Node 24.21.
# Hurts: a topic was set to LogAppendTime because its devices' clocks are wrong; these two clients bring the wrong clocks back, and two
#   consumers of one topic window it differently. Do: carry the time in the value.
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
python3 -m venv py
py/bin/pip install -q kafka-python==3.0.12 confluent-kafka==2.16.1
cat > go.mod <<'MOD'
module probe

go 1.23

require github.com/segmentio/kafka-go v0.4.51
MOD

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

cat > main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/segmentio/kafka-go"
)

func main() {
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{os.Args[1]}, Topic: "devices"})
	patience, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	message, err := reader.ReadMessage(patience)
	if err != nil {
		panic(err)
	}
	fmt.Println("kafka-go", message.Time.UnixMilli())
}
GO
go mod tidy 2> tidy.log || { cat tidy.log; exit 1; }
cat > probe.py <<'PY'
import sys
from confluent_kafka import Consumer
from kafka import KafkaConsumer
broker = sys.argv[1]
for message in KafkaConsumer("devices", bootstrap_servers=broker, auto_offset_reset="earliest", consumer_timeout_ms=30000):
    print("kafka-python", message.timestamp)
    break
consumer = Consumer({"bootstrap.servers": broker, "group.id": "probe", "auto.offset.reset": "earliest"})
consumer.subscribe(["devices"])
print("librdkafka", consumer.poll(30).timestamp()[1])
consumer.close()
PY
cat > probe.mjs <<'JS'
import { Consumer } from '@platformatic/kafka'
import kafkajs from 'kafkajs'
const brokers = [process.argv[2]]
const kafka = new kafkajs.Kafka({ brokers, logLevel: 0 })
const [admin, producer] = [kafka.admin(), kafka.producer()]
await Promise.all([admin.connect(), producer.connect()])
await admin.createTopics({ topics: [{ topic: 'devices', configEntries: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }] }] })
await producer.send({ topic: 'devices', messages: [{ value: 'reading', timestamp: '1000000000000' }] })
await Promise.all([admin.disconnect(), producer.disconnect()])

const byKafkajs = kafka.consumer({ groupId: 'kafkajs' })
await byKafkajs.connect()
await byKafkajs.subscribe({ topic: 'devices', fromBeginning: true })
console.log('kafkajs', await new Promise((resolve) => byKafkajs.run({ eachMessage: async ({ message }) => resolve(message.timestamp) })))
await byKafkajs.disconnect()

const consumer = new Consumer({ clientId: 'probe', groupId: 'platformatic', bootstrapBrokers: brokers })
for await (const message of await consumer.consume({ topics: ['devices'], mode: 'earliest', autocommit: false })) {
  console.log('@platformatic/kafka', String(message.timestamp))
  break
}
await consumer.close(true)
JS
{
  "node_modules/$node/bin/node" --no-warnings probe.mjs "127.0.0.1:$port"
  py/bin/python probe.py "127.0.0.1:$port"
  go run . "127.0.0.1:$port"
} > read.out
while read -r client time; do
  if [ "$time" = 1000000000000 ]; then
    echo "$client: the producer's time"
  elif [ "$time" -gt 1700000000000 ]; then
    echo "$client: the broker's time"
  else
    echo "$client: $time"
  fi
done < read.out | tee seen
diff seen - <<'SEEN'
kafkajs: the broker's time
@platformatic/kafka: the producer's time
kafka-python: the broker's time
librdkafka: the broker's time
kafka-go: the producer's time
SEEN
