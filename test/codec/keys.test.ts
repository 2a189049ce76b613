/** The text of record keys, in every key format, against avsc, BigInt and JSON.parse. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import avsc, { type Schema, type Type } from 'avsc'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { avroKeyReader, keyBytes, keyReader, keyTextOf } from '../../src/codec/keys/keys.ts'
import { keyPlan, keyPlanOfField } from '../../src/codec/keys/plan.ts'
import type { KeyReader } from '../../src/codec/port.ts'
import { longs } from './avsc-longs.ts'

const FRAME = Buffer.from([0, 0, 0, 0, 7])
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc
    .constantFrom(0n, 2n ** 31n, 2n ** 32n, 2n ** 52n, 2n ** 53n, 10n ** 16n, 2n ** 63n)
    .chain((edge) => fc.bigInt({ min: edge - 3n, max: edge + 3n }))
    .chain((value) => fc.constantFrom(value, -value))
    .filter((value) => BigInt.asIntN(64, value) === value),
)
const word = fc.string({ unit: 'grapheme', maxLength: 80 })
const binary = fc.uint8Array().map((bytes) => Buffer.from(bytes))

/** avsc takes a registered long for the bare name only. */
function oracle(schema: Schema): Type {
  const bare = JSON.parse(JSON.stringify(schema), (_key, value) =>
    value?.type === 'long' && value.name === undefined ? 'long' : value,
  )
  const registry = { long: longs }
  return avsc.Type.forSchema(bare, { wrapUnions: true, registry, logicalTypes: {} })
}

/** The key inside other bytes; latin1, so that any bytes can be compared. Or why there is no text. */
function read(reader: KeyReader, key: Buffer): string | { reason: string | null; fault: string } {
  const around = bytesOf(Buffer.concat([FRAME, key, FRAME]))
  const end = FRAME.length + key.length
  if (!reader.read(around, FRAME.length, end, end, end + 1)) {
    return { reason: reader.reason, fault: reader.fault }
  }
  return reader.buffer.toString('latin1', reader.start, reader.end)
}
const latin = (text: unknown): string => Buffer.from(String(text)).toString('latin1')
function refused(reader: KeyReader, key: Buffer, reason: string, fault: RegExp): void {
  const got = read(reader, key)
  assert.ok(typeof got === 'object', `it has the text ${got}`)
  assert.equal(got.reason, reason)
  assert.match(got.fault, fault)
}

function avroReader(schema: unknown): KeyReader {
  const plan = keyPlan(schema)
  assert.ok(typeof plan === 'object', String(plan))
  return avroKeyReader(plan)
}

test('keys of text and of bytes are as they are, and big-endian numbers become their digits', () => {
  const [long, int] = [keyReader('long'), keyReader('int')]
  fc.assert(
    fc.property(int64, binary, (value, other) => {
      const bytes = Buffer.from(BigInt.asUintN(64, value).toString(16).padStart(16, '0'), 'hex')
      assert.equal(read(long, bytes), String(value))
      assert.equal(read(int, bytes.subarray(4)), String(BigInt.asIntN(32, value)))
      if (other.length !== 8) refused(long, other, 'bad_key', /has \d+ bytes; .* long has 8/)
      if (other.length !== 4) refused(int, other, 'bad_key', /has \d+ bytes; .* int has 4/)
      assert.equal(read(keyReader('text'), other), other.toString('latin1'))
      assert.equal(read(keyReader('bytes'), other), other.toString('latin1'))
    }),
    { numRuns: 2000 },
  )
})

interface Named extends Record<string, unknown> {
  readonly type: string
  readonly name?: string
}

/** A type that can be a key, its values, and their texts. */
interface Scalar {
  readonly schema: Named
  readonly values: fc.Arbitrary<unknown>
  readonly text: (value: unknown) => string
}

const SYMBOLS = ['NEW', 'PAID', 'GONE']
const scalars: readonly Scalar[] = [
  { schema: { type: 'string' }, values: word, text: latin },
  { schema: { type: 'string', 'avro.java.string': 'String' }, values: word, text: latin },
  { schema: { type: 'string', logicalType: 'uuid' }, values: fc.uuid(), text: latin },
  { schema: { type: 'int' }, values: fc.integer(), text: String },
  { schema: { type: 'int', logicalType: 'date' }, values: fc.integer(), text: String },
  { schema: { type: 'long' }, values: int64, text: String },
  {
    schema: { type: 'enum', name: 'a.E', symbols: SYMBOLS },
    values: fc.constantFrom(...SYMBOLS),
    text: latin,
  },
  { schema: { type: 'bytes' }, values: binary, text: (v) => (v as Buffer).toString('latin1') },
  {
    schema: { type: 'fixed', name: 'a.F', size: 6 },
    values: fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
    text: (v) => (v as Buffer).toString('latin1'),
  },
]

type Wrap = (schema: Named) => { schema: unknown; wrap: (value: unknown) => unknown }
/** In a union avsc wants to be told the branch. */
const branch = ({ name, type }: Named, value: unknown) => ({
  [name ?? type]: value,
})
const inRecord = (value: unknown) => ({ 'shop.customers.Key': { id: value } })

