import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inferSchema } from '../../src/cli/infer-schema.ts'
import { parseRecord } from '../../src/codec/avro/parse.ts'
import { typeText } from '../../src/codec/avro/schema.ts'

const typesOf = (...values: string[]): Record<string, string> =>
  Object.fromEntries(
    parseRecord(inferSchema('shop.orders', values)).fields.map(({ name, type }) => [
      name,
      typeText(type),
    ]),
  )

test('a sample of JSON values says what its members are', () => {
  const first =
    '{"id":"a","n":1,"price":19.50,"share":0.5,"at":"2026-01-31T12:00:00.000Z","day":"2026-01-31","ok":true,"big":9223372036854775808,"tags":["x"],"inner":{"zip":1},"gone":null,"some":1,"mixed":1}'
  const second =
    '{"id":"b","n":-2,"price":1.25,"share":1,"at":"2026-01-31T12:00:01.500Z","day":"2026-02-01","ok":false,"big":1,"tags":[],"inner":{"zip":null,"city":"Bonn"},"gone":null,"mixed":"x"}'
  assert.deepEqual(typesOf(first, second), {
    id: 'string',
    n: 'long',
    price: 'bytes as decimal(38,2)',
    share: 'double',
    at: 'long as timestamp-millis',
    day: 'int as date',
    ok: 'boolean',
    big: 'bytes as decimal(38,0)',
    tags: 'array of string',
    inner: 'record ShopOrdersInner',
    gone: 'null or string',
    some: 'null or long',
    mixed: 'long or string',
  })
})

test('times that would come out otherwise than they came stay texts', () => {
  assert.deepEqual(
    typesOf('{"at":"2026-01-31T12:00:00Z"}', '{"at":"2026-01-31T13:00:00.1+01:00"}'),
    { at: 'string' },
  )
})

test('many members that most objects lack are a map’s', () => {
  const values = Array.from({ length: 30 }, (_, i) => `{"by":{"k${i}":${i}}}`)
  assert.deepEqual(typesOf(...values), { by: 'map of long' })
})
