import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { AvroKey } from '../../src/codec/keys/avro.ts'
import { CompositeText, compositeTextOf } from '../../src/codec/keys/composite-text.ts'
import { avroKeyReader, keyBytes, keyReader, keyTextOf } from '../../src/codec/keys/keys.ts'
import { keyPlanFor, type RecordKeyPlan, recordKeyPlan } from '../../src/codec/keys/plan.ts'
import type { KeyReader } from '../../src/codec/port.ts'

const NAMES = ['a', 'b', 'c']
const parts = fc.tuple(
  fc.oneof(fc.string(), fc.constantFrom(',', '\\', '\\,', 'a,b', '')),
  fc.oneof(fc.integer(), fc.maxSafeInteger()),
  fc.constantFrom('WEB', 'APP'),
)

/** Reads like `JSON.parse` of an array of texts: no two lists of parts have one text. */
function partsOf(text: string): string[] {
  const found = ['']
  for (let i = 0; i < text.length; i++) {
    if (text[i] === ',') found.push('')
    else found[found.length - 1] += text[i] === '\\' ? text[++i] : text[i]
  }
  return found
}

test('a text of several parts says which they are', () => {
  const written = new CompositeText()
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 2, maxLength: 5 }), (texts) => {
      written.begin()
      for (const text of texts) {
        const bytes = bytesOf(Buffer.from(text))
        written.add(bytes, 0, bytes.length)
      }
      const text = written.buffer.toString('utf8', 0, written.end)
      assert.equal(text, compositeTextOf(texts))
      assert.deepEqual(partsOf(text), texts)
    }),
  )
})

/** With the fields in another order than the parts are. */
const SCHEMA = {
  type: 'record',
  name: 'Key',
  fields: [
    { name: 'c', type: { type: 'enum', name: 'Channel', symbols: ['WEB', 'APP'] } },
    { name: 'a', type: ['null', 'string'] },
    { name: 'b', type: 'long' },
  ],
}

function textOf(reader: KeyReader, key: Buffer): string | [string, string] {
  return keyTextOf(reader, key) ?? [String(reader.reason), reader.fault]
}

test('Avro records and JSON objects of the same fields have the same text, in the order of the names', () => {
  const plan = recordKeyPlan(SCHEMA, NAMES) as RecordKeyPlan
  const nullable = recordKeyPlan([SCHEMA, 'null'], NAMES) as RecordKeyPlan
  const json = keyReader('json', NAMES)
  fc.assert(
    fc.property(parts, fc.shuffledSubarray(NAMES, { minLength: 3 }), ([a, b, c], order) => {
      const fields = { a, b, c }
      const text = compositeTextOf([a, String(b), c])
      for (const one of [plan, nullable]) {
        assert.equal(textOf(avroKeyReader(one), keyBytes('avro', fields, one)!), text)
      }
      const turned = Object.fromEntries(
        order.map((name) => [name, fields[name as keyof typeof fields]]),
      )
      assert.equal(textOf(json, keyBytes('json', turned)!), text)
      const framed = Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), keyBytes('json', turned)!])
      assert.equal(textOf(json, framed), text)
      const wrapped = { schema: { type: 'struct' }, payload: turned }
      assert.equal(textOf(json, Buffer.from(JSON.stringify(wrapped, null, 2))), text)
    }),
  )
})

test('an Avro key of other fields, of a null one, or cut off, is refused with what it is', () => {
  const faultOf = (schema: unknown): unknown => keyPlanFor(schema, NAMES)
  const wanted = 'the key has to be a record of the fields a, b, c'
  assert.equal(faultOf('string'), `it is string; ${wanted}`)
  const fields = SCHEMA.fields.slice(1)
  assert.equal(faultOf({ ...SCHEMA, fields }), `it has the fields a, b; ${wanted}`)
  const more = [...SCHEMA.fields, { name: 'd', type: 'int' }]
  assert.equal(faultOf({ ...SCHEMA, fields: more }), `it has the fields c, a, b, d; ${wanted}`)
  const double = [SCHEMA.fields[0], { name: 'a', type: 'double' }, SCHEMA.fields[2]]
  assert.match(
    String(faultOf({ ...SCHEMA, fields: double })),
    /^of its field a, it is double; a key/,
  )

  const plan = recordKeyPlan(SCHEMA, NAMES) as RecordKeyPlan
  const reader = avroKeyReader(plan)
  const key = keyBytes('avro', { a: 'x', b: 7, c: 'APP' }, plan)!
  const none = Buffer.concat([key.subarray(0, 6), Buffer.from([0, 14])])
  assert.deepEqual(textOf(reader, none), ['null_key', 'A field of the key is null'])
  for (let length = 5; length < key.length; length++) {
    const [reason] = textOf(reader, key.subarray(0, length))
    assert.equal(reason, 'bad_key', String(length))
  }
  assert.equal(textOf(reader, Buffer.concat([key, Buffer.from([0])]))[0], 'bad_key')
})

test('by a registry each key is read by the schema that its id names', async () => {
  const other = { ...SCHEMA, fields: [...SCHEMA.fields].reverse() }
  const schemas = new Map<number, unknown>([
    [1, SCHEMA],
    [2, other],
    [3, 'string'],
  ])
  const { RegistryKeyPlans } = await import('../../src/codec/registry/key-plans.ts')
  const registry = {
    type: 'confluent',
    useId: null,
    byId: async (id: number) => schemas.get(id),
  }
  const reader = new AvroKey(new RegistryKeyPlans(registry as never, NAMES))
  for (const [id, schema] of schemas) {
    const plan = keyPlanFor(schema, id === 3 ? null : NAMES) as RecordKeyPlan
    const key = keyBytes('avro', id === 3 ? 'x' : { a: 'x', b: 7, c: 'APP' }, plan)!
    key.writeInt32BE(id, 1)
    assert.equal(keyTextOf(reader, key), undefined)
    assert.equal(reader.reason, null)
    await reader.load(bytesOf(key), 0, key.length, 0, 0)
    const wanted = [
      'bad_key',
      'The key’s schema 3 cannot be read as a key: it is string; the key has to be a record of the fields a, b, c',
    ]
    assert.deepEqual(textOf(reader, key), id === 3 ? wanted : 'x,7,APP')
  }
})

test('a JSON key that is no such object is refused with what it is', () => {
  const reader = keyReader('json', ['a', 'b'])
  const faults: Record<string, [string, RegExp]> = {
    '"x"': ['bad_key', /^The key is no JSON object; it has to be an object of the fields a, b$/],
    '{"a":1}': ['bad_key', /a JSON object without the field b/],
    '{"a":1,"b":2,"c":3}': ['bad_key', /a JSON object with the field c/],
    '{"a":1,"b":null}': ['null_key', /^The key’s field b is null$/],
    '{"a":1,"b":{"c":1}}': ['bad_key', /^The key’s field b is neither text nor a whole number$/],
    '{"a":1.5,"b":1}': ['bad_key', /^The key’s field a is neither/],
    '{"a":1,"b":': ['bad_key', /^The key is not JSON$/],
    '': ['bad_key', /^The key is not JSON$/],
  }
  for (const [key, [reason, fault]] of Object.entries(faults)) {
    const [found, text] = textOf(reader, Buffer.from(key))
    assert.equal(found, reason, key)
    assert.match(text, fault)
  }
})