/** The ways in which Debezium, Connect and plain serializers wrap a key. */
const wraps: readonly Wrap[] = [
  (schema) => ({ schema, wrap: (value) => value }),
  (schema) => ({ schema: ['null', schema], wrap: (value) => branch(schema, value) }),
  (schema) => ({ schema: [schema, 'null'], wrap: (value) => branch(schema, value) }),
  (schema) => ({ schema: record(schema), wrap: (value) => ({ id: value }) }),
  (schema) => ({
    schema: record(['null', schema]),
    wrap: (value) => ({ id: branch(schema, value) }),
  }),
  (schema) => ({ schema: ['null', record(schema)], wrap: inRecord }),
  (schema) => ({
    schema: [record([schema, 'null']), 'null'],
    wrap: (value) => inRecord(branch(schema, value)),
  }),
]
const record = (type: unknown) => ({
  type: 'record',
  name: 'Key',
  namespace: 'shop.customers',
  fields: [{ name: 'id', type }],
})

test('an Avro key has the text that avsc’s value has, bare or nullable, and as the one field of a record', () => {
  for (const { schema: type, values, text } of scalars) {
    for (const wrapped of wraps) {
      const { schema, wrap } = wrapped(type)
      const reader = avroReader(schema)
      const avro = oracle(schema as Schema)
      fc.assert(
        fc.property(values, binary, (value, more) => {
          const key = Buffer.concat([FRAME, avro.toBuffer(wrap(value))])
          assert.equal(read(reader, key), text(value))
          const longer = Buffer.concat([key, more])
          if (more.length > 0) refused(reader, longer, 'bad_key', /not the \w+ that its schema/)
          const cut = key.subarray(0, -1)
          if (cut.length > FRAME.length) assert.equal(typeof read(reader, cut), 'object')
        }),
        { numRuns: 50 },
      )
    }
  }
})

test('a type may be wrapped in another object, which avsc 5.7.9 does not read', () => {
  const key = Buffer.concat([FRAME, oracle('string').toBuffer('a')])
  assert.equal(read(avroReader({ type: { type: 'string' } }), key), 'a')
})

test('every 64-bit number is exact as an Avro long', () => {
  const reader = avroReader('long')
  const avro = oracle('long')
  fc.assert(
    fc.property(int64, (value) => {
      assert.equal(read(reader, Buffer.concat([FRAME, avro.toBuffer(value)])), String(value))
    }),
    { numRuns: 5000 },
  )
})

test('a null key is rejected as that, wherever the null is', () => {
  const nullable = ['null', 'long']
  for (const schema of [nullable, record(nullable), ['null', record('long')]]) {
    const value = Array.isArray(schema) ? null : { id: null }
    const key = Buffer.concat([FRAME, oracle(schema as Schema).toBuffer(value)])
    refused(avroReader(schema), key, 'null_key', /^The key is null$/)
  }
})

test('garbage never throws, and an int has 32 bits', () => {
  const readers = scalars.flatMap(({ schema }) =>
    wraps.map((wrap) => avroReader(wrap(schema).schema)),
  )
  fc.assert(
    fc.property(binary, (noise) => {
      for (const reader of readers) {
        read(reader, noise)
        read(reader, Buffer.concat([FRAME, noise]))
      }
      read(keyReader('json'), noise)
    }),
  )
  // As fastavro writes 2^31 into an int; Java reads another number.
  const over = Buffer.concat([FRAME, oracle('long').toBuffer(2n ** 31n)])
  refused(avroReader('int'), over, 'bad_key', /not the int/)
  refused(
    avroReader('string'),
    Buffer.from('plain'),
    'bad_key',
    /does not begin with byte 0.*"plain"/,
  )
})

test('a fixed that is a UUID has the text of one', () => {
  const reader = avroReader({ type: 'fixed', name: 'Id', size: 16, logicalType: 'uuid' })
  fc.assert(
    fc.property(fc.uuid(), (uuid) => {
      const key = Buffer.concat([FRAME, Buffer.from(uuid.replaceAll('-', ''), 'hex')])
      assert.equal(read(reader, key), uuid)
    }),
  )
})

