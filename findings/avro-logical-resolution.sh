#!/usr/bin/env bash
# Expected: a schema change that a registry calls compatible leaves the meaning of stored records alone, and two readers of one
#   record with one reader's schema get one value.
# Seen: timestamp-millis to timestamp-micros and decimal scale 2 to scale 4 are COMPATIBLE to Avro's own checker (with which
#   registries answer). Java then gives the writer's number the reader's unit: 1.50 is read as 0.0150, 2024 as January 1970. fastavro
#   gives it the writer's unit: 1.50, 2024. With a reader's schema without the logical type fastavro gives a datetime all the same,
#   and where only the reader has it, a bare int.
# With: Avro for Java 1.12.1, fastavro 1.13.1. Run on 2026-11-28.
# Hurts: one producer that moves to microseconds (a new Debezium mode, another ORM) shifts time windows and money for all Java
#   readers, without an error, and a Python check of the same topic says that all is well. Do: a new field for a new unit; compare
#   logical types and scales of both schemas before reading.
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

echo '{"type":"long","logicalType":"timestamp-millis"}' > millis.avsc
echo '{"type":"long","logicalType":"timestamp-micros"}' > micros.avsc
echo '{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}' > scale2.avsc
echo '{"type":"bytes","logicalType":"decimal","precision":9,"scale":4}' > scale4.avsc
echo '"long"' > long.avsc
cat > Probe.java <<'JAVA'
import java.io.*;
import java.math.*;
import java.nio.file.*;
import java.time.*;
import org.apache.avro.*;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.generic.*;
import org.apache.avro.io.*;
public class Probe {
  static final GenericData data = new GenericData();
  public static void main(String[] none) throws Exception {
    data.addLogicalTypeConversion(new Conversions.DecimalConversion());
    data.addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
    data.addLogicalTypeConversion(new TimeConversions.TimestampMicrosConversion());
    show("millis", "micros", Instant.parse("2024-01-01T00:00:00Z"));
    show("scale2", "scale4", new BigDecimal("1.50"));
  }
  static void show(String written, String read, Object value) throws Exception {
    Schema from = schema(written), to = schema(read);
    var bytes = new ByteArrayOutputStream();
    new GenericDatumWriter<Object>(from, data).write(value, EncoderFactory.get().directBinaryEncoder(bytes, null));
    Files.write(Path.of(written + ".bin"), bytes.toByteArray());
    System.out.println("Java     " + written + " read as " + read + ": "
        + SchemaCompatibility.checkReaderWriterCompatibility(to, from).getType() + ", " + value + " is "
        + new GenericDatumReader<Object>(from, to, data).read(null, DecoderFactory.get().binaryDecoder(bytes.toByteArray(), null)));
  }
  static Schema schema(String name) throws Exception { return new Schema.Parser().parse(Path.of(name + ".avsc").toFile()); }
}
JAVA
cat > probe.py <<'PY'
import json
import fastavro
def schema(name): return json.load(open(f"{name}.avsc"))
for written, read in ("millis", "micros"), ("scale2", "scale4"), ("millis", "long"), ("long", "millis"):
    file = open("millis.bin" if written == "long" else f"{written}.bin", "rb")
    print(f"fastavro {written} read as {read}: {fastavro.schemaless_reader(file, schema(written), schema(read))}")
PY
{ java -cp 'libs/*' Probe.java; py/bin/python probe.py; } | tee seen
diff seen - <<'SEEN'
Java     millis read as micros: COMPATIBLE, 2024-01-01T00:00:00Z is 1970-01-20T17:21:07.200Z
Java     scale2 read as scale4: COMPATIBLE, 1.50 is 0.0150
fastavro millis read as micros: 2024-01-01 00:00:00+00:00
fastavro scale2 read as scale4: 1.50
fastavro millis read as long: 2024-01-01 00:00:00+00:00
fastavro long read as millis: 1704067200000
SEEN
