#!/usr/bin/env bash
# Expected: JoinWindows are inclusive at both ends, so a difference of zero joins records of one timestamp.
# Seen: with ofTimeDifferenceWithNoGrace(ZERO) nothing ever joins, not even in order: the record that comes second is refused, as its
#   store lets go of everything up to stream time. With 1 ms of grace the same pair joins. A width of 10 ms and no grace does join at a
#   distance of exactly 10 ms.
# With: Kafka Streams 4.4.0 under its TopologyTestDriver (4.1.1: the same). Run on 2026-11-28.
# Hurts: joins of two messages that one device or transaction wrote with one timestamp: the result is empty, without an error. Do: give at
#   least 1 ms of grace.
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
    var exact = JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ZERO);
    for (var windows : List.of(exact, within(0, 1), within(10, 0))) {
      long width = windows.afterMs;
      System.out.println("width " + width + ", grace " + windows.gracePeriodMs());
      for (boolean leftFirst : List.of(true, false)) {
        try (var driver = open(windows, false)) {
          if (leftFirst) send(left, "a", "one", 100);
          send(right, "a", "two", 100 + width);
          if (!leftFirst) send(left, "a", "one", 100);
        }
      }
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
width 0, grace 0
  left  a=one@100: -
  right a=two@100: -
  right a=two@100: -
  left  a=one@100: -
width 0, grace 1
  left  a=one@100: -
  right a=two@100: a=one+two@100 headers of two
  right a=two@100: -
  left  a=one@100: a=one+two@100 headers of one
width 10, grace 0
  left  a=one@100: -
  right a=two@110: a=one+two@110 headers of two
  right a=two@110: -
  left  a=one@100: a=one+two@110 headers of one
SEEN
