import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AvroJson } from '../../src/codec/avro-json.ts'
import { bareLongs } from '../../src/codec/bare-longs.ts'
import { typeOf } from '../../src/codec/value-text.ts'

const nanos = { type: 'long', 'connect.name': 'io.debezium.time.NanoTimestamp' }
const schema = {
  type: 'record',
  name: 'R',
  fields: [
    { name: 'a', type: nanos, default: { type: 'long' } },
    { name: 'b', type: ['null', nanos] },
    { name: 'c', type: { type: 'array', items: nanos } },
    { name: 'd', type: { type: 'record', name: 'S', fields: [{ name: 'e', type: nanos }] } },
    { name: 'f', type: { type: 'long', logicalType: 'timestamp-micros' } },
  ],
}

test('longs lose their attributes wherever a type may stand, and nothing else does', () => {
  assert.deepEqual(bareLongs(schema, new Set(['timestamp-micros'])), {
    ...schema,
    fields: [
      { name: 'a', type: 'long', default: { type: 'long' } },
      { name: 'b', type: ['null', 'long'] },
      { name: 'c', type: { type: 'array', items: 'long' } },
      { name: 'd', type: { type: 'record', name: 'S', fields: [{ name: 'e', type: 'long' }] } },
      schema.fields[4],
    ],
  })
})

test('a long with attributes is exact in views and fixtures', () => {
  const record = { type: 'record', name: 'R', fields: [{ name: 'a', type: nanos }] }
  const text = '1760000000123456789'
  const json = new AvroJson(record)
  const bytes = json.encode({ a: text }, (_path, message) => assert.fail(message))!
  assert.deepEqual(json.decode(bytes), { a: text })
  const { a } = typeOf(record).fromBuffer(bytes) as { a: bigint }
  assert.equal(String(a), text)
})
