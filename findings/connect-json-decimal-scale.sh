#!/usr/bin/env bash
# Expected: with decimal.format=NUMERIC a decimal of scale 2 is read from JSON as a value of scale 2, as 1.5 and 1.50 are one number; or it is refused there.
# Seen: JsonConverter takes the scale from the digits and not from the schema beside them: 1.5 is of scale 1, 1 of 0, 1e2 of -2, and 1.505 passes with 3,
#   all under a schema that says 2. The record is invalid by Connect's own rule, and the next converter that looks raises: "mismatching scale". Read and
#   written by NUMERIC alone nothing is told.
# With: Kafka Connect 4.1.0 (connect-json). Run on 2026-11-30.
# Hurts: any program between two connectors that prints numbers as JavaScript, Go and Python's floats do: 1.50 comes back as 1.5, and the sink stops at
#   the first price that ends in a zero, while 1.55 passes. Do: write decimals with all digits of their scale, or leave decimal.format at BASE64.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>connect-json</artifactId><version>4.1.0</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
cat > Probe.java <<'JAVA'
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.json.JsonConverter;
public class Probe {
  public static void main(String[] none) {
    JsonConverter numeric = converter("NUMERIC"), base64 = converter("BASE64");
    String written = new String(numeric.fromConnectData("orders", Decimal.schema(2), new BigDecimal("1.50")));
    System.out.println(written);
    for (String digits : List.of("1.50", "1.5", "1", "1e2", "1.505")) {
      SchemaAndValue read = numeric.toConnectData("orders", written.replace("1.50", digits).getBytes());
      System.out.println(digits + " is " + read.value() + " of scale " + ((BigDecimal) read.value()).scale());
      System.out.println("  as NUMERIC: " + payload(numeric, read));
      System.out.println("  as BASE64: " + payload(base64, read));
    }
  }

  static JsonConverter converter(String format) {
    var converter = new JsonConverter();
    converter.configure(Map.of("decimal.format", format), false);
    return converter;
  }

  static String payload(JsonConverter converter, SchemaAndValue read) {
    try {
      return new String(converter.fromConnectData("orders", read.schema(), read.value())).replaceAll(".*\"payload\":", "").replaceAll("}$", "");
    } catch (DataException raised) {
      return raised.getMessage();
    }
  }
}
JAVA
java -cp 'libs/*' Probe.java | tee seen
diff seen - <<'SEEN'
{"schema":{"type":"bytes","optional":false,"name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"}},"payload":1.50}
1.50 is 1.50 of scale 2
  as NUMERIC: 1.50
  as BASE64: "AJY="
1.5 is 1.5 of scale 1
  as NUMERIC: 1.5
  as BASE64: Decimal value has mismatching scale for given Decimal schema. Schema has scale 2, value has scale 1.
1 is 1 of scale 0
  as NUMERIC: 1
  as BASE64: Decimal value has mismatching scale for given Decimal schema. Schema has scale 2, value has scale 0.
1e2 is 1E+2 of scale -2
  as NUMERIC: 1E+2
  as BASE64: Decimal value has mismatching scale for given Decimal schema. Schema has scale 2, value has scale -2.
1.505 is 1.505 of scale 3
  as NUMERIC: 1.505
  as BASE64: Decimal value has mismatching scale for given Decimal schema. Schema has scale 2, value has scale 3.
SEEN
