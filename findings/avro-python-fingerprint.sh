#!/usr/bin/env bash
# Expected: the parsing canonical form, and so the CRC-64 fingerprint in the header of single-object encoding, is the same in
#   each library; that is what it is for.
# Seen: Apache's avro for Python leaves {"type":"long"} where the type had a logical type or another attribute, instead of "long".
#   Every schema with a timestamp or a decimal has another fingerprint there than in Java, fastavro and (by its canonical text) avsc.
#   Schemas without are equal, so a first test passes.
# With: avro 1.12.2 for Python, fastavro 1.13.1, avsc 5.7.9, Avro for Java 1.12.1. Run on 2026-11-28.
# Hurts: schema stores and caches keyed by fingerprint, single-object messages (c3 01 + fingerprint) between Python and the rest:
#   "unknown schema". Do: take the fingerprint from fastavro or Java.
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

echo '{"type":"record","name":"a.R","fields":[{"name":"at","type":"long"}]}' > plain.avsc
echo '{"type":"record","name":"a.R","fields":[{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}]}' > logical.avsc
cat > Probe.java <<'JAVA'
import java.nio.file.*;
import java.util.*;
import org.apache.avro.*;
public class Probe {
  public static void main(String[] files) throws Exception {
    for (String file : files) {
      Schema schema = new Schema.Parser().parse(Path.of(file).toFile());
      System.out.println("Java     " + file + " " + HexFormat.of().formatHex(SchemaNormalization.parsingFingerprint("CRC-64-AVRO", schema)) + " " + SchemaNormalization.toParsingForm(schema));
    }
  }
}
JAVA
cat > probe.py <<'PY'
import json, sys
import avro.schema
from fastavro.schema import fingerprint, to_parsing_canonical_form
for file in sys.argv[1:]:
    form = to_parsing_canonical_form(json.load(open(file)))
    print(f"fastavro {file} {fingerprint(form, 'CRC-64-AVRO')} {form}")
for file in sys.argv[1:]:
    schema = avro.schema.parse(open(file).read())
    print(f"avro     {file} {schema.fingerprint('CRC-64-AVRO').hex()} {schema.canonical_form}")
PY
cat > probe.cjs <<'JS'
const avsc = require('avsc')
for (const file of process.argv.slice(2)) {
  const type = avsc.Type.forSchema(JSON.parse(require('node:fs').readFileSync(file, 'utf8')))
  console.log(`avsc     ${file} ${JSON.stringify(type.schema())}`)
}
JS
{
  java -cp 'libs/*' Probe.java plain.avsc logical.avsc
  node probe.cjs plain.avsc logical.avsc
  py/bin/python probe.py plain.avsc logical.avsc
} | tee seen
diff seen - <<'SEEN'
Java     plain.avsc 30f2299067ebfb8e {"name":"a.R","type":"record","fields":[{"name":"at","type":"long"}]}
Java     logical.avsc 30f2299067ebfb8e {"name":"a.R","type":"record","fields":[{"name":"at","type":"long"}]}
avsc     plain.avsc {"name":"a.R","type":"record","fields":[{"name":"at","type":"long"}]}
avsc     logical.avsc {"name":"a.R","type":"record","fields":[{"name":"at","type":"long"}]}
fastavro plain.avsc 30f2299067ebfb8e {"name":"a.R","type":"record","fields":[{"name":"at","type":"long"}]}
fastavro logical.avsc 30f2299067ebfb8e {"name":"a.R","type":"record","fields":[{"name":"at","type":"long"}]}
avro     plain.avsc 30f2299067ebfb8e {"name":"a.R","type":"record","fields":[{"name":"at","type":"long"}]}
avro     logical.avsc 74168b3a7a1e724b {"name":"a.R","type":"record","fields":[{"name":"at","type":{"type":"long"}}]}
SEEN
