#!/usr/bin/env bash
# Expected: a field that the writer did not know has its default after reading, the same in each library: "\u00ff\u0001" for bytes
#   are the two bytes ff 01 (the specification's own mapping), a timestamp's default is a timestamp, and a nested record's
#   default {} has the inner fields' defaults.
# Seen: four libraries, three answers. Java and avsc give ff 01. Python's avro encodes the text as UTF-8 (three bytes, c3 bf 01),
#   and leaves a default decimal bytes and a default timestamp an int.
#   fastavro hands out the schema's JSON as it stands: a str for bytes, a str for a decimal, an int for a timestamp, and an empty
#   record without its inner field. The Python type of a field so depends on which producer wrote the record.
# With: fastavro 1.13.1 (also below confluent-kafka's AvroDeserializer), avro 1.12.2 for Python, avsc 5.7.9, Avro for Java
#   1.12.1. Run on 2026-11-28.
# Hurts: topics with old and new records: a field is datetime here and int there, `value + b"..."` raises on old records only, and
#   what is written on differs. Do: make new bytes, decimal and time fields nullable with default null.
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

echo '{"type":"record","name":"R","fields":[]}' > old.avsc
cat > new.avsc <<'JSON'
{"type":"record","name":"R","fields":[
  {"name":"raw","type":"bytes","default":"\u00ff\u0001"},
  {"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":4,"scale":2},"default":"\u0001"},
  {"name":"seen","type":{"type":"long","logicalType":"timestamp-millis"},"default":0},
  {"name":"unit","type":{"type":"record","name":"Unit","fields":[{"name":"factor","type":"int","default":7}]},"default":{}}]}
JSON
cat > Probe.java <<'JAVA'
import java.nio.*;
import java.nio.file.*;
import java.util.*;
import org.apache.avro.*;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.generic.*;
import org.apache.avro.io.*;
public class Probe {
  public static void main(String[] none) throws Exception {
    var data = new GenericData();
    data.addLogicalTypeConversion(new Conversions.DecimalConversion());
    data.addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
    var reader = new GenericDatumReader<GenericRecord>(schema("old.avsc"), schema("new.avsc"), data);
    var row = reader.read(null, DecoderFactory.get().binaryDecoder(new byte[0], null));
    var raw = new byte[((ByteBuffer) row.get("raw")).remaining()];
    ((ByteBuffer) row.get("raw")).get(raw);
    System.out.println("Java     raw " + HexFormat.of().formatHex(raw) + ", price " + row.get("price") + ", seen " + row.get("seen") + ", unit " + row.get("unit"));
  }
  static Schema schema(String file) throws Exception { return new Schema.Parser().parse(Path.of(file).toFile()); }
}
JAVA
cat > probe.cjs <<'JS'
const avsc = require('avsc')
const schema = (file) => avsc.Type.forSchema(JSON.parse(require('node:fs').readFileSync(file, 'utf8')))
const [old, now] = [schema('old.avsc'), schema('new.avsc')]
const row = now.fromBuffer(old.toBuffer({}), now.createResolver(old))
console.log(`avsc     raw ${row.raw.toString('hex')}, unit ${JSON.stringify(row.unit)}`)
JS
cat > probe.py <<'PY'
import io, json
import avro.io, avro.schema, fastavro
def show(name, row):
    print(f"{name} " + ", ".join(f"{field} {value!r}" for field, value in row.items()))
show("avro     ", avro.io.DatumReader(avro.schema.parse(open("old.avsc").read()), avro.schema.parse(open("new.avsc").read()))
     .read(avro.io.BinaryDecoder(io.BytesIO())))
show("fastavro ", fastavro.schemaless_reader(io.BytesIO(), json.load(open("old.avsc")), json.load(open("new.avsc"))))
PY
{ java -cp 'libs/*' Probe.java; node probe.cjs; py/bin/python probe.py; } | tee seen
diff seen - <<'SEEN'
Java     raw ff01, price 0.01, seen 1970-01-01T00:00:00Z, unit {"factor": 7}
avsc     raw ff01, unit {"factor":7}
avro      raw b'\xc3\xbf\x01', price b'\x01', seen 0, unit {'factor': 7}
fastavro  raw 'ÿ\x01', price '\x01', seen 0, unit {}
SEEN
