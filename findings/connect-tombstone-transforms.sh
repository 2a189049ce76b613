#!/usr/bin/env bash
# Expected: a tombstone (a key, no value) goes through Connect's own transforms as it is: it has no fields to change, and it is what deletes a row.
# Seen: of those that work on the value, seven leave it alone. HoistField makes a value of it, {"row": null}, so that the deletion becomes a row.
#   ValueToKey, MaskField and HeaderFrom raise a DataException that speaks of schemas, not of tombstones; with errors.tolerance at none the task ends there,
#   with all the deletion goes missing.
# With: Kafka Connect 4.1.0. Run on 2026-11-30.
# Hurts: topics of tables that a join looks up: deleted rows stay, or hold nulls, and a connector that ran for months stops at the first deletion. Do: the
#   predicate RecordIsTombstone with negate on each of the four.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>connect-transforms</artifactId><version>4.1.0</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
cat > Probe.java <<'JAVA'
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.transforms.*;
public class Probe {
  public static void main(String[] none) {
    print(new InsertField.Value<>(), Map.of("static.field", "origin", "static.value", "shop"));
    print(new ReplaceField.Value<>(), Map.of("exclude", "note"));
    print(new Flatten.Value<>(), Map.of());
    print(new Cast.Value<>(), Map.of("spec", "amount:int64"));
    print(new ExtractField.Value<>(), Map.of("field", "after"));
    print(new TimestampConverter.Value<>(), Map.of("field", "at", "target.type", "unix"));
    print(new SetSchemaMetadata.Value<>(), Map.of("schema.name", "shop.Order"));
    print(new HoistField.Value<>(), Map.of("field", "row"));
    print(new ValueToKey<>(), Map.of("fields", "id"));
    print(new MaskField.Value<>(), Map.of("fields", "email"));
    print(new HeaderFrom.Value<>(), Map.of("fields", "tenant", "headers", "tenant", "operation", "copy"));
  }

  static void print(Transformation<SourceRecord> transform, Map<String, ?> settings) {
    transform.configure(settings);
    String name = transform.getClass().getName().replaceAll(".*\\.", "");
    var tombstone = new SourceRecord(Map.of(), Map.of(), "shop.orders", null, Schema.STRING_SCHEMA, "7", null, null);
    try {
      SourceRecord out = transform.apply(tombstone);
      System.out.println(name + ": " + out.key() + " -> " + out.value());
    } catch (DataException raised) {
      System.out.println(name + ": " + raised.getMessage());
    }
  }
}
JAVA
java -cp 'libs/*' Probe.java | tee seen
diff seen - <<'SEEN'
InsertField$Value: 7 -> null
ReplaceField$Value: 7 -> null
Flatten$Value: 7 -> null
Cast$Value: 7 -> null
ExtractField$Value: 7 -> null
TimestampConverter$Value: 7 -> null
SetSchemaMetadata$Value: 7 -> null
HoistField$Value: 7 -> {row=null}
ValueToKey: Only Map objects supported in absence of schema for [copying fields from value to key], found: null
MaskField$Value: Only Map objects supported in absence of schema for [mask fields], found: null
HeaderFrom$Value: Only Map objects supported in absence of schema for [header copy], found: null
SEEN