test('a schema that is no key is named with what to do about it', () => {
  const two = {
    ...record('int'),
    fields: [
      { name: 'a', type: 'int' },
      { name: 'b', type: 'int' },
    ],
  }
  for (const [schema, what] of [
    [two, /a record of 2 fields \(a, b\)/],
    [['null', two], /a record of 2 fields/],
    [record(record('long')), /it is \{"type":"record"/],
    ['double', /it is double/],
    ['boolean', /it is boolean/],
    [{ type: 'array', items: 'int' }, /it is array/],
    [['int', 'string'], /the union/],
    [['null', 'int', 'string'], /the union/],
    [{ type: 'bytes', logicalType: 'decimal', precision: 9 }, /a decimal/],
    [{ type: 'record', name: 'R', fields: [{ name: 'r', type: 'R' }] }, /it is R/],
    [{}, /it is/],
  ] as const) {
    const fault = keyPlan(schema)
    assert.ok(typeof fault === 'string')
    assert.match(fault, what)
    assert.match(fault, /ExtractField\$Key/)
  }
})

test('a key that is matched with a nullable field is not nullable itself', () => {
  const plan = keyPlanOfField(['null', 'string'])
  assert.ok(typeof plan === 'object')
  const key = Buffer.concat([FRAME, oracle('string').toBuffer('a')])
  assert.equal(read(avroKeyReader(plan), key), 'a')
})

/** As Kafka Connect's JsonConverter writes a key with schemas.enable (connect-json 4.1.1). */
const envelope = (schema: unknown, payload: string): string =>
  `{"schema":${JSON.stringify(schema)},"payload":${payload}}`

test('JSON keys are text or whole numbers, alone, in an object of one field, in Connect’s envelope', () => {
  const reader = keyReader('json')
  const json = (text: string) => read(reader, Buffer.from(text))
  const schema = { type: 'struct', fields: [{ type: 'int64', field: 'id', doc: '"payload":1}' }] }
  fc.assert(
    fc.property(fc.oneof(word, int64), fc.constantFrom('', ' ', '\n\t'), (value, space) => {
      const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value)
      for (const key of [
        `${space}${text}${space}`,
        `{${space}"id"${space}:${space}${text}}`,
        envelope(schema, text),
        envelope(schema, `{"id":${text}}`),
        `{"payload":${text},"schema":null}`,
      ]) {
        assert.equal(json(key), latin(value), key)
        assert.equal(read(reader, Buffer.concat([FRAME, Buffer.from(key)])), latin(value), key)
      }
    }),
  )
  for (const [key, reason, fault] of [
    ['null', 'null_key', /is null/],
    ['{"id":null}', 'null_key', /is null/],
    [envelope(schema, 'null'), 'null_key', /is null/],
    ['true', 'bad_key', /true or false/],
    ['["a"]', 'bad_key', /array/],
    ['1.5', 'bad_key', /fraction/],
    ['1e3', 'bad_key', /exponent/],
    ['{}', 'bad_key', /none or several fields.*ExtractField\$Key/],
    ['{"a":1,"b":2}', 'bad_key', /several fields/],
    [envelope(schema, '{"a":1,"b":2}'), 'bad_key', /several fields/],
    ['{"a":{"b":1}}', 'bad_key', /in another one/],
    ...['', '"a', '1 2', 'a', '01', '{"a":1', '{"a":1,}', '"\\x"', '"\u0001"', '[1'].map(
      (text) => [text, 'bad_key', /not JSON/] as const,
    ),
  ] as const) {
    refused(reader, Buffer.from(key), reason, fault)
  }
})

test('what is JSON to JSON.parse is JSON to the scanner, and nothing else is', () => {
  const reader = keyReader('json')
  const sound = fc.json()
  const broken = fc.tuple(sound, fc.nat(), fc.constantFrom('"', '{', '}', ',', ':', '1', '\\', ' '))
  const texts = fc.oneof(
    sound,
    broken.map(([text, at, more]) => {
      const place = at % (text.length + 1)
      return text.slice(0, place) + more + text.slice(place)
    }),
  )
  fc.assert(
    fc.property(texts, (text) => {
      let isJson = true
      try {
        JSON.parse(text)
      } catch {
        isJson = false
      }
      const got = read(reader, Buffer.from(text))
      const isRefused = typeof got === 'object' && got.fault === 'The key is not JSON'
      assert.equal(isRefused, !isJson, text)
    }),
    { numRuns: 3000 },
  )
  refused(reader, Buffer.from('['.repeat(100_000)), 'bad_key', /not JSON/)
})

test('a key that is written in a format is read back as its text', () => {
  const plans = { string: keyPlan('string'), long: keyPlan(['null', record('long')]) }
  fc.assert(
    fc.property(fc.integer(), word, (number, text) => {
      for (const format of ['text', 'json', 'long', 'int', 'bytes'] as const) {
        assert.equal(keyTextOf(keyReader(format), keyBytes(format, number)!), String(number))
        assert.equal(keyBytes(format, 'no number') === undefined, /long|int/.test(format))
      }
      for (const format of ['text', 'json', 'bytes'] as const) {
        assert.equal(keyTextOf(keyReader(format), keyBytes(format, text)!), text)
      }
      for (const [plan, key] of [
        [plans.string, text],
        [plans.long, number],
      ] as const) {
        assert.ok(typeof plan === 'object')
        assert.equal(keyTextOf(avroKeyReader(plan), keyBytes('avro', key, plan)!), String(key))
      }
    }),
  )
  for (const edge of ['9223372036854775807', '-9223372036854775808']) {
    assert.equal(keyTextOf(keyReader('long'), keyBytes('long', edge)!), edge)
  }
  assert.equal(keyBytes('long', '9223372036854775808'), undefined)
  assert.equal(keyBytes('int', 2 ** 31), undefined)
})
