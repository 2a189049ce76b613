#!/usr/bin/env bash
# Expected: two rules of Avro's specification about full names hold in each library. A name with dots is a full name, and
#   its own prefix is the namespace of what stands in it, whatever `namespace` says; and `"namespace": ""` puts a nested
#   type into the null namespace.
# Seen: avsc takes the inner type's namespace from the ignored attribute (z.Id instead of a.Id), so that its canonical form
#   is another one than Java's, and a reference to a.Id, which Java resolves, is an "undefined type name" to it. And where avsc
#   prints a schema with all attributes, the empty namespace is gone: the text, parsed again, names another type.
# With: avsc 5.7.9; Avro for Java 1.12.1; fastavro 1.13.1. Run on 2026-11-28.
# Hurts: schemas that SQL engines, Connect and code generators write (full name in `name`): a Node service refuses what the
#   registry holds, or caches and compares by another canonical form. Do: write references and nested names in full.
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

cat > full.avsc <<'JSON'
{"type":"record","name":"a.Order","namespace":"z","fields":[{"name":"id","type":{"type":"fixed","name":"Id","size":4}}]}
JSON
cat > reference.avsc <<'JSON'
{"type":"record","name":"a.Order","namespace":"z","fields":[{"name":"id","type":{"type":"fixed","name":"Id","size":4}},{"name":"of","type":"a.Id"}]}
JSON
cat > empty.avsc <<'JSON'
{"type":"record","name":"Order","namespace":"a","fields":[{"name":"id","type":{"type":"fixed","name":"Id","namespace":"","size":4}}]}
JSON
cat > Probe.java <<'JAVA'
import java.nio.file.*;
import org.apache.avro.*;
public class Probe {
  public static void main(String[] files) throws Exception {
    for (String file : files)
      System.out.println("Java     " + file + ": " + SchemaNormalization.toParsingForm(new Schema.Parser().parse(Path.of(file).toFile())));
  }
}
JAVA
cat > probe.py <<'PY'
import json, sys
from fastavro.schema import to_parsing_canonical_form
for file in sys.argv[1:]:
    print(f"fastavro {file}: {to_parsing_canonical_form(json.load(open(file)))}")
PY
cat > probe.cjs <<'JS'
const avsc = require('avsc')
const { readFileSync } = require('node:fs')
for (const file of process.argv.slice(2)) {
  try {
    console.log(`avsc     ${file}: ${JSON.stringify(avsc.Type.forSchema(JSON.parse(readFileSync(file, 'utf8'))).schema())}`)
  } catch (error) {
    console.log(`avsc     ${file}: ${error.message}`)
  }
}
const type = avsc.Type.forSchema(JSON.parse(readFileSync('empty.avsc', 'utf8')))
const again = avsc.Type.forSchema(JSON.parse(JSON.stringify(type.schema({ exportAttrs: true }))))
console.log(`avsc     empty.avsc: ${type.fields[0].type.name}, after its own text: ${again.fields[0].type.name}`)
JS
{
  java -cp 'libs/*' Probe.java full.avsc reference.avsc
  py/bin/python probe.py full.avsc reference.avsc
  node probe.cjs full.avsc reference.avsc
} | tee seen
diff seen - <<'SEEN'
Java     full.avsc: {"name":"a.Order","type":"record","fields":[{"name":"id","type":{"name":"a.Id","type":"fixed","size":4}}]}
Java     reference.avsc: {"name":"a.Order","type":"record","fields":[{"name":"id","type":{"name":"a.Id","type":"fixed","size":4}},{"name":"of","type":"a.Id"}]}
fastavro full.avsc: {"name":"a.Order","type":"record","fields":[{"name":"id","type":{"name":"a.Id","type":"fixed","size":4}}]}
fastavro reference.avsc: {"name":"a.Order","type":"record","fields":[{"name":"id","type":{"name":"a.Id","type":"fixed","size":4}},{"name":"of","type":"a.Id"}]}
avsc     full.avsc: {"name":"a.Order","type":"record","fields":[{"name":"id","type":{"name":"z.Id","type":"fixed","size":4}}]}
avsc     reference.avsc: undefined type name: a.Id
avsc     empty.avsc: Id, after its own text: a.Id
SEEN
