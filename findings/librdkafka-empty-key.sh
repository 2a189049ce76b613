#!/usr/bin/env bash
# Expected: an empty key is a key: one partition for all records that have it, as Java and kafkajs do it.
# Seen: librdkafka's default partitioner (consistent_random) treats the empty key as no key and spreads its records over all partitions.
#   "consistent" puts it on partition 0 with the keyless ones, murmur2 and murmur2_random on the partition of Java.
# With: confluent-kafka 2.16.1 for Python (librdkafka 2.16.0, its built-in mock cluster, 4 partitions), kafkajs 2.2.4, kafka-clients 4.4.0.
#   Run on 2026-11-28.
# Hurts: compacted topics (each partition keeps its own "latest" row of the empty key, and a tombstone reaches one of them), joins and order
#   by key, where the key comes from a column that may be ''. Do: partitioner=murmur2_random, or never an empty key.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-clients</artifactId><version>4.4.0</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts kafkajs@2.2.4
python3 -m venv py
py/bin/pip install -q confluent-kafka==2.16.1

cat > Probe.java <<'JAVA'
import java.util.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
public class Probe {
  public static void main(String[] none) {
    System.out.println("Java: [" + BuiltInPartitioner.partitionForKey(new byte[0], 4) + "]");
  }
}
JAVA
cat > probe.cjs <<'JS'
const partition = require('kafkajs').Partitioners.DefaultPartitioner()
const partitionMetadata = [0, 1, 2, 3].map((partitionId) => ({ partitionId, leader: 0 }))
console.log(`kafkajs: [${partition({ topic: 't', partitionMetadata, message: { key: '' } })}]`)
JS
cat > probe.py <<'PY'
from confluent_kafka import Producer
for partitioner in "consistent_random", "consistent", "murmur2_random", "murmur2":
    producer = Producer({"test.mock.num.brokers": 1, "partitioner": partitioner, "sticky.partitioning.linger.ms": 0, "log_level": 0})
    seen = set()
    def delivered(error, message):
        assert error is None, error
        seen.add(message.partition())
    for _ in range(100):
        producer.produce("t", b"value", key=b"", on_delivery=delivered)
    assert producer.flush(30) == 0
    print(f"librdkafka {partitioner}: {sorted(seen)}")
PY
{ java -cp 'libs/*' Probe.java; node probe.cjs; py/bin/python probe.py; } | tee seen
diff seen - <<'SEEN'
Java: [1]
kafkajs: [1]
librdkafka consistent_random: [0, 1, 2, 3]
librdkafka consistent: [0]
librdkafka murmur2_random: [1]
librdkafka murmur2: [1]
SEEN
