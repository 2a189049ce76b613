#!/usr/bin/env bash
# Expected: what JsonConverter writes it reads back, and a number that it cannot hold is an error.
# Seen: it writes NaN and the infinities as "NaN" and "Infinity" and reads each of them back as 0.0, schema and all; -0.0 loses its
#   sign. Without a schema it reads 9223372036854775808, one more than a long holds, as the negative -9223372036854775808, an
#   unsigned 18446744073709551615 as -1, and 1e400 as Infinity. None is an error, and no option turns it into one.
# With: Kafka Connect 4.4.0 (connect-json). Run on 2026-11-28.
# Hurts: sensor values ("no reading" as NaN becomes a measured 0), unsigned 64-bit ids from MySQL, Go or Rust in JSON topics: a sink
#   stores a wrong but plausible number. Do: null instead of NaN, text for unsigned ids, or Avro.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>connect-json</artifactId><version>4.4.0</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
cat > Probe.java <<'JAVA'
import java.util.*;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.json.*;
public class Probe {
  public static void main(String[] none) {
    var withSchema = converter("true");
    for (double value : new double[] {1.5, Double.NaN, Double.NEGATIVE_INFINITY, -0.0}) {
      byte[] json = withSchema.fromConnectData("topic", Schema.FLOAT64_SCHEMA, value);
      System.out.println(value + " -> " + new String(json) + " -> " + withSchema.toConnectData("topic", json).value());
    }
    var schemaless = converter("false");
    for (String json : List.of("9223372036854775807", "9223372036854775808", "18446744073709551615", "1e400"))
      System.out.println(json + " -> " + schemaless.toConnectData("topic", json.getBytes()).value());
  }
  static JsonConverter converter(String schemas) {
    var converter = new JsonConverter();
    converter.configure(Map.of("schemas.enable", schemas), false);
    return converter;
  }
}
JAVA
java -cp 'libs/*' Probe.java | tee seen
diff seen - <<'SEEN'
1.5 -> {"schema":{"type":"double","optional":false},"payload":1.5} -> 1.5
NaN -> {"schema":{"type":"double","optional":false},"payload":"NaN"} -> 0.0
-Infinity -> {"schema":{"type":"double","optional":false},"payload":"-Infinity"} -> 0.0
-0.0 -> {"schema":{"type":"double","optional":false},"payload":-0.0} -> 0.0
9223372036854775807 -> 9223372036854775807
9223372036854775808 -> -9223372036854775808
18446744073709551615 -> -1
1e400 -> Infinity
SEEN
