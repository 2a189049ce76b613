#!/usr/bin/env bash
# Expected: TimezoneConverter with converted.timezone gives all times of a row in that zone, in one direction.
# Seen: text with a zone (ZonedTimestamp) becomes the zone's clock, and stays the same moment. Numbers without a zone (Timestamp, MicroTimestamp,
#   NanoTimestamp, and Connect's own Timestamp, which is a moment) are taken for that zone's clock and moved the other way: for Tokyo nine hours back.
#   Text of IsoTimestamp (isostring) is left alone. Two columns that were one moment are another moment each afterwards, and one is text with an offset.
# With: Debezium 3.3.1.Final, Kafka Connect 4.1.0. Run on 2026-11-30.
# Hurts: joins and windows by a time of such a table: one column is hours away from the event time of everything else. Do: leave times in UTC and turn
#   them where they are shown; or name the columns that are local with include.list, and nothing else.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>io.debezium</groupId><artifactId>debezium-core</artifactId><version>3.3.1.Final</version></dependency>
<dependency><groupId>org.apache.kafka</groupId><artifactId>connect-api</artifactId><version>4.1.0</version></dependency>
<dependency><groupId>org.apache.kafka</groupId><artifactId>connect-json</artifactId><version>4.1.0</version></dependency>
<dependency><groupId>org.apache.kafka</groupId><artifactId>connect-transforms</artifactId><version>4.1.0</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
cat > Probe.java <<'JAVA'
import io.debezium.data.Envelope;
import io.debezium.time.*;
import io.debezium.transforms.TimezoneConverter;
import java.time.Instant;
import java.util.*;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.source.SourceRecord;
public class Probe {
  static final Instant MOMENT = Instant.parse("2026-03-01T12:00:00.123Z");

  public static void main(String[] none) {
    long ms = MOMENT.toEpochMilli();
    for (String zone : List.of("Asia/Tokyo", "America/New_York")) {
      System.out.println("converted.timezone " + zone + ", every column is " + MOMENT);
      print(zone, ZonedTimestamp.schema(), "2026-03-01T12:00:00.123Z");
      print(zone, IsoTimestamp.schema(), "2026-03-01T12:00:00.123Z");
      print(zone, io.debezium.time.Timestamp.schema(), ms);
      print(zone, MicroTimestamp.schema(), ms * 1000);
      print(zone, NanoTimestamp.schema(), ms * 1_000_000);
      print(zone, org.apache.kafka.connect.data.Timestamp.SCHEMA, Date.from(MOMENT));
    }
  }

  static void print(String zone, Schema type, Object given) {
    Schema row = SchemaBuilder.struct().name("orders.Value").field("at", type).build();
    Schema source = SchemaBuilder.struct().name("io.debezium.connector.mysql.Source").field("ts_ms", Schema.INT64_SCHEMA).field("table", Schema.STRING_SCHEMA).build();
    Envelope envelope = Envelope.defineSchema().withName("orders.Envelope").withRecord(row).withSource(source).build();
    Struct change = envelope.create(new Struct(row).put("at", given), new Struct(source).put("ts_ms", 1L).put("table", "orders"), MOMENT);
    var converter = new TimezoneConverter<SourceRecord>();
    converter.configure(Map.of("converted.timezone", zone));
    var out = (Struct) converter.apply(new SourceRecord(Map.of(), Map.of(), "shop.orders", envelope.schema(), change)).value();
    System.out.println("  " + type.name() + ": " + shown(out.getStruct("after").get("at"), given));
  }

  static String shown(Object now, Object given) {
    if (now instanceof Date date) return date.toInstant().toString();
    if (!(now instanceof Long count)) return now.toString();
    long unitsPerMs = (Long) given / MOMENT.toEpochMilli();
    return MOMENT.plusMillis((count - (Long) given) / unitsPerMs).toString();
  }
}
JAVA
java -cp 'libs/*' Probe.java 2>/dev/null | tee seen
diff seen - <<'SEEN'
SEEN
