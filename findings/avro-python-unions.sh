#!/usr/bin/env bash
# Expected: an int goes into the long of a union and a bool into its boolean, wherever they stand in it; Java does so.
# Seen: fastavro takes the first branch that an int would fit into, and to it an int fits into a double: 9007199254740993
#   into ["null","double","long"] is written as the double 9007199254740992. Python's other library, avro, gets that right, and
#   writes True into ["null","boolean","long"] as the long 1, which fastavro gets right. The order of branches is not part of what
#   compatibility checks look at.
# With: fastavro 1.13.1 (also below confluent-kafka's AvroSerializer), avro 1.12.2 for Python, Avro for Java 1.12.1.
#   Run on 2026-11-28.
# Hurts: ids in a union of numbers (sensor values, attributes of any type) arrive changed, and true arrives as 1; both are valid
#   records, so nobody complains. Do: put long before double and boolean last, or name the branch: fastavro takes a pair ("long", n).
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
py/bin/pip install -q fastavro==1.13.1 avro==1.12.2

cat > Probe.java <<'JAVA'
import java.io.*;
import java.util.*;
import org.apache.avro.*;
import org.apache.avro.generic.*;
import org.apache.avro.io.*;
public class Probe {
  public static void main(String[] none) throws Exception {
    show("[\"null\",\"double\",\"long\"]", 9007199254740993L);
    show("[\"null\",\"boolean\",\"long\"]", true);
  }
  static void show(String union, Object value) throws Exception {
    var bytes = new ByteArrayOutputStream();
    new GenericDatumWriter<Object>(new Schema.Parser().parse(union)).write(value, EncoderFactory.get().directBinaryEncoder(bytes, null));
    System.out.println("Java     " + value + " in " + union + ": " + HexFormat.of().formatHex(bytes.toByteArray()));
  }
}
JAVA
cat > probe.py <<'PY'
import io, json
import avro.io, avro.schema, fastavro
def by_avro(union, value):
    out = io.BytesIO()
    avro.io.DatumWriter(avro.schema.parse(json.dumps(union))).write(value, avro.io.BinaryEncoder(out))
    return out
def by_fastavro(union, value):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, union, value)
    return out
for name, write in ("avro    ", by_avro), ("fastavro", by_fastavro):
    for union, value in (["null", "double", "long"], 9007199254740993), (["null", "boolean", "long"], True):
        out = write(union, value)
        print(f"{name} {value} in {json.dumps(union)}: {out.getvalue().hex()}, read {fastavro.schemaless_reader(io.BytesIO(out.getvalue()), union)!r}")
PY
{ java -cp 'libs/*' Probe.java; py/bin/python probe.py; } | tee seen
diff seen - <<'SEEN'
Java     9007199254740993 in ["null","double","long"]: 048280808080808020
Java     true in ["null","boolean","long"]: 0201
avro     9007199254740993 in ["null", "double", "long"]: 048280808080808020, read 9007199254740993
avro     True in ["null", "boolean", "long"]: 0402, read 1
fastavro 9007199254740993 in ["null", "double", "long"]: 020000000000004043, read 9007199254740992.0
fastavro True in ["null", "boolean", "long"]: 0201, read True
SEEN
