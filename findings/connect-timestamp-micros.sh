#!/usr/bin/env bash
# Expected: TimestampConverter with the format yyyy-MM-dd'T'HH:mm:ss.SSSSSS reads microseconds, or refuses them.
# Seen: S is milliseconds there, however many stand in a row: .123456 is read as 123,456 milliseconds, two minutes and three seconds too
#   late, and .999999 almost 17 minutes. On the way out half a second is written as .000500, which every other reader takes for 500
#   microseconds. Neither is an error.
# With: Kafka Connect 4.4.0 (connect-transforms, on java.text.SimpleDateFormat of Java 17). Run on 2026-11-28.
# Hurts: timestamps of PostgreSQL, Python or Go in JSON, turned into time columns on the way: windows of a minute miss, order within a key
#   changes, and all looks plausible. Do: cut the text to three digits before it comes to Connect.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>connect-transforms</artifactId><version>4.4.0</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
cat > Probe.java <<'JAVA'
import java.util.*;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.source.*;
import org.apache.kafka.connect.transforms.*;
public class Probe {
  public static void main(String[] none) {
    for (String text : List.of("2024-01-01T00:00:00.123456", "2024-01-01T00:00:00.999999"))
      System.out.println(text + " -> " + ((java.util.Date) convert("Timestamp", null, text)).toInstant());
    System.out.println("1700000000500 -> " + convert("string", Timestamp.SCHEMA, new java.util.Date(1700000000500L)));
  }
  static Object convert(String target, Schema schema, Object value) {
    var transform = new TimestampConverter.Value<SourceRecord>();
    transform.configure(Map.of("target.type", target, "format", "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"));
    return transform.apply(new SourceRecord(null, null, "topic", schema, value)).value();
  }
}
JAVA
java -cp 'libs/*' Probe.java | tee seen
diff seen - <<'SEEN'
2024-01-01T00:00:00.123456 -> 2024-01-01T00:02:03.456Z
2024-01-01T00:00:00.999999 -> 2024-01-01T00:16:39.999Z
1700000000500 -> 2023-11-14T22:13:20.000500
SEEN
