#!/usr/bin/env bash
# Expected: with output.schema.infer.value the MongoDB source connector finds the type that holds all values of a list: of an int and a long a long, of an
#   int and a double a double.
# Seen: numbers of two kinds become text, also in a field of the list's documents; JavaScript drivers write 1 as an int and 2.5 as a double, so [1, 2.5]
#   is enough. An empty list, and a null, are of text. The scale of a Decimal128 is that of the value at hand, so 9.5 and 9.50 have two schemas.
# With: MongoDB Kafka Connector 2.0.1, BSON 4.7.2, Kafka Connect 4.1.0. Run on 2026-11-30.
# Hurts: readers of the topic: a field is a list of ints in one record and of texts in the next one, and a registry that checks compatibility refuses
#   the second. Do: give the schema by output.schema.value; or write JSON (SimplifiedJson) and type it where it is read.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>org.mongodb.kafka</groupId><artifactId>mongo-kafka-connect</artifactId><version>2.0.1</version></dependency>
<dependency><groupId>org.mongodb</groupId><artifactId>mongodb-driver-sync</artifactId><version>4.7.2</version></dependency>
<dependency><groupId>org.apache.kafka</groupId><artifactId>connect-api</artifactId><version>4.1.0</version></dependency>
<dependency><groupId>org.apache.kafka</groupId><artifactId>connect-json</artifactId><version>4.1.0</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
cat > Probe.java <<'JAVA'
import com.mongodb.kafka.connect.source.json.formatter.SimplifiedJson;
import com.mongodb.kafka.connect.source.schema.*;
import java.util.*;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.json.JsonConverter;
import org.bson.BsonDocument;
public class Probe {
  public static void main(String[] none) {
    var converter = new JsonConverter();
    converter.configure(Map.of("schemas.enable", "false"), false);
    var toValue = new BsonValueToSchemaAndValue(new SimplifiedJson().getJsonWriterSettings());
    for (String text : List.of("{n: [1, 2]}", "{n: [1, NumberLong(2)]}", "{n: [1, 2.5]}", "{n: [{q: 1}, {q: 2.5}]}", "{n: []}", "{n: null}",
        "{n: NumberDecimal('9.5')}", "{n: NumberDecimal('9.50')}")) {
      var document = BsonDocument.parse(text);
      Schema schema = BsonDocumentToSchema.inferDocumentSchema(document);
      var value = toValue.toSchemaAndValue(schema, document);
      System.out.println(text + " -> " + new String(converter.fromConnectData("t", value.schema(), value.value())) + ", n: " + type(schema.field("n").schema()));
    }
  }

  static String type(Schema of) {
    if (of.type() == Schema.Type.ARRAY) return "list of " + type(of.valueSchema());
    if (of.type() == Schema.Type.STRUCT) return "{ q: " + type(of.field("q").schema()) + " }";
    return of.type() + (of.parameters() == null ? "" : " " + of.parameters());
  }
}
JAVA
java -cp 'libs/*' Probe.java 2>/dev/null | tee seen
diff seen - <<'SEEN'
{n: [1, 2]} -> {"n":[1,2]}, n: list of INT32
{n: [1, NumberLong(2)]} -> {"n":["1","2"]}, n: list of STRING
{n: [1, 2.5]} -> {"n":["1","2.5"]}, n: list of STRING
{n: [{q: 1}, {q: 2.5}]} -> {"n":[{"q":"1"},{"q":"2.5"}]}, n: list of { q: STRING }
{n: []} -> {"n":[]}, n: list of STRING
{n: null} -> {"n":null}, n: STRING
{n: NumberDecimal('9.5')} -> {"n":"Xw=="}, n: BYTES {scale=1}
{n: NumberDecimal('9.50')} -> {"n":"A7Y="}, n: BYTES {scale=2}
SEEN
