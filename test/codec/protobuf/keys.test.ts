/** Keys in Protobuf, as protobufjs writes them. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { AvroKey } from '../../../src/codec/keys/avro.ts'
import { compositeTextOf } from '../../../src/codec/keys/composite-text.ts'
import { keyTextOf, loadKey } from '../../../src/codec/keys/keys.ts'
import { ProtobufKeyPlans } from '../../../src/codec/protobuf/key-plans.ts'
import type { Registry } from '../../../src/codec/registry/registry.ts'

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys-'))
})
after(() => rmSync(folder, { recursive: true }))

const proto3 = (fields: string): string =>
  `syntax = "proto3"; package shop; message Key { ${fields} }`

/** Behind Confluent's frame and the index of the first message. */
function keyOf(schema: string, fields: Readonly<Record<string, unknown>>, id = 7): Buffer {
  const type = protobuf.parse(schema).root.lookupType('shop.Key')
  const frame = Buffer.from([0, 0, 0, 0, id, 0])
  return Buffer.concat([frame, type.encode(type.fromObject(fields)).finish()])
}

/** Of these schemas by their ids. */
const registryOf = (schemas: Readonly<Record<number, string>>): Registry =>
  ({
    url: 'http://registry',
    answer: async (id: number) =>
      schemas[id] === undefined ? undefined : { schema: schemas[id], schemaType: 'PROTOBUF' },
  }) as unknown as Registry

/** The text of the key; else the reason and the sentence. */
async function textOf(
  from: Registry | string,
  key: Buffer,
  names: readonly string[] | null = null,
): Promise<string> {
  const reader = new AvroKey(new ProtobufKeyPlans(from, names))
  if (keyTextOf(reader, key) === undefined && reader.reason === null) await loadKey(reader, key, [])
  return keyTextOf(reader, key) ?? `${reader.reason}: ${reader.fault}`
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })

test('a message of one field has its text, by the registry’s schema and by a file', async () => {
  const file = join(folder, 'key.proto')
  const kinds = [
    ['string', fc.string()],
    ['int64', int64.map(String)],
    ['sint64', int64.map(String)],
    ['sfixed64', int64.map(String)],
    ['int32', fc.integer()],
    ['uint32', fc.nat(2 ** 32 - 1)],
    ['optional string', fc.string()],
  ] as const
  for (const [type, values] of kinds) {
    const schema = proto3(`${type} id = 3;`)
    writeFileSync(file, schema)
    const property = fc.asyncProperty(values as fc.Arbitrary<unknown>, async (id) => {
      const key = keyOf(schema, { id })
      assert.equal(await textOf(registryOf({ 7: schema }), key), String(id))
      assert.equal(await textOf(file, key), String(id))
    })
    await fc.assert(property, { numRuns: 20 })
  }
})

test('a key of several fields has their texts, in the order of the names', async () => {
  const schema = proto3(
    'int32 number = 1; string country = 2; Kind kind = 3; enum Kind { WEB = 0; APP = 1; }',
  )
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.string(), async (number, country) => {
      const key = keyOf(schema, { number, country, kind: 1 })
      const text = await textOf(registryOf({ 7: schema }), key, ['kind', 'country', 'number'])
      assert.equal(text, compositeTextOf(['APP', country, String(number)]))
    }),
    { numRuns: 50 },
  )
})

test('each key is read by the schema that its id names, whatever its fields’ numbers are', async () => {
  const [one, other] = [proto3('string id = 1;'), proto3('int64 number = 9;')]
  const reader = new AvroKey(new ProtobufKeyPlans(registryOf({ 1: one, 2: other }), null))
  const keys = [
    keyOf(one, { id: 'a' }, 1),
    keyOf(other, { number: 5 }, 2),
    keyOf(one, { id: 'b' }, 1),
  ]
  for (const key of keys.slice(0, 2)) await loadKey(reader, key, [])
  assert.deepEqual(
    keys.map((key) => keyTextOf(reader, key)),
    ['a', '5', 'b'],
  )
})

test('what is no such key is refused with what it is', async () => {
  const schema = proto3('string id = 1;')
  const registry = registryOf({
    7: schema,
    8: proto3('string a = 1; string b = 2;'),
    9: proto3('uint64 n = 1;'),
  })
  const of = (key: Buffer, names: readonly string[] | null = null) => textOf(registry, key, names)
  assert.match(await of(Buffer.from('abc')), /^bad_key: The key does not begin with byte 0/)
  assert.match(await of(Buffer.from([0, 0, 0, 0, 7])), /^bad_key: .* no indexes of a message/)
  assert.match(
    await of(Buffer.from([0, 0, 0, 0, 7, 2, 4])),
    /^bad_key: .* no message with the indexes 2/,
  )
  assert.match(
    await of(Buffer.from([0, 0, 0, 0, 7, 0, 10, 9, 97])),
    /^bad_key: .* bytes are not the string/,
  )
  assert.match(
    await of(keyOf(schema, { id: 'x' }, 8)),
    /^bad_key: The key’s schema 8 .* a record of 2 fields \(a, b\)/,
  )
  assert.match(await of(keyOf(schema, { id: 'x' }, 9)), /^bad_key: .* it is a decimal/)
  assert.match(await of(keyOf(schema, { id: 'x' }, 6)), /^bad_key: .* has no schema with the id 6/)
  assert.match(
    await of(keyOf(schema, { id: 'x' }), ['a', 'b']),
    /it has the fields id; the key has to be/,
  )
  const optional = proto3('optional string id = 1;')
  const none = Buffer.from([0, 0, 0, 0, 7, 0])
  assert.match(await textOf(registryOf({ 7: optional }), none), /^null_key: /)
  assert.equal(await of(none), '')
})

test('any bytes are a key or are refused', async () => {
  const schema = proto3('string id = 1;')
  const plans = new ProtobufKeyPlans(registryOf({ 7: schema }), null)
  const reader = new AvroKey(plans)
  await loadKey(reader, keyOf(schema, { id: 'x' }), [])
  const noise = fc.array(fc.oneof(fc.constantFrom(0, 1, 2, 10, 0x80, 0xff), fc.nat(255)))
  fc.assert(
    fc.property(noise, fc.boolean(), (bytes, isFramed) => {
      const key = Buffer.from([...(isFramed ? [0, 0, 0, 0, 7, 0] : []), ...bytes])
      if (keyTextOf(reader, key) === undefined) assert.notEqual(reader.fault, '')
    }),
    { numRuns: 2000 },
  )
})
