#!/usr/bin/env bash
# Expected: a field that was renamed with an alias keeps its values, also where the record has moved to another namespace: names of
#   records are compared without it, which is how such a schema is read at all.
# Seen: Java then ignores the field's alias: the value of each old record is the default, 0 for 5, without an error. Only with the
#   record's old full name as an alias of the record, too, is it 5. fastavro reads 5 either way. Java's own compatibility check, which
#   registries use, calls both compatible.
# With: Avro for Java 1.12.1, fastavro 1.13.1. Run on 2026-11-30.
# Hurts: a schema that is moved into the team's namespace and cleaned up in one step zeroes the renamed columns in Java's consumers, and
#   a registry with FULL lets it pass. Do: give the record its old full name as an alias.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.avro</groupId><artifactId>avro</artifactId><version>1.12.1</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>2.0.17</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
python3 -m venv py
py/bin/pip install -q fastavro==1.13.1

cat > cases.json <<'JSON'
{"writer": {"type":"record","name":"Order","namespace":"shop","fields":[{"name":"amount","type":"int"}]},
 "readers": {
  "same namespace": {"type":"record","name":"Order","namespace":"shop","fields":[{"name":"total","aliases":["amount"],"type":"int","default":0}]},
  "another": {"type":"record","name":"Order","namespace":"sales","fields":[{"name":"total","aliases":["amount"],"type":"int","default":0}]},
  "another, with the record's alias": {"type":"record","name":"Order","namespace":"sales","aliases":["shop.Order"],"fields":[{"name":"total","aliases":["amount"],"type":"int","default":0}]}}}
JSON
cat > Probe.java <<'JAVA'
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.*;
import org.apache.avro.*;
import org.apache.avro.generic.*;
import org.apache.avro.io.*;
public class Probe {
  public static void main(String[] none) throws Exception {
    var cases = new ObjectMapper().readTree(Path.of("cases.json").toFile());
    var writer = new Schema.Parser().parse(cases.get("writer").toString());
    for (var one : cases.get("readers").properties()) {
      var reader = new Schema.Parser().parse(one.getValue().toString());
      var value = new GenericDatumReader<>(writer, reader).read(null, DecoderFactory.get().binaryDecoder(new byte[] {10}, null));
      var verdict = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getType();
      System.out.println("Java     " + one.getKey() + ": " + value + " " + verdict);
    }
  }
}
JAVA
cat > probe.py <<'PY'
import io, json
import fastavro
cases = json.load(open('cases.json'))
writer = fastavro.parse_schema(cases['writer'])
for name, schema in cases['readers'].items():
    print(f'fastavro {name}:', json.dumps(fastavro.schemaless_reader(io.BytesIO(b'\x0a'), writer, fastavro.parse_schema(schema))))
PY
{
  java -cp 'libs/*' Probe.java
  py/bin/python probe.py
} | tee seen.txt
cat > expected.txt <<'SEEN'
Java     same namespace: {"total": 5} COMPATIBLE
Java     another: {"total": 0} COMPATIBLE
Java     another, with the record's alias: {"total": 5} COMPATIBLE
fastavro same namespace: {"total": 5}
fastavro another: {"total": 5}
fastavro another, with the record's alias: {"total": 5}
SEEN
diff expected.txt seen.txt
