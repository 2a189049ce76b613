#!/usr/bin/env bash
# Expected: avsc throws where a long does not fit into a JavaScript number ("potential precision loss"), so that what it
#   does read and write is right.
# Seen: the check has a hole on the negative side. From -(2^52)-1 down to -(2^53)+1, each long comes out positive, and some
#   are off by one as well, without an error: -4503599627370497 is read as 4503599627370496, and written as the bytes of
#   that number, so it does not survive avsc itself. On the positive side the same magnitudes are right, and 2^53 - 1 throws.
# With: avsc 5.7.9, which is also below @confluentinc/schemaregistry 1.10.1 and @kafkajs/confluent-schema-registry 3.9.0.
#   Run on 2026-11-28 with Node 20.20.
# Hurts: ids that are hashes or fingerprints (one random 64-bit number in 4096 lies in the range): a look-up finds another
#   row, or none. Do: register a long type of BigInt (`types.LongType.__with`), or compare the bytes instead of the value.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts avsc@5.7.9

cat > probe.cjs <<'JS'
const avsc = require('avsc')
const long = avsc.Type.forSchema('long')
const exact = avsc.types.LongType.__with({
  fromBuffer: (buffer) => buffer.readBigInt64LE(),
  toBuffer: (n) => { const b = Buffer.alloc(8); b.writeBigInt64LE(n); return b },
  fromJSON: BigInt, toJSON: Number, isValid: (n) => typeof n === 'bigint', compare: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
})
const attempt = (f) => { try { return String(f()) } catch (error) { return `throws: ${error.message}` } }
for (const n of [2n ** 52n + 1n, 2n ** 53n - 1n, -(2n ** 52n), -(2n ** 52n) - 1n, -(2n ** 52n) - 2n, -(2n ** 53n) + 3n]) {
  const bytes = exact.toBuffer(n)
  console.log(`${n}: bytes ${bytes.toString('hex')}, read ${attempt(() => long.fromBuffer(bytes))}`)
}
console.log(`-4503599627370497 written and read by avsc: ${long.fromBuffer(long.toBuffer(-4503599627370497))}`)
JS
node probe.cjs | tee seen
diff seen - <<'SEEN'
4503599627370497: bytes 8280808080808010, read 4503599627370497
9007199254740991: bytes feffffffffffff1f, read throws: potential precision loss
-4503599627370496: bytes ffffffffffffff0f, read -4503599627370496
-4503599627370497: bytes 8180808080808010, read 4503599627370496
-4503599627370498: bytes 8380808080808010, read 4503599627370498
-9007199254740989: bytes f9ffffffffffff1f, read 9007199254740988
-4503599627370497 written and read by avsc: 4503599627370496
SEEN
