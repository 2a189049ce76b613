#!/usr/bin/env bash
# Expected: the unmatched row of a left join has the headers of its left record, or none.
# Seen: it has the headers of the record that happened to move stream time past the window: another key, from the other topic, possibly
#   another customer's trace id. A joined row has the headers of whichever of its two records came last.
# With: Kafka Streams 4.4.0 under its TopologyTestDriver (4.1.1: the same). Run on 2026-11-28.
# Hurts: traces, tenant ids, schema ids in headers (__value_schema_id) behind a join: a deserializer or a router that trusts them takes the
#   wrong one. Do: copy what matters into the value before the join, and set the headers anew behind it.
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
    try (var driver = open(within(10, 5), true)) {
      System.out.println("unmatched");
      send(left, "a", "order", 100);
      send(right, "z", "stranger", 117);
      System.out.println("matched");
      send(left, "b", "order2", 200);
      send(right, "b", "payment2", 201);
      send(right, "c", "payment3", 300);
      send(left, "c", "order3", 301);
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
unmatched
  left  a=order@100: -
  right z=stranger@117: a=order+null@100 headers of stranger
matched
  left  b=order2@200: -
  right b=payment2@201: b=order2+payment2@201 headers of payment2
  right c=payment3@300: -
  left  c=order3@301: c=order3+payment3@301 headers of order3
SEEN
