#!/usr/bin/env bash
# Expected: a schema that Java and Python accept, and with them the registries, can be read by a Node service.
# Seen: avsc refuses the whole schema for a default that it will never use: a default that fits a later branch of a union
#   (allowed since Avro 1.12), and a long default of 9223372036854775807, the usual "never" of Java. It refuses it as a
#   writer's schema too, where defaults have no meaning at all, so each record of that producer is unreadable.
# With: avsc 5.7.9; Avro for Java 1.12.1; fastavro 1.13.1. Run on 2026-11-28.
# Hurts: one producer's innocent new field stops the Node consumers of a topic. Do: take the defaults out of a writer's schema
#   before avsc sees it.
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
py/bin/pip install -q fastavro==1.13.1

cat > none.avsc <<'JSON'
{"type":"record","name":"R","fields":[]}
JSON
cat > branch.avsc <<'JSON'
{"type":"record","name":"R","fields":[{"name":"note","type":["string","null"],"default":null}]}
JSON
cat > never.avsc <<'JSON'
{"type":"record","name":"R","fields":[{"name":"until","type":"long","default":9223372036854775807}]}
JSON
cat > Probe.java <<'JAVA'
import java.nio.file.*;
import org.apache.avro.*;
import org.apache.avro.generic.*;
import org.apache.avro.io.*;
public class Probe {
  public static void main(String[] files) throws Exception {
    Schema none = new Schema.Parser().parse(Path.of("none.avsc").toFile());
    for (String file : files)
      System.out.println("Java     " + new GenericDatumReader<>(none, new Schema.Parser().parse(Path.of(file).toFile()))
          .read(null, DecoderFactory.get().binaryDecoder(new byte[0], null)));
  }
}
JAVA
cat > probe.py <<'PY'
import io, json, sys
import fastavro
for file in sys.argv[1:]:
    print("fastavro", fastavro.schemaless_reader(io.BytesIO(), json.load(open("none.avsc")), json.load(open(file))))
PY
cat > probe.cjs <<'JS'
const avsc = require('avsc')
for (const file of process.argv.slice(2)) {
  try {
    console.log('avsc    ', avsc.Type.forSchema(JSON.parse(require('node:fs').readFileSync(file, 'utf8'))).name)
  } catch (error) {
    console.log('avsc    ', error.message)
  }
}
JS
{
  java -cp 'libs/*' Probe.java branch.avsc never.avsc
  py/bin/python probe.py branch.avsc never.avsc
  node probe.cjs branch.avsc never.avsc
} | tee seen
diff seen - <<'SEEN'
Java     {"note": null}
Java     {"until": 9223372036854775807}
fastavro {'note': None}
fastavro {'until': 9223372036854775807}
avsc     incompatible field default null (invalid "string": null), union defaults must match the first branch's type ("string")
avsc     incompatible field default 9223372036854776000 (invalid "long": 9223372036854776000)
SEEN
