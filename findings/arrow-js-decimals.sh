#!/usr/bin/env bash
# Expected: a column of decimal(20,2) that pyarrow writes has the same numbers in JavaScript: 1.50, -1.50, 12345678901234567.89.
# Seen: apache-arrow, Apache's own, gives the digits without the point: 1.50 is "150". Of Parquet hyparquet makes doubles: 12345678901234567.89 is
#   12345678901234568. A time in microseconds is one in milliseconds in both, a double with a fraction and a Date that has lost it. No error, and the scale
#   is told by the column's type only.
# With: apache-arrow 21.2.0, hyparquet 1.33.0 (Node 20.20), pyarrow 26.0.1 (Python 3.11). Run on 2026-11-30.
# Hurts: tables and history that a job loads from a lake's files into a topic to be looked up: prices a hundred times as high, a time that equals no event's
#   time in microseconds. Do: have decimals and times cast to text or int64 by who writes the file; else scale by the column's type and take BigInts.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts apache-arrow@21.2.0 hyparquet@1.33.0
python3 -m venv py
py/bin/pip install -q pyarrow==26.0.1
cat > write.py <<'PY'
from decimal import Decimal
import pyarrow, pyarrow.ipc, pyarrow.parquet
prices = [Decimal("1.50"), Decimal("-1.50"), Decimal("12345678901234567.89")]
table = pyarrow.table({
    "price": pyarrow.array(prices, pyarrow.decimal128(20, 2)),
    "at": pyarrow.array([1764543600123456] * 3, pyarrow.timestamp("us", "UTC")),
})
pyarrow.parquet.write_table(table, "rows.parquet")
with pyarrow.ipc.new_file("rows.arrow", table.schema) as out:
    out.write_table(table)
PY
py/bin/python write.py
cat > read.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { tableFromIPC } from 'apache-arrow';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
const shown = (value) => (value instanceof Date ? value.toISOString() : value);
const arrow = [...tableFromIPC(readFileSync('rows.arrow'))];
for (const { price, at } of arrow) console.log(`apache-arrow: ${price}, at ${shown(at)}`);
const parquet = await parquetReadObjects({ file: await asyncBufferFromFile('rows.parquet') });
for (const { price, at } of parquet) console.log(`hyparquet: ${price}, at ${shown(at)}`);
JS
node read.mjs | tee seen
diff seen - <<'SEEN'
apache-arrow: 150, at 1764543600123.456
apache-arrow: -150, at 1764543600123.456
apache-arrow: 1234567890123456789, at 1764543600123.456
hyparquet: 1.5, at 2025-11-30T23:00:00.123Z
hyparquet: -1.5, at 2025-11-30T23:00:00.123Z
hyparquet: 12345678901234568, at 2025-11-30T23:00:00.123Z
SEEN
