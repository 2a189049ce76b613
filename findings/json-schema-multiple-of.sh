#!/usr/bin/env bash
# Expected: a JSON Schema with "multipleOf": 0.01, which is how one says "a price with two digits", lets each such price pass, in each client of a registry.
# Seen: of the prices from 0.01 to 1000.00 the Node and the Python validator refuse 11426, and the same ones: 0.07, 0.14, 0.28, 0.29 ... They divide doubles.
#   Java's validator, which Confluent's serializer has, compares decimals and refuses none.
# With: ajv 8.20.0 (below @confluentinc/schemaregistry 1.10.1), jsonschema 4.26.0 (below confluent-kafka for Python), everit-json-schema 1.14.6. Run on
#   2026-11-30 with Node 20.20.
# Hurts: a contract that Java's producers fulfil has Node's and Python's serializers refuse one valid price in nine, and consumers that validate reject
#   what the producer was told is right. Do: no multipleOf with a fraction; amounts in cents, or as text with a pattern.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts ajv@8.20.0
python3 -m venv py
py/bin/pip install -q jsonschema==4.26.0
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>probe</artifactId><version>1</version><dependencies>
<dependency><groupId>com.github.erosb</groupId><artifactId>everit-json-schema</artifactId><version>1.14.6</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=libs >&2
node -e 'for (let cents = 1; cents <= 100_000; cents++) console.log((cents / 100).toFixed(2));' > prices
cat > probe.mjs <<'JS'
import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
const isPrice = new Ajv().compile({ type: 'number', multipleOf: 0.01 });
const refused = readFileSync('prices', 'utf8').trim().split('\n').filter((price) => !isPrice(JSON.parse(price)));
console.log(`ajv: ${refused.length} refused ${refused.slice(0, 4).join(' ')}`.trim());
JS
cat > probe.py <<'PY'
import json
from jsonschema import Draft7Validator
validator = Draft7Validator({"type": "number", "multipleOf": 0.01})
refused = [price for price in open("prices").read().split() if not validator.is_valid(json.loads(price))]
print(f"jsonschema: {len(refused)} refused", *refused[:4])
PY
cat > Probe.java <<'JAVA'
import java.nio.file.*;
import org.everit.json.schema.ValidationException;
import org.everit.json.schema.loader.SchemaLoader;
import org.json.*;
public class Probe {
  public static void main(String[] none) throws Exception {
    var schema = SchemaLoader.load(new JSONObject("{\"type\":\"number\",\"multipleOf\":0.01}"));
    long refused = Files.readAllLines(Path.of("prices")).stream().filter(price -> {
      try {
        schema.validate(new JSONTokener(price).nextValue());
        return false;
      } catch (ValidationException raised) {
        return true;
      }
    }).count();
    System.out.println("everit: " + refused + " refused");
  }
}
JAVA
{ node probe.mjs; py/bin/python probe.py; java -cp 'libs/*' Probe.java; } | tee seen
diff seen - <<'SEEN'
ajv: 11426 refused 0.07 0.14 0.28 0.29
jsonschema: 11426 refused 0.07 0.14 0.28 0.29
everit: 0 refused
SEEN
