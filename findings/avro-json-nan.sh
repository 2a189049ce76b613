#!/usr/bin/env bash
# Expected: what a library writes as Avro's JSON encoding it reads again: NaN and Infinity are doubles of Avro, and JSON has to have some text for them.
# Seen: Java writes "NaN" and "Infinity", texts, and its own decoder refuses them: "Expected double. Got VALUE_STRING". fastavro writes NaN and Infinity
#   without quotes, which is not JSON, and which Java refuses; what Java wrote it reads as a str, without an error. avsc writes null, which it refuses. So no
#   two of the three understand each other, and two do not understand themselves.
# With: Avro for Java 1.12.1, fastavro 1.13.1, avsc 5.7.9. Run on 2026-11-30 with Node 20.20.
# Hurts: values in the JSON encoding (Apicurio's serializer with apicurio.value.encoding=JSON, REST proxies, dead letters kept as JSON): one sensor without a
#   reading, and the record is lost when it is read. Do: nullable fields, and null for NaN before the record is written; or the binary encoding.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts avsc@5.7.9
python3 -m venv py
py/bin/pip install -q fastavro==1.13.1
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.avro</groupId><artifactId>avro</artifactId><version>1.12.1</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>2.0.17</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
echo '{"type":"record","name":"Reading","fields":[{"name":"celsius","type":"double"}]}' > schema.json
cat > Probe.java <<'JAVA'
import java.io.ByteArrayOutputStream;
import java.nio.file.*;
import org.apache.avro.*;
import org.apache.avro.generic.*;
import org.apache.avro.io.*;
public class Probe {
  public static void main(String[] texts) throws Exception {
    Schema schema = new Schema.Parser().parse(Files.readString(Path.of("schema.json")));
    for (double celsius : new double[] {1.5, Double.NaN, Double.POSITIVE_INFINITY}) {
      var out = new ByteArrayOutputStream();
      Encoder encoder = EncoderFactory.get().jsonEncoder(schema, out);
      new GenericDatumWriter<>(schema).write(new GenericRecordBuilder(schema).set("celsius", celsius).build(), encoder);
      encoder.flush();
      System.out.println("Java writes " + out);
    }
    for (String text : texts) {
      try {
        Object read = new GenericDatumReader<>(schema).read(null, DecoderFactory.get().jsonDecoder(schema, text));
        System.out.println("Java reads " + text + " as " + read);
      } catch (AvroTypeException | java.io.IOException raised) {
        System.out.println("Java reads " + text + ": " + raised.getMessage().lines().findFirst().get());
      }
    }
  }
}
JAVA
cat > probe.py <<'PY'
import io, json, math, sys
import fastavro
schema = fastavro.parse_schema(json.load(open("schema.json")))
for celsius in 1.5, math.nan, math.inf:
    out = io.StringIO()
    fastavro.json_writer(out, schema, [{"celsius": celsius}])
    print("fastavro writes", out.getvalue())
for text in sys.argv[1:]:
    for read in fastavro.json_reader(io.StringIO(text), schema):
        print("fastavro reads", text, "as", read)
PY
cat > probe.mjs <<'JS'
import { readFileSync } from 'node:fs';
import avro from 'avsc';
const type = avro.Type.forSchema(JSON.parse(readFileSync('schema.json', 'utf8')));
for (const celsius of [1.5, NaN, Infinity]) console.log('avsc writes', type.toString({ celsius }));
for (const text of process.argv.slice(2)) {
  try {
    console.log('avsc reads', text, 'as', type.fromString(text).celsius);
  } catch (raised) {
    console.log('avsc reads', `${text}:`, raised.message);
  }
}
JS
{
  java -cp 'libs/*' Probe.java '{"celsius":"NaN"}' '{"celsius": NaN}' '{"celsius":null}'
  py/bin/python probe.py '{"celsius":"NaN"}' '{"celsius": NaN}' '{"celsius":null}'
  node probe.mjs '{"celsius":"NaN"}' '{"celsius": NaN}' '{"celsius":null}'
} | tee seen
diff seen - <<'SEEN'
Java writes {"celsius":1.5}
Java writes {"celsius":"NaN"}
Java writes {"celsius":"Infinity"}
Java reads {"celsius":"NaN"}: Expected double. Got VALUE_STRING
Java reads {"celsius": NaN}: Non-standard token 'NaN': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow
Java reads {"celsius":null}: Expected double. Got VALUE_NULL
fastavro writes {"celsius": 1.5}
fastavro writes {"celsius": NaN}
fastavro writes {"celsius": Infinity}
fastavro reads {"celsius":"NaN"} as {'celsius': 'NaN'}
fastavro reads {"celsius": NaN} as {'celsius': nan}
fastavro reads {"celsius":null} as {'celsius': None}
avsc writes {"celsius":1.5}
avsc writes {"celsius":null}
avsc writes {"celsius":null}
avsc reads {"celsius":"NaN"}: invalid "double": "NaN"
avsc reads {"celsius": NaN}: Unexpected token 'N', "{"celsius": NaN}" is not valid JSON
avsc reads {"celsius":null}: invalid "double": null
SEEN
