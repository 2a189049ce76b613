#!/usr/bin/env bash
# Expected: with table.expand.json.payload the outbox EventRouter makes a record of a payload that is valid JSON, with what is in it.
# Seen: what is in one payload decides the shape of its record. An empty array and a null vanish with their names; an array of 1 and 2.5 (or of an int
#   and a long) leaves the whole payload a text, which JsonConverter quotes once more; a payload that is an array, or has an integer beyond 64 bits, or a
#   list of objects one of which has an int and another one a long, is an error that ends the task, at the default errors.tolerance; a decimal is a double.
# With: Debezium 3.3.1.Final, Kafka Connect 4.1.0. Run on 2026-11-30.
# Hurts: readers of the routed topics: most values are objects, few are text, and a field is not there where it was empty. Do: leave the payload a text
#   (the default) and read that as JSON; or write payloads whose lists are never empty nor mixed.
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
import io.debezium.transforms.outbox.EventRouter;
import java.time.Instant;
import java.util.*;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;
public class Probe {
  public static void main(String[] none) {
    for (String payload : List.of("{\"id\":7,\"tags\":[\"a\"]}", "{\"id\":7,\"tags\":[]}", "{\"id\":7,\"tags\":null}", "{\"id\":7,\"sizes\":[1,2]}",
        "{\"id\":7,\"sizes\":[1,2.5]}", "{\"id\":7,\"sizes\":[1,3000000000]}", "[{\"id\":7}]", "{\"id\":12345678901234567890}", "{\"lines\":[{\"n\":1},{\"n\":3000000000}]}",
        "{\"amount\":12345678901234567.89}"))
      System.out.println(payload + " -> " + routed(payload));
  }

  static String routed(String payload) {
    Schema text = Schema.STRING_SCHEMA, json = SchemaBuilder.string().optional().name("io.debezium.data.Json").build();
    Schema row = SchemaBuilder.struct().name("outbox.Value").field("id", text).field("aggregatetype", text).field("aggregateid", text).field("type", text).field("payload", json).build();
    Schema source = SchemaBuilder.struct().name("io.debezium.connector.postgresql.Source").field("ts_ms", Schema.INT64_SCHEMA).field("connector", text).build();
    Envelope envelope = Envelope.defineSchema().withName("outbox.Envelope").withRecord(row).withSource(source).build();
    Struct after = new Struct(row).put("id", "1").put("aggregatetype", "order").put("aggregateid", "7").put("type", "OrderPlaced").put("payload", payload);
    Struct change = envelope.create(after, new Struct(source).put("ts_ms", 1L).put("connector", "postgresql"), Instant.ofEpochMilli(1));
    var router = new EventRouter<SourceRecord>();
    router.configure(Map.of("table.expand.json.payload", "true"));
    var converter = new JsonConverter();
    converter.configure(Map.of("schemas.enable", "false"), false);
    try {
      SourceRecord out = router.apply(new SourceRecord(Map.of(), Map.of(), "outbox", envelope.schema(), change));
      return new String(converter.fromConnectData("orders", out.valueSchema(), out.value()));
    } catch (DataException error) {
      return error.toString();
    }
  }
}
JAVA
java -cp 'libs/*' Probe.java 2>/dev/null | tee seen
diff seen - <<'SEEN'
{"id":7,"tags":["a"]} -> {"id":7,"tags":["a"]}
{"id":7,"tags":[]} -> {"id":7}
{"id":7,"tags":null} -> {"id":7}
{"id":7,"sizes":[1,2]} -> {"id":7,"sizes":[1,2]}
{"id":7,"sizes":[1,2.5]} -> "{\"id\":7,\"sizes\":[1,2.5]}"
{"id":7,"sizes":[1,3000000000]} -> "{\"id\":7,\"sizes\":[1,3000000000]}"
[{"id":7}] -> org.apache.kafka.connect.errors.DataException: Invalid type for ARRAY: class java.lang.String
{"id":12345678901234567890} -> org.apache.kafka.connect.errors.DataException: Invalid type for STRUCT: class java.lang.String
{"lines":[{"n":1},{"n":3000000000}]} -> org.apache.kafka.connect.errors.DataException: Invalid type for STRUCT: class java.lang.String
{"amount":12345678901234567.89} -> {"amount":1.2345678901234568E16}
SEEN
