#!/usr/bin/env bash
# Expected: what a library makes of one payload does not depend on what else is installed next to it.
# Seen: sparkplug-payload reads an Int64 metric of -4 as -4 where it is alone. Installed beside Kafka's registry client (or any package that
#   brings long 5), npm's layout gives sparkplug-payload and its protobufjs two copies of `long`; its instanceof checks fail, and the same
#   bytes are 18446744073709551612, with 4294967295 (UInt32) an object instead of a number. Nothing warns.
# With: sparkplug-payload 1.0.3, alone and beside @kafkajs/confluent-schema-registry 3.9.0, npm's default layout. Run on 2026-11-28
#   with Node 20.20.
# Hurts: just the bridges from MQTT to Kafka that the two packages are for: a value below zero (power fed back, an offset) becomes
#   1.8e19; a test of the decoder alone is green. Do: BigInt.asIntN(64, BigInt(String(value))) where the type is Int64.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir alone beside
echo '{}' | tee alone/package.json > beside/package.json
npm install --prefix alone --silent --no-audit --no-fund --ignore-scripts sparkplug-payload@1.0.3
npm install --prefix beside --silent --no-audit --no-fund --ignore-scripts sparkplug-payload@1.0.3 @kafkajs/confluent-schema-registry@3.9.0

cat > alone/probe.cjs <<'JS'
const payload = require('sparkplug-payload').get('spBv1.0')
const written = payload.encodePayload({
  timestamp: 1,
  seq: 0,
  metrics: [{ name: 'power', type: 'Int64', value: -4 }, { name: 'count', type: 'UInt32', value: 4294967295 }],
})
console.log(`  bytes ${Buffer.from(written).toString('hex')}`)
for (const { name, type, value } of payload.decodePayload(written).metrics) console.log(`  ${name} ${type}: ${value}, a ${typeof value}`)
JS
cp alone/probe.cjs beside
{ echo alone; node alone/probe.cjs; echo beside; node beside/probe.cjs; } | tee seen
diff seen - <<'SEEN'
alone
  bytes 080112140a05706f776572200458fcffffffffffffffff01120f0a05636f756e74200758ffffffff0f1800
  power Int64: -4, a object
  count UInt32: 4294967295, a number
beside
  bytes 080112140a05706f776572200458fcffffffffffffffff01120f0a05636f756e74200758ffffffff0f1800
  power Int64: 18446744073709551612, a object
  count UInt32: 4294967295, a object
SEEN
