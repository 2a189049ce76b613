#!/usr/bin/env bash
# Expected: a time that is written as timestamp-nanos or local-timestamp-nanos reads back as the same time.
# Seen: Java's own conversions write a time before 1970 that has a part of a second a second wrong: 23:59:58.5 of the last
#   day of 1969 as -501000000, which reads as 23:59:59.499. Milliseconds and microseconds are right, and so is reading nanoseconds.
# With: Avro for Java 1.12.1 and 1.12.0. Run on 2026-11-30.
# Hurts: birth dates, contracts and history with generated classes or GenericData's conversions: no error, another time. Do: write
#   microseconds; or count the nanoseconds yourself and put the long.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version>
<properties><avro>1.12.1</avro></properties><dependencies>
<dependency><groupId>org.apache.avro</groupId><artifactId>avro</artifactId><version>${avro}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>2.0.17</version></dependency>
</dependencies></project>
POM
cat > Probe.java <<'JAVA'
import java.time.*;
import org.apache.avro.data.TimeConversions.*;
public class Probe {
  public static void main(String[] versions) {
    for (String text : new String[] {"1969-12-31T23:59:58.500", "1950-05-05T12:00:00.250", "1969-12-31T23:59:58", "1970-01-01T00:00:01.500"}) {
      var time = LocalDateTime.parse(text);
      var moment = time.toInstant(ZoneOffset.UTC);
      var nanos = new TimestampNanosConversion();
      var micros = new TimestampMicrosConversion();
      var local = new LocalTimestampNanosConversion();
      long count = nanos.toLong(moment, null, null);
      System.out.println(versions[0] + " " + text + ": nanos " + count + " is " + nanos.fromLong(count, null, null)
          + ", local " + local.fromLong(local.toLong(time, null, null), null, null)
          + ", micros " + micros.fromLong(micros.toLong(moment, null, null), null, null));
    }
  }
}
JAVA
for version in 1.12.0 1.12.1; do
  mvn -q -B -Dstyle.color=never -Davro=$version dependency:copy-dependencies -DoutputDirectory=$version >&2
  java -cp "$version/*" Probe.java $version
done | tee seen.txt
for version in 1.12.0 1.12.1; do cat <<SEEN; done > expected.txt
$version 1969-12-31T23:59:58.500: nanos -501000000 is 1969-12-31T23:59:59.499Z, local 1969-12-31T23:59:59.499, micros 1969-12-31T23:59:58.500Z
$version 1950-05-05T12:00:00.250: nanos -620395198751000000 is 1950-05-05T12:00:01.249Z, local 1950-05-05T12:00:01.249, micros 1950-05-05T12:00:00.250Z
$version 1969-12-31T23:59:58: nanos -2000000000 is 1969-12-31T23:59:58Z, local 1969-12-31T23:59:58, micros 1969-12-31T23:59:58Z
$version 1970-01-01T00:00:01.500: nanos 1500000000 is 1970-01-01T00:00:01.500Z, local 1970-01-01T00:00:01.500, micros 1970-01-01T00:00:01.500Z
SEEN
diff expected.txt seen.txt
