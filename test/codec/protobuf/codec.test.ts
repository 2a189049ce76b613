import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../../src/bytes.ts'
import { AvroJson } from '../../../src/codec/avro/json-encoding.ts'
import { ProtobufCodec } from '../../../src/codec/protobuf/codec.ts'
import { encodeBare, encodeValue } from '../../../src/codec/protobuf/encode.ts'
import type { Registry } from '../../../src/codec/registry/registry.ts'
import type { SchemaText } from '../../../src/codec/registry/schema-text.ts'
import { Choices, messageOf, protoFile, topOf } from './random-messages.ts'
import { FIRST, reading, viewOfText } from './reading.ts'

const SYNTAX = 'syntax = "proto3"; package shop;'

function registryWith(schemas: Readonly<Record<number, Partial<SchemaText>>>): Registry {
  const registry = {
    url: 'http://registry',
    async answer(id: number) {
      const found = schemas[id]
      return found && { schema: found.text, schemaType: found.type ?? 'PROTOBUF' }
    },
  }
  return registry as unknown as Registry
}

/** Reads a value in hex, of a schema of the registry, as the reader's text; a text: why there is none. */
async function readFrom(
  registry: Registry,
  text: string,
  hex: string,
  type: string | null = null,
): Promise<unknown> {
  const schema = await viewOfText(text, type ?? undefined)
  const select = schema.fields.map(({ name }) => ({ source: name, nullable: false }))
  const codec = new ProtobufCodec(registry, schema, { select, keys: [], time: null }, type)
  const value = Buffer.from(hex, 'hex')
  if (codec.reader(value, 0, value.length, 0, 0) === null) await codec.load(value, 0)
  const reader = codec.reader(value, 0, value.length, 0, 0)
  if (reader === null || typeof reader === 'string') return `${reader}: ${codec.fault}`
  const reason = reader.read(0, bytesOf(value), 0, value.length)
  if (reason !== null) return `${reason}: ${reader.fault}`
  reader.select(0)
  const avro = bytesOf(Buffer.alloc(reader.projectedBytes))
  reader.project(avro, 0)
  return new AvroJson(schema).decode(avro)
}

const ONE = '0000000001'

test('a value of a writer whose types changed is read by its numbers, and what the reader does not hold is rejected', async () => {
  const read = (writer: string, reader: string, body: string): Promise<unknown> =>
    readFrom(
      registryWith({ 1: { text: `${SYNTAX} message Order { ${writer} }` } }),
      `${SYNTAX} message Order { ${reader} }`,
      `${ONE}00${body}`,
    )
  assert.deepEqual(await read('int64 old = 1;', 'int32 n = 1; string later = 2;', '0805'), {
    n: 5,
    later: '',
  })
  assert.deepEqual(await read('uint32 n = 1;', 'int64 n = 1;', '08ffffffff0f'), { n: 4294967295 })
  assert.deepEqual(await read('int32 n = 1;', 'bool n = 1;', '0802'), { n: true })
  assert.deepEqual(await read('sint64 n = 1;', 'sint32 n = 1;', '0803'), { n: -2 })
  assert.deepEqual(await read('bytes s = 1;', 'string s = 1;', '0a0141'), { s: 'A' })
  assert.deepEqual(await read('string s = 1;', 'repeated string s = 1;', '0a0141'), { s: ['A'] })
  for (const [writer, reader, body] of [
    ['int64', 'int32', '088080808010'],
    ['int32', 'uint32', '08ffffffffffffffffff01'],
    ['uint64', 'int64', '08ffffffffffffffffff01'],
    ['sint64', 'sint32', '088080808010'],
    ['fixed32', 'sfixed32', '0dffffffff'],
    ['sfixed64', 'fixed64', '09ffffffffffffffff'],
  ]) {
    assert.equal(
      await read(`${writer} n = 1;`, `${reader} n = 1;`, body),
      `incompatible_schema: The field n is a number that ${reader} does not hold`,
    )
  }
  for (const [writer, reader] of [
    ['string n = 1;', 'int32 n = 1;'],
    ['int32 n = 1;', 'sint32 n = 1;'],
    ['double n = 1;', 'float n = 1;'],
    ['repeated int32 n = 1;', 'int32 n = 1;'],
    ['map<string, int32> n = 1;', 'repeated string n = 1;'],
  ]) {
    assert.match(
      String(await read(writer, reader, '')),
      /^incompatible_schema: The schema 1 cannot be read as shop.Order: the field n is .+; the pipeline reads /,
    )
  }
})

test('an enum’s name is the writer’s', async () => {
  const text = (symbols: string): string =>
    `${SYNTAX} message Order { Kind kind = 1; } enum Kind { NONE = 0; ${symbols} }`
  const registry = registryWith({ 1: { text: text('NEW = 1;') } })
  assert.deepEqual(await readFrom(registry, text(''), `${ONE}000801`), { kind: 'NEW' })
  assert.deepEqual(await readFrom(registry, text(''), `${ONE}000802`), { kind: '2' })
})

test('the indexes say which message a value is; others are passed over where the type is named', async () => {
  const text = `${SYNTAX} message Paid { int32 a = 1; message Inner { int32 c = 1; } } message Order { int32 b = 1; }`
  const registry = registryWith({
    1: { text },
    2: { text: 'broken {' },
    3: { type: 'AVRO', text: '"int"' },
  })
  const read = (hex: string, type: string | null): Promise<unknown> =>
    readFrom(registry, text, hex, type)
  assert.deepEqual(await read(`${ONE}02020801`, 'Order'), { b: 1 })
  assert.deepEqual(await read(`${ONE}0400000801`, 'shop.Paid.Inner'), { c: 1 })
  assert.deepEqual(await read(`${ONE}02000801`, null), { a: 1 })
  assert.equal(
    await read(`${ONE}000801`, 'Order'),
    'other_type: The value is of another type: shop.Paid',
  )
  assert.match(
    String(await read(`${ONE}02020801`, null)),
    /^incompatible_schema: .*it is a shop.Order/,
  )
  assert.equal(
    await read(`${ONE}020a`, null),
    'incompatible_schema: The schema 1 has no message with the indexes 5',
  )
  assert.match(String(await read(ONE, null)), /^malformed: .*no indexes/)
  assert.match(String(await read(`${ONE}0a`, null)), /^malformed: .*no indexes/)
  assert.match(
    String(await read('000000000200', null)),
    /^incompatible_schema: The schema 2 cannot be read: /,
  )
  assert.match(String(await read('000000000300', null)), /it is of the type AVRO, and no Protobuf$/)
  assert.match(String(await read('0800', null)), /^not_framed: /)
})

test('what a fixture’s value is written as is read as that value, in a frame and without', async () => {
  await fc.assert(
    fc.asyncProperty(
      protoFile,
      fc.uint8Array({ minLength: 100, maxLength: 400 }),
      async (text, seed) => {
        const type = topOf(text)
        const schema = await viewOfText(text)
        const read = reading(schema)
        const value = read(type.encode(messageOf(type, new Choices(seed))).finish())
        const written = encodeValue(schema, value as Record<string, unknown>)
        assert.deepEqual(read(written, FIRST.subarray(0, 5)), value, text)
        const bare = encodeBare(schema, value as Record<string, unknown>)
        assert.deepEqual(reading(schema, true)(bare, Buffer.alloc(0)), value, text)
      },
    ),
    { numRuns: 150 },
  )
})
