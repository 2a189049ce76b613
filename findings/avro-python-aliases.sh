#!/usr/bin/env bash
# Expected: a field that was renamed with an alias keeps its values for readers with the new schema; schema resolution is the
#   same in Apache's own libraries.
# Seen: Apache's avro for Python ignores aliases while it resolves. With a default, which compatibility rules want anyhow, there is
#   no error: each old record reads as the default (0 for 5). It also knows neither an enum's default symbol nor the promotion from
#   bytes to string; these raise. Java, fastavro and avsc do all three.
# With: avro 1.12.2 for Python, fastavro 1.13.1, avsc 5.7.9, Avro for Java 1.12.1. Run on 2026-11-28.
# Hurts: a rename that was tested in Java zeroes the field in Python jobs (Airflow, notebooks, Beam). Do: use fastavro, or
#   rename only with a new topic.
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
echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts avsc@5.7.9
python3 -m venv py
py/bin/pip install -q fastavro==1.13.1 avro==1.12.2

# One case a line: name, bytes in hex, writer's schema, reader's schema.
cat > cases.json <<'JSON'
[["alias", "0a", {"type":"record","name":"R","fields":[{"name":"amount","type":"int"}]},
  {"type":"record","name":"R","fields":[{"name":"total","aliases":["amount"],"type":"int","default":0}]}],
 ["enum default", "02", {"type":"enum","name":"E","symbols":["A","B"]}, {"type":"enum","name":"E","symbols":["A"],"default":"A"}],
 ["bytes to string", "0268", "bytes", "string"]]
JSON
cat > Probe.java <<'JAVA'
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.*;
import java.util.*;
import org.apache.avro.*;
import org.apache.avro.generic.*;
import org.apache.avro.io.*;
public class Probe {
  public static void main(String[] none) throws Exception {
    for (var c : new ObjectMapper().readTree(Path.of("cases.json").toFile())) {
      var reader = new GenericDatumReader<>(new Schema.Parser().parse(c.get(2).toString()), new Schema.Parser().parse(c.get(3).toString()));
      var bytes = HexFormat.of().parseHex(c.get(1).asText());
      System.out.println("Java     " + c.get(0).asText() + ": " + reader.read(null, DecoderFactory.get().binaryDecoder(bytes, null)));
    }
  }
}
JAVA
cat > probe.cjs <<'JS'
const avsc = require('avsc')
for (const [name, hex, from, to] of require('./cases.json')) {
  const [writer, reader] = [avsc.Type.forSchema(from), avsc.Type.forSchema(to)]
  console.log(`avsc     ${name}: ${JSON.stringify(reader.fromBuffer(Buffer.from(hex, 'hex'), reader.createResolver(writer)))}`)
}
JS
cat > probe.py <<'PY'
import io, json
import avro.io, avro.schema, fastavro
def by_avro(data, writer, reader):
    try:
        return avro.io.DatumReader(*(avro.schema.parse(json.dumps(s)) for s in (writer, reader))).read(avro.io.BinaryDecoder(data))
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"
for name, read in ("fastavro", fastavro.schemaless_reader), ("avro    ", by_avro):
    for case, data, writer, reader in json.load(open("cases.json")):
        print(f"{name} {case}: {read(io.BytesIO(bytes.fromhex(data)), writer, reader)}")
PY
{ java -cp 'libs/*' Probe.java; node probe.cjs; py/bin/python probe.py; } | tee seen
diff seen - <<'SEEN'
Java     alias: {"total": 5}
Java     enum default: A
Java     bytes to string: h
avsc     alias: {"total":5}
avsc     enum default: "A"
avsc     bytes to string: "h"
fastavro alias: {'total': 5}
fastavro enum default: A
fastavro bytes to string: h
avro     alias: {'total': 0}
avro     enum default: SchemaResolutionException: Symbol B not present in Reader's Schema
avro     bytes to string: SchemaResolutionException: Schemas do not match.
SEEN
