#!/usr/bin/env bash
# Expected: a record's header passes through Kafka Connect as it is, unless a transform touches it.
# Seen: the default header.converter, SimpleHeaderConverter, guesses a type from each header's text and writes the guess back:
#   "007" becomes "7", "+49123" "49123", "1.10" "1.1", "5e10" "50000000000", a timestamp at midnight a bare date, and of "1,2" only
#   the first number is left. Text that looks like none of these stays.
# With: Kafka Connect 4.4.0 (connect-api). Run on 2026-11-28.
# Hurts: correlation ids, order numbers, trace flags and phone numbers in headers behind any connector (a dead letter queue, a
#   replication, a sink that maps headers to columns): the id in the copy is not the id in the original. Do: set
#   header.converter=org.apache.kafka.connect.storage.StringConverter, or ByteArrayConverter, on each worker or connector.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>connect-api</artifactId><version>4.4.0</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
cat > Probe.java <<'JAVA'
import static java.nio.charset.StandardCharsets.UTF_8;
import java.util.*;
import org.apache.kafka.connect.storage.*;
public class Probe {
  public static void main(String[] headers) {
    var converter = new SimpleHeaderConverter();
    converter.configure(Map.of());
    for (String header : headers) {
      var in = converter.toConnectHeader("topic", "name", header.getBytes(UTF_8));
      System.out.println(header + " -> " + in.schema().type() + " -> " + new String(converter.fromConnectHeader("topic", "name", in.schema(), in.value()), UTF_8));
    }
  }
}
JAVA
java -cp 'libs/*' Probe.java 007 +49123 1.10 5e10 '1,2' '[1, 2]' 2024-01-01T00:00:00.000Z 2024-01-01T08:30:00.000Z 00-4bf92f35-01 | tee seen
diff seen - <<'SEEN'
007 -> INT8 -> 7
+49123 -> INT32 -> 49123
1.10 -> FLOAT32 -> 1.1
5e10 -> INT64 -> 50000000000
1,2 -> INT8 -> 1
[1, 2] -> ARRAY -> [1,2]
2024-01-01T00:00:00.000Z -> INT64 -> 2024-01-01
2024-01-01T08:30:00.000Z -> INT64 -> 2024-01-01T08:30:00.000Z
00-4bf92f35-01 -> STRING -> 00-4bf92f35-01
SEEN
