#!/usr/bin/env bash
# Expected: the Kafka binding of CloudEvents' own JavaScript library makes messages that a Kafka client can write, and reads those that it
#   delivers.
# Seen: neither with kafkajs. Kafka.binary leaves JSON data an object, and absent attributes as undefined headers: kafkajs can encode neither. What
#   it decodes has headers of bytes, and Kafka.toEvent throws "contentType.startsWith is not a function"; with the headers made text it
#   works. In structured mode the event's time loses its microseconds, in binary mode it keeps them.
# With: cloudevents 10.0.0 (npm), kafkajs 2.2.4 (its record encoder and decoder, without a broker). Run on 2026-11-28 with Node 20.20.
# Hurts: each service that is new to it; and the time of one event differs between two topics of different modes. Do: JSON.stringify the value,
#   drop undefined headers, and make text of headers before toEvent.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts cloudevents@10.0.0 kafkajs@2.2.4
cat > probe.cjs <<'JS'
const { CloudEvent, Kafka } = require('cloudevents')
const encode = require('kafkajs/src/protocol/recordBatch/record/v0')
const decode = require('kafkajs/src/protocol/recordBatch/record/v0/decoder')
const Decoder = require('kafkajs/src/protocol/decoder')
const event = new CloudEvent({ id: '1', source: '/meter', type: 'reading', time: '2024-01-01T00:00:00.123456Z', datacontenttype: 'application/json', data: { kwh: 1 } })
const attempt = (f) => { try { return f() } catch (error) { return `${error.name}: ${error.message}` } }
const record = ({ value, headers }) => encode({ offsetDelta: 0, timestampDelta: 0, key: 'meter-1', value, headers }).buffer
const { value, headers } = Kafka.binary(event)
const text = JSON.stringify(value)
const present = Object.fromEntries(Object.entries(headers).filter(([, header]) => header !== undefined))
console.log(`binary, as made: ${attempt(() => `${record({ value, headers: present }).length} bytes`)}`)
console.log(`binary, value as text: ${attempt(() => `${record({ value: text, headers }).length} bytes`)}`)
const bytes = record({ value: text, headers: present })
console.log(`binary, value as text, no undefined headers: ${bytes.length} bytes`)
const decoder = new Decoder(bytes)
decoder.readVarInt() // the record's length
const read = decode(decoder, { firstOffset: '0', firstTimestamp: '0', magicByte: 2 })
console.log(`read, as delivered: ${attempt(() => Kafka.toEvent(read).id)}`)
const texts = Object.fromEntries(Object.entries(read.headers).map(([name, header]) => [name, String(header)]))
console.log(`read, headers as text: ${attempt(() => `event ${Kafka.toEvent({ ...read, headers: texts }).id}`)}`)
console.log(`time: binary ${texts.ce_time}, structured ${JSON.parse(Kafka.structured(event).value).time}`)
JS
node probe.cjs | tee seen
diff seen - <<'SEEN'
binary, as made: TypeError: The "string" argument must be of type string or an instance of Buffer or ArrayBuffer. Received an instance of Object
binary, value as text: TypeError: The "string" argument must be of type string or an instance of Buffer or ArrayBuffer. Received undefined
binary, value as text, no undefined headers: 186 bytes
read, as delivered: TypeError: contentType.startsWith is not a function
read, headers as text: event 1
time: binary 2024-01-01T00:00:00.123456Z, structured 2024-01-01T00:00:00.123Z
SEEN
