#!/usr/bin/env bash
# Expected: {"$numberLong": "…"} is there so that a 64-bit integer survives JSON; MongoDB's own JavaScript library reads it exactly, as its
#   Python library does.
# Seen: EJSON.parse gives a JavaScript number past 2^53, off by one, without an error, and EJSON.stringify writes a Long of the database
#   as such a number, too: a document that was read from BSON, where the Long is exact, is wrong once it is text. Both are right with
#   { relaxed: false }.
# With: bson 7.3.4 (npm), pymongo 4.20.1. Run on 2026-11-28.
# Hurts: Debezium's MongoDB connector has the document as extended JSON in `after`: ids made of time and machine (snowflakes) come out as
#   another id, and several share one. Do: EJSON.parse(text, { relaxed: false }), and the same for stringify.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts bson@7.3.4
python3 -m venv py
py/bin/pip install -q pymongo==4.20.1

cat > probe.mjs <<'JS'
import { BSON, EJSON, Long } from 'bson'
const after = '{"_id":{"$numberLong":"1795894257600000001"}}'
console.log(`bson: ${after} read as ${EJSON.parse(after)._id}`)
console.log(`bson: relaxed false: ${EJSON.parse(after, { relaxed: false })._id}`)
const document = BSON.deserialize(BSON.serialize({ _id: Long.fromString('1795894257600000001') }))
console.log(`bson: from BSON ${document._id}, as text ${EJSON.stringify(document)}`)
JS
cat > probe.py <<'PY'
from bson import json_util
print("pymongo:", json_util.loads('{"_id":{"$numberLong":"1795894257600000001"}}')["_id"])
PY
{ node probe.mjs; py/bin/python probe.py; } | tee seen
diff seen - <<'SEEN'
bson: {"_id":{"$numberLong":"1795894257600000001"}} read as 1795894257600000000
bson: relaxed false: 1795894257600000001
bson: from BSON 1795894257600000001, as text {"_id":1795894257600000000}
pymongo: 1795894257600000001
SEEN
