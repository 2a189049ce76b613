#!/usr/bin/env bash
# Expected: a reader with IsolationLevel kafka.ReadCommitted gives committed records only.
# Seen: segmentio's kafka-go stops at the last stable offset and filters nothing: it delivers the records of aborted transactions, and the
#   transactions' control records too, as messages with a binary key and value. sarama, on the same partition, gives the committed ones.
# With: segmentio/kafka-go 0.4.51, IBM/sarama 1.61.1; Kafka 4.4.0. Run on 2026-11-28.
# Hurts: a Go sink behind any exactly-once stage stores rolled-back rows, and fails to decode, or stores, one more "record" for each
#   transaction. Do: sarama or franz-go for transactional topics.
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
cat > go.mod <<'MOD'
module probe

go 1.23

require (
	github.com/IBM/sarama v1.61.1
	github.com/segmentio/kafka-go v0.4.51
)
MOD
cat > main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/IBM/sarama"
	"github.com/segmentio/kafka-go"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	brokers := []string{os.Args[1]}
	config := sarama.NewConfig()
	config.Version = sarama.V3_0_0_0
	config.Consumer.IsolationLevel = sarama.ReadCommitted
	config.Net.MaxOpenRequests = 1
	config.Producer.Idempotent = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Return.Successes = true
	config.Producer.Transaction.ID = "probe"
	client, err := sarama.NewClient(brokers, config)
	must(err)
	admin, err := sarama.NewClusterAdminFromClient(client)
	must(err)
	must(admin.CreateTopic("rows", &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false))
	producer, err := sarama.NewSyncProducer(brokers, config)
	must(err)
	for _, row := range []string{"aborted", "committed"} {
		must(producer.BeginTxn())
		_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: "rows", Value: sarama.StringEncoder(row)})
		must(err)
		if row == "aborted" {
			must(producer.AbortTxn())
		} else {
			must(producer.CommitTxn())
		}
	}
	must(producer.Close())

	consumer, err := sarama.NewConsumerFromClient(client)
	must(err)
	partition, err := consumer.ConsumePartition("rows", 0, sarama.OffsetOldest)
	must(err)
	fmt.Printf("sarama: %q\n", (<-partition.Messages()).Value)

	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: brokers, Topic: "rows", IsolationLevel: kafka.ReadCommitted})
	for offset := int64(0); offset < 4; {
		patience, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		message, err := reader.ReadMessage(patience)
		must(err)
		cancel()
		fmt.Printf("kafka-go: offset %d, key %x, value %q\n", message.Offset, message.Key, message.Value)
		offset = message.Offset + 1
	}
}
GO
go mod tidy 2> tidy.log || { cat tidy.log; exit 1; }
go build -o probe .

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


./probe "127.0.0.1:$port" | tee seen
diff seen - <<'SEEN'
sarama: "committed"
kafka-go: offset 0, key , value "aborted"
kafka-go: offset 1, key 00000000, value "\x00\x00\x00\x00\x00\x00"
kafka-go: offset 2, key , value "committed"
kafka-go: offset 3, key 00000001, value "\x00\x00\x00\x00\x00\x00"
SEEN
