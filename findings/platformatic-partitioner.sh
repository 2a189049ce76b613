#!/usr/bin/env bash
# Expected: a producer whose partitioner is murmur2 puts a key where Java's producer puts it.
# Seen: @platformatic/kafka takes the hash as an unsigned number where Java clears the sign bit. With a number of partitions that is a power
#   of two the results are equal for every key; with 6 or 12 partitions about half of the keys go elsewhere. Its
#   compatibilityPartitioner, which is not the default, is right.
# With: @platformatic/kafka 2.12.1 (1.35.0: the same), kafkajs 2.2.4, kafka-clients 4.4.0. Run on 2026-11-28 with Node 24.21.
# Hurts: two topics of 6 or 12 partitions that are joined by key, one of them written by it: half of the rows miss; tests with 1, 2, 4 or
#   8 partitions are green. Do: partitioner: compatibilityPartitioner.
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
node=node-$(node -p 'process.platform + "-" + process.arch')   # the library needs Node 24
npm install --silent --no-audit --no-fund --ignore-scripts @platformatic/kafka@2.12.1 kafkajs@2.2.4 "$node@24.21.0"

cat > Probe.java <<'JAVA'
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
public class Probe {
  public static void main(String[] none) {
    for (int n : new int[] {4, 6, 8, 12})
      for (int i = 0; i < 300; i++)
        System.out.println(n + " key-" + i + " " + BuiltInPartitioner.partitionForKey(("key-" + i).getBytes(), n));
  }
}
JAVA
cat > probe.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { compatibilityPartitioner, defaultPartitioner } from '@platformatic/kafka'
import kafkajs from 'kafkajs'
const rows = readFileSync('java.out', 'utf8').trim().split('\n').map((line) => line.split(' '))
const ofKafkajs = kafkajs.Partitioners.DefaultPartitioner()
const partitioners = {
  kafkajs: (key, n) => ofKafkajs({ topic: 't', message: { key }, partitionMetadata: Array.from({ length: n }, (_, partitionId) => ({ partitionId, leader: 0 })) }),
  'platformatic compatibilityPartitioner': (key, n) => compatibilityPartitioner({}, key) % n,
  'platformatic defaultPartitioner': (key, n) => defaultPartitioner({}, key) % n,
}
for (const [name, partition] of Object.entries(partitioners)) {
  const equal = ['4', '6', '8', '12'].map((n) => `${rows.filter((row) => row[0] === n && partition(Buffer.from(row[1]), Number(n)) === Number(row[2])).length} of 300 with ${n}`)
  console.log(`as Java: ${name} ${equal.join(', ')}`)
}
JS
java -cp 'libs/*' Probe.java > java.out
"node_modules/$node/bin/node" probe.mjs | tee seen
diff seen - <<'SEEN'
as Java: kafkajs 300 of 300 with 4, 300 of 300 with 6, 300 of 300 with 8, 300 of 300 with 12
as Java: platformatic compatibilityPartitioner 300 of 300 with 4, 300 of 300 with 6, 300 of 300 with 8, 300 of 300 with 12
as Java: platformatic defaultPartitioner 300 of 300 with 4, 170 of 300 with 6, 300 of 300 with 8, 170 of 300 with 12
SEEN
