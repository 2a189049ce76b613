import assert from 'node:assert/strict'
import { test } from 'node:test'
import avsc from 'avsc'
import fc from 'fast-check'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import { parseTime } from '../../src/codec/avro/json-times.ts'

const SCHEMA = {
  type: 'record',
  name: 'All',
  namespace: 'n',
  fields: [
    { name: 'i', type: 'int' },
    { name: 'l', type: 'long' },
    { name: 'f', type: 'float' },
    { name: 'd', type: 'double' },
    { name: 's', type: 'string', default: 'x' },
    { name: 'b', type: 'bytes' },
    { name: 'on', type: 'boolean' },
    { name: 'e', type: { type: 'enum', name: 'E', symbols: ['A', 'B'] } },
    { name: 'x', type: { type: 'fixed', name: 'F', size: 3 } },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'exact', type: ['null', { type: 'long', logicalType: 'timestamp-micros' }] },
    { name: 'opt', type: ['null', 'string'], default: null },
    { name: 'any', type: ['int', 'string', 'n.E', 'null'] },
    { name: 'list', type: { type: 'array', items: ['null', 'long'] } },
    { name: 'map', type: { type: 'map', values: 'double' } },
    {
      name: 'inner',
      type: { type: 'record', name: 'In', fields: [{ name: 'next', type: ['null', 'n.In'] }] },
    },
  ],
}

/** Natural form. */
const VALUE = {
  i: -5,
  l: '9007199254740993',
  f: 0.5,
  d: 1e300,
  s: 'ü',
  b: '\u0000ÿ',
  on: true,
  e: 'B',
  x: 'abc',
  at: '2025-01-31T12:00:00.250Z',
  exact: '2025-01-31T12:00:00.000007Z',
  opt: 'there',
  any: 'text',
  list: [1, null, '-9223372036854775808'],
  map: { toString: 1, b: 2 },
  inner: { next: { next: null } },
}

const json = new AvroJson(SCHEMA)

function faultsOf(value: unknown): string[] {
  const faults: string[] = []
  json.encode(value, (path, message) => faults.push(`${path.join('.')}: ${message}`))
  return faults
}

test('the natural form and Avro’s JSON give the same bytes, which avsc reads', () => {
  const natural = json.encode(VALUE, assert.fail)!
  const encoded = {
    ...VALUE,
    exact: { long: 1_738_324_800_000_007 },
    opt: { string: 'there' },
    any: { string: 'text' },
    list: [{ long: 1 }, null, { long: '-9223372036854775808' }],
    inner: { next: { 'n.In': { next: null } } },
  }
  assert.deepEqual(json.encode(encoded, assert.fail), natural)
  const type = avsc.Type.forSchema(
    JSON.parse(JSON.stringify(SCHEMA).replaceAll('-9223372036854775808', '0')) as avsc.Schema,
  )
  const safe = json.encode({ ...VALUE, l: 7, list: [1] }, assert.fail)!
  const { l, at, any, inner } = type.fromBuffer(safe)
  assert.deepEqual(
    [l, at, { ...any }, inner.next.next],
    [7, 1_738_324_800_250, { string: 'text' }, null],
  )
})

test('what is decoded is what was written, in one form', () => {
  const bytes = json.encode(VALUE, assert.fail)!
  const decoded = json.decode(bytes)
  assert.deepEqual(decoded, { ...VALUE, any: { string: 'text' } })
  assert.deepEqual(json.encode(decoded, assert.fail), bytes)
  assert.deepEqual(json.normal(VALUE, false, assert.fail), decoded)
  assert.deepEqual(json.normal({ any: 'A', f: 0.1 }, true, assert.fail), {
    f: Math.fround(0.1),
    any: { string: 'A' },
  })
})

test('a union names its branch where the value alone would not say it', () => {
  const both = ['A', { string: 'A' }, { 'n.E': 'A' }].map((any) =>
    json.encode({ ...VALUE, any }, assert.fail)!.toString('hex'),
  )
  assert.equal(both[0], both[1])
  assert.notEqual(both[0], both[2])
})

test('a field with a default may be left out', () => {
  const { s: _, opt: __, ...rest } = VALUE
  const { s, opt } = json.decode(json.encode(rest, assert.fail)!)
  assert.deepEqual([s, opt], ['x', null])
})

test('each fault says where it is and what is wanted', () => {
  assert.deepEqual(faultsOf(3), [`: has to be a record with the fields ${names()}`])
  const wrong = {
    ...VALUE,
    i: 2 ** 31,
    l: '9223372036854775808',
    b: '€',
    e: 'C',
    x: 'ab',
    at: 'noon',
    any: 1.5,
    list: [1, 'a'],
    map: [],
    inner: { nxt: null },
  }
  assert.deepEqual(faultsOf(wrong), [
    'i: 2147483648 is not an int',
    'l: "9223372036854775808" is not a long',
    'b: "€" is not bytes, as text with a character for each',
    'e: "C" is not one of A, B',
    'x: "ab" is not text of 3 bytes',
    'at: "noon" is not a time; write 2025-01-31T12:00:00Z, or a number',
    'any: 1.5 is none of: an int, a string, one of A, B, null',
    'list.1: "a" is not a long',
    'map: has to be a map',
    'inner.nxt: there is no such field; did you mean "next"?',
    'inner: has no next',
  ])
})

const names = (): string => SCHEMA.fields.map(({ name }) => name).join(', ')

test('any value of int, long, text and bytes survives', () => {
  const value = fc.record({
    i: fc.integer(),
    l: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    s: fc.string({ unit: 'grapheme' }),
    b: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1')),
  })
  fc.assert(
    fc.property(value, (fields) => {
      const { i, l, s, b } = json.decode(json.encode({ ...VALUE, ...fields }, assert.fail)!)
      assert.deepEqual({ i, l: String(l), s, b }, { ...fields })
    }),
  )
})

test('times are read with any fraction and zone', () => {
  const first = Date.parse('0000-01-01T00:00:00Z')
  const last = Date.parse('9999-12-31T23:59:59.999Z')
  fc.assert(
    fc.property(fc.integer({ min: first, max: last }), (ms) => {
      assert.equal(parseTime(new Date(ms).toISOString()), ms)
    }),
  )
  assert.equal(parseTime('1970-01-01T01:00:00+01:00'), 0)
  assert.equal(parseTime('1970-01-01T00:00:00.5Z'), 500)
  assert.equal(parseTime('1970-01-01T00:00:00.000001Z'), 0.001)
  for (const text of [
    '1970-01-01',
    '1970-01-01T00:00:00',
    '1970-13-01T00:00:00Z',
    '2025-02-30T00:00:00Z',
    'now',
  ]) {
    assert.equal(parseTime(text), undefined, text)
  }
})
