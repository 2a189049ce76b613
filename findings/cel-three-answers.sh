#!/usr/bin/env bash
# Expected: a CEL expression (conditions of data contracts in schema registries, of gateways and of pipelines) means the same
#   in each implementation: int is 64 bits and overflow is an error, a timestamp's text keeps its nanoseconds.
# Seen: the milliseconds of a duration of 1.5 s are 1500 or 500. A timestamp as text is cut off to the second, or refused, or
#   right. The double 1.0 as text is "1" or "1.0". In cel-js the negation of the least int, its division by -1 and int(1e19)
#   are "ints" beyond 64 bits, where the others raise errors; so is no other overflow: x * -1 is one.
# With: @marcbachmann/cel-js 8.0.0, @bufbuild/cel 0.6.1 (Node 20.20), cel-python 0.5.0 (Python 3.11). Run on 2026-11-29.
# Hurts: a rule that is checked in Python, say, and run in JavaScript takes other records; a key made by string(x) is another
#   key. Do: keep text of doubles and timestamps out of keys, take totals of durations by comparing durations
#   (d > duration("1s")), and bound what may overflow.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @marcbachmann/cel-js@8.0.0 @bufbuild/cel@0.6.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cel-python==0.5.0

cat > expressions.json <<'JSON'
["duration(\"1.5s\").getMilliseconds()", "string(timestamp(\"2026-01-31T12:00:00.123456789Z\"))", "string(1.0)",
 "-x", "x / -1", "x * -1", "int(1e19)"]
JSON
cat > probe.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { run } from '@bufbuild/cel'
import { evaluate } from '@marcbachmann/cel-js'
const x = -(2n ** 63n)
const attempt = (work) => {
  try {
    const value = work()
    return typeof value === 'bigint' || typeof value === 'string' ? String(value) : 'error'
  } catch {
    return 'error'
  }
}
for (const text of JSON.parse(readFileSync('expressions.json'))) {
  console.log(`cel-js ${text}: ${attempt(() => evaluate(text, { x }))}`)
  console.log(`bufbuild ${text}: ${attempt(() => run(text, { x }))}`)
}
JS
cat > probe.py <<'PY'
import json
import celpy
from celpy import celtypes
environment = celpy.Environment()
for text in json.load(open('expressions.json')):
    try:
        value = environment.program(environment.compile(text)).evaluate({'x': celtypes.IntType(-(2**63))})
    except celpy.CELEvalError:
        value = 'error'
    print(f'cel-python {text}: {value}')
PY
{ node probe.mjs; venv/bin/python probe.py; } | tee seen
diff seen - <<'SEEN'
cel-js duration("1.5s").getMilliseconds(): 1500
bufbuild duration("1.5s").getMilliseconds(): 500
cel-js string(timestamp("2026-01-31T12:00:00.123456789Z")): error
bufbuild string(timestamp("2026-01-31T12:00:00.123456789Z")): 2026-01-31T12:00:00.123456789Z
cel-js string(1.0): 1
bufbuild string(1.0): 1
cel-js -x: 9223372036854775808
bufbuild -x: error
cel-js x / -1: 9223372036854775808
bufbuild x / -1: error
cel-js x * -1: error
bufbuild x * -1: error
cel-js int(1e19): 10000000000000000000
bufbuild int(1e19): error
cel-python duration("1.5s").getMilliseconds(): 1500
cel-python string(timestamp("2026-01-31T12:00:00.123456789Z")): 2026-01-31T12:00:00Z
cel-python string(1.0): 1.0
cel-python -x: error
cel-python x / -1: error
cel-python x * -1: error
cel-python int(1e19): error
SEEN
