#!/usr/bin/env bash
# Expected: Connect's Cast treats a number that does not fit into the target type alike, whatever type it comes in: an error, best.
# Seen: three answers for 3,000,000,000 as int32. As a long it wraps to -1294967296, as a double it is cut off at 2147483647, as text it
#   is a DataException. NaN to int64 is 0, and "yes" to boolean is false, both without an error.
# With: Kafka Connect 4.4.0 (connect-transforms). Run on 2026-11-28.
# Hurts: a key or an amount that outgrew 32 bits: records of different customers get one id, or a negative one, and errors.tolerance and
#   the dead letter queue see nothing. Do: cast to int64 only; check ranges before.
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
import org.apache.kafka.connect.source.*;
import org.apache.kafka.connect.transforms.*;
public class Probe {
  public static void main(String[] none) {
    cast("int32", 3_000_000_000L);
    cast("int32", 3e9);
    cast("int32", "3000000000");
    cast("int64", Double.NaN);
    cast("boolean", "yes");
  }
  static void cast(String type, Object value) {
    var cast = new Cast.Value<SourceRecord>();
    cast.configure(Map.of("spec", type));
    String seen;
    try {
      seen = String.valueOf(cast.apply(new SourceRecord(null, null, "topic", null, value)).value());
    } catch (Exception error) {
      seen = error.getClass().getSimpleName() + ": " + error.getMessage();
    }
    System.out.println(value.getClass().getSimpleName() + " " + value + " as " + type + ": " + seen);
  }
}
JAVA
java -cp 'libs/*' Probe.java | tee seen
diff seen - <<'SEEN'
Long 3000000000 as int32: -1294967296
Double 3.0E9 as int32: 2147483647
String 3000000000 as int32: DataException: Value (3000000000) was out of range for requested data type
Double NaN as int64: 0
String yes as boolean: false
SEEN
