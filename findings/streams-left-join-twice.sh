#!/usr/bin/env bash
# Expected: a left join with a grace period gives each left record one fate: its matches, or one unmatched row after window and grace.
# Seen: where the left record is out of order, but well within the grace period, the unmatched row comes out at once, and when its match
#   arrives, still within window and grace, the joined row as well. The same three records, the left one first, give the joined row only.
#   With before > after the unmatched row also comes once a later left record has passed the shorter side, and the match follows it.
# With: Kafka Streams 4.4.0 under its TopologyTestDriver (4.1.1 and RocksDB or memory: the same). Run on 2026-11-28.
# Hurts: who takes an unmatched row as final (orders without payment are cancelled) cancels an order that was paid in time, and counts
#   it twice. Do: treat the unmatched row as provisional: a later joined row of the same key and time replaces it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-streams-test-utils</artifactId><version>4.4.0</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
cat > Probe.java <<'JAVA'
import java.time.Duration;
import java.util.*;
import org.apache.kafka.common.header.internals.*;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.streams.*;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.test.*;
public class Probe {
  static TestInputTopic<String, String> left, right;
  static TestOutputTopic<String, String> out;

  public static void main(String[] none) {
    try (var driver = open(within(10, 50), true)) {
      System.out.println("left record in order");
      send(left, "a", "order", 100);
      send(right, "z", "other", 130);
      send(right, "a", "payment", 105);
      send(left, "z", "later", 1000);
    }
    try (var driver = open(within(10, 50), true)) {
      System.out.println("left record 30 ms out of order, grace 50 ms");
      send(right, "z", "other", 130);
      send(left, "a", "order", 100);
      send(right, "a", "payment", 105);
      send(left, "z", "later", 1000);
    }
    try (var driver = open(within(0, 10).before(Duration.ofMillis(1000)).after(Duration.ofMillis(5)), true)) {
      System.out.println("before 1000 ms, after 5 ms, grace 10 ms");
      send(left, "a", "order", 2000);
      send(left, "z", "later", 2016);
      send(right, "a", "payment", 1500);
    }
  }

  static TopologyTestDriver open(JoinWindows windows, boolean isLeft) {
    var builder = new StreamsBuilder();
    var consumed = Consumed.with(Serdes.String(), Serdes.String());
    KStream<String, String> l = builder.stream("left", consumed), r = builder.stream("right", consumed);
    ValueJoiner<String, String, String> pair = (x, y) -> x + "+" + y;
    var joined = StreamJoined.with(Serdes.String(), Serdes.String(), Serdes.String());
    (isLeft ? l.leftJoin(r, pair, windows, joined) : l.join(r, pair, windows, joined)).to("out", Produced.with(Serdes.String(), Serdes.String()));
    var settings = new Properties();
    settings.putAll(Map.of("application.id", "probe", "bootstrap.servers", "none:1", "state.dir", "state"));
    var driver = new TopologyTestDriver(builder.build(), settings);
    left = driver.createInputTopic("left", new StringSerializer(), new StringSerializer());
    right = driver.createInputTopic("right", new StringSerializer(), new StringSerializer());
    out = driver.createOutputTopic("out", new StringDeserializer(), new StringDeserializer());
    return driver;
  }

  static JoinWindows within(long width, long grace) { return JoinWindows.ofTimeDifferenceAndGrace(Duration.ofMillis(width), Duration.ofMillis(grace)); }

  /** Sends one record, its value also as a header, and prints what comes out. */
  static void send(TestInputTopic<String, String> topic, String key, String value, long time) {
    topic.pipeInput(new TestRecord<>(key, value, new RecordHeaders(List.of(new RecordHeader("from", value.getBytes()))), time));
    var rows = new ArrayList<String>();
    for (var row : out.readRecordsToList())
      rows.add(row.key() + "=" + row.value() + "@" + row.timestamp() + " headers of " + new String(row.headers().lastHeader("from").value()));
    System.out.println("  " + (topic == left ? "left " : "right") + " " + key + "=" + value + "@" + time + ": " + (rows.isEmpty() ? "-" : String.join(", ", rows)));
  }
}
JAVA
java -cp 'libs/*' Probe.java 2>/dev/null | tee seen
diff seen - <<'SEEN'
left record in order
  left  a=order@100: -
  right z=other@130: -
  right a=payment@105: a=order+payment@105 headers of payment
  left  z=later@1000: -
left record 30 ms out of order, grace 50 ms
  right z=other@130: -
  left  a=order@100: a=order+null@100 headers of order
  right a=payment@105: a=order+payment@105 headers of payment
  left  z=later@1000: -
before 1000 ms, after 5 ms, grace 10 ms
  left  a=order@2000: -
  left  z=later@2016: a=order+null@2000 headers of later
  right a=payment@1500: a=order+payment@2000 headers of payment
SEEN
