/** JSON of random Avro values, against a naive model of what avsc decodes, and as Python reads it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import avsc, { type Schema } from 'avsc'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { parseRecord } from '../../src/codec/avro-parse.ts'
import { AvroReader, type AvroRecordSchema } from '../../src/codec/avro-reader.ts'
import { JsonReader } from '../../src/codec/json-reader.ts'
import { jsonSchemaOf } from '../../src/codec/json-schema.ts'
import { writeString } from '../../src/codec/json-strings.ts'
import { TextBuffer } from '../../src/codec/text-buffer.ts'
import { longs } from './avsc-longs.ts'
import { Digits, type Json, JsonObject, modelOf, textOf } from './json-model.ts'

interface Typed {
  readonly type: unknown
  readonly values: fc.Arbitrary<unknown>
}

const FRAME = Buffer.from([0, 0, 0, 0, 1])
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: 'binary-ascii', maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
)
const long = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }),
  fc.bigInt({ min: -100_000n, max: 100_000n }),
  // Where days, and what a double holds, end.
  fc
    .tuple(
      fc.constantFrom(10n ** 3n, 10n ** 6n, 10n ** 9n),
      fc.bigInt({ min: -10_000n, max: 10_000n }),
      fc.bigInt({ min: -1n, max: 1n }),
    )
    .map(([unit, days, near]) => days * 86_400n * unit + near),
  fc.constantFrom(
    2n ** 52n,
    -(2n ** 52n),
    2n ** 53n,
    -(2n ** 63n),
    2n ** 63n - 1n,
    2n ** 31n,
    -(2n ** 31n),
  ),
)
const double = fc.oneof(
  fc.double(),
  fc.integer().map((cents) => cents / 100),
  fc.integer({ min: -1000, max: 1000 }).map(Number),
  fc.constantFrom(0, -0, 1e21, 1e-7, 5e-324, 2 ** 53, 214748.3647, 214748.3648, 0.1 + 0.2),
)
const float = fc.oneof(
  fc.float(),
  fc.integer({ min: -(10 ** 8), max: 10 ** 8 }).map((value) => Math.fround(value / 10_000)),
  fc.integer({ min: -150, max: 127 }).map((power) => Math.fround(2 ** power)),
)
const bytes = (constraints: fc.IntArrayConstraints = { maxLength: 20 }): fc.Arbitrary<Buffer> =>
  fc.uint8Array(constraints).map((of) => Buffer.from(of))
const logical = (type: string, logicalType: string, values: fc.Arbitrary<unknown>): Typed => ({
  type: { type, logicalType },
  values,
})
const connect = (type: string, name: string, values: fc.Arbitrary<unknown>): Typed => ({
  type: { type, 'connect.name': name },
  values,
})
const plain = fc.constantFrom<Typed>(
  { type: 'null', values: fc.constant(null) },
  { type: 'boolean', values: fc.boolean() },
  { type: 'int', values: fc.integer() },
  { type: 'long', values: long },
  { type: 'float', values: float },
  { type: 'double', values: double },
  { type: 'bytes', values: bytes() },
  { type: 'string', values: text },
  logical('string', 'uuid', text),
  logical('int', 'date', fc.oneof(fc.integer(), fc.integer({ min: -800_000, max: 3_000_000 }))),
  logical('int', 'time-millis', fc.oneof(fc.integer(), fc.nat(86_400_000))),
  ...['time-micros', 'timestamp-millis', 'timestamp-micros', 'timestamp-nanos'].map((name) =>
    logical('long', name, long),
  ),
  ...['local-timestamp-millis', 'local-timestamp-micros', 'local-timestamp-nanos'].map((name) =>
    logical('long', name, long),
  ),
  logical('long', 'another', long),
  connect('int', 'org.apache.kafka.connect.data.Date', fc.integer()),
  connect('long', 'io.debezium.time.MicroTimestamp', long),
  connect('long', 'io.debezium.time.NanoTime', long),
)
const decimal = fc.tuple(fc.nat(30), fc.boolean()).map(([scale, isFixed]): Typed => {
  const of = { logicalType: 'decimal', precision: 30, scale }
  const whole = { minLength: 14, maxLength: 14 }
  // Most numbers are small, and a fixed has their sign before them.
  const small = fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }).map((value) => {
    const hex = BigInt.asUintN(112, value).toString(16).padStart(28, '0')
    return Buffer.from(hex, 'hex')
  })
  return isFixed
    ? { type: { type: 'fixed', name: '', size: 14, ...of }, values: fc.oneof(bytes(whole), small) }
    : { type: { type: 'bytes', ...of }, values: fc.oneof(bytes(), small) }
})
const fixed = fc.integer({ min: 1, max: 20 }).map(
  (size): Typed => ({
    type: { type: 'fixed', name: '', size, ...(size === 16 ? { logicalType: 'uuid' } : {}) },
    values: bytes({ minLength: size, maxLength: size }),
  }),
)
const enumeration = fc.constantFrom(['A'], ['RED', 'BLUE']).map(
  (symbols): Typed => ({
    type: { type: 'enum', name: '', symbols },
    values: fc.constantFrom(...symbols),
  }),
)
const arrayOf = ({ type, values }: Typed): Typed => ({
  type: { type: 'array', items: type },
  values: fc.array(values, { maxLength: 3 }),
})
/** avsc reads a map into an object, where this key would set the prototype and be lost. */
const mapKey = text.filter((key) => key !== '__proto__')
const mapOf = ({ type, values }: Typed): Typed => ({
  type: { type: 'map', values: type },
  values: fc.dictionary(mapKey, values, { maxKeys: 3, noNullPrototype: true }),
})
const recordOf = (list: readonly Typed[]): Typed => ({
  type: { type: 'record', name: '', fields: list.map(({ type }, i) => ({ name: `f${i}`, type })) },
  values: fc.record(Object.fromEntries(list.map(({ values }, i) => [`f${i}`, values]))),
})
const nullable = (of: Typed): Typed => ({
  type: ['null', of.type],
  values: fc.option(of.values),
})
const union: Typed = {
  type: ['string', 'null', 'boolean', 'long', { type: 'array', items: 'int' }],
  values: fc.oneof(text, fc.constant(null), fc.boolean(), long, fc.array(fc.integer())),
}
const { anyType } = fc.letrec<{ anyType: Typed; nested: Typed }>((tie) => ({
  nested: fc.oneof(
    { maxDepth: 3 },
    { weight: 6, arbitrary: plain },
    { weight: 2, arbitrary: decimal },
    fixed,
    enumeration,
    fc.constant(union),
    tie('anyType').map(arrayOf),
    tie('anyType').map(mapOf),
    fc.array(tie('anyType'), { minLength: 1, maxLength: 4 }).map(recordOf),
  ),
  anyType: fc
    .tuple(tie('nested'), fc.boolean())
    .map(([of, isNullable]) =>
      isNullable && of.type !== 'null' && !Array.isArray(of.type) ? nullable(of) : of,
    ),
}))

/** Each named type gets a name of its own. */
function withNames(schema: unknown): AvroRecordSchema {
  let count = 0
  return JSON.parse(JSON.stringify(schema), (_key, value) =>
    value?.name === '' ? { ...value, name: `tests.T${count++}` } : value,
  )
}

const sample = fc
  .array(anyType, { minLength: 1, maxLength: 8 })
  .map(recordOf)
  .chain(({ type, values }) => {
    const schema = withNames(type)
    return values.map((value) => ({ schema, body: typeOf(schema).toBuffer(value) }))
  })

/** avsc with a long as a bigint, without logical types. */
function typeOf(schema: AvroRecordSchema): avsc.Type {
  const bare = JSON.parse(JSON.stringify(schema), (_key, value) => {
    if (value?.logicalType === undefined && value?.['connect.name'] === undefined) return value
    const { logicalType: _, ...rest } = value
    return value.type === 'fixed' ? rest : value.type
  })
  return avsc.Type.forSchema(bare as Schema, { wrapUnions: false, registry: { long: longs } })
}

function readerOf(schema: AvroRecordSchema): JsonReader {
  const select = schema.fields.map(({ name }) => ({ source: name, nullable: false }))
  return new JsonReader(schema, new AvroReader(schema, { select, keys: [], time: null }))
}

function jsonOf(schema: AvroRecordSchema, body: Buffer): string {
  const reader = readerOf(schema)
  const value = bytesOf(Buffer.concat([FRAME, body]))
  assert.equal(reader.read(0, value, 0, value.length), null)
  const target = bytesOf(Buffer.alloc(reader.projectedBytes + 2, '!'))
  assert.equal(reader.project(target, 1), target.length - 1)
  assert.equal(String(target.subarray(-1)), '!')
  return target.toString('utf8', 1, target.length - 1)
}

const modelled = (schema: AvroRecordSchema, body: Buffer): Json =>
  modelOf(schema, typeOf(schema).fromBuffer(body))

test('the JSON of any value is that of the model, to the byte, and of the schema that is derived', () => {
  const ajv = new Ajv({ validateFormats: false, strict: false })
  fc.assert(
    fc.property(sample, ({ schema, body }) => {
      const json = jsonOf(schema, body)
      assert.equal(json, textOf(modelled(schema, body)))
      const { fields } = parseRecord(schema)
      const validate = ajv.compile(jsonSchemaOf('Sample', fields, new Map()))
      assert.ok(validate(JSON.parse(json)), JSON.stringify(validate.errors))
      ajv.removeSchema()
    }),
    { numRuns: 700 },
  )
})

test('text that is no UTF-8 is written as readers of UTF-8 would have it', () => {
  const bits = fc.constantFrom(
    0x00,
    0x22,
    0x41,
    0x5c,
    0x7f,
    0x80,
    0x8f,
    0x90,
    0x9f,
    0xa0,
    0xbf,
    0xc1,
    0xc2,
    0xe0,
    0xed,
    0xef,
    0xf0,
    0xf4,
    0xf5,
    0xff,
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(bits, fc.nat(255)), { maxLength: 30 }), (some) => {
      const source = bytesOf(Buffer.from(some))
      const out = new TextBuffer()
      writeString(out, source, 0, source.length)
      assert.equal(out.buffer.toString('utf8', 0, out.at), JSON.stringify(source.toString('utf8')))
    }),
    { numRuns: 5000 },
  )
})

test('a record that is nested in itself, and one without fields, are objects', () => {
  const schema = {
    type: 'record',
    name: 'Tree',
    fields: [
      { name: 'name', type: 'string' },
      { name: 'parent', type: ['null', 'Tree'] },
      { name: 'nothing', type: { type: 'record', name: 'Nothing', fields: [] } },
    ],
  } as unknown as AvroRecordSchema
  const child = (name: string, parent: object | null): object => ({ name, parent, nothing: {} })
  const body = typeOf(schema).toBuffer(child('c', child('b', child('a', null))))
  assert.equal(jsonOf(schema, body), textOf(modelled(schema, body)))
  const validate = new Ajv({ strict: false }).compile(
    jsonSchemaOf('Tree', parseRecord(schema).fields, new Map([['name', 'Its name.']])),
  )
  assert.ok(validate(JSON.parse(jsonOf(schema, body))))
  assert.ok(!validate({ name: 'c', parent: { name: 'b' }, nothing: {} }))
})

test('decimals of any scale are exact, and short', () => {
  const of = (scale: number, bytes: number[]): string => {
    const type = { type: 'bytes', logicalType: 'decimal', precision: 10 ** 9, scale }
    const schema = { type: 'record', name: 'D', fields: [{ name: 'd', type }] }
    return jsonOf(schema as unknown as AvroRecordSchema, Buffer.from([2 * bytes.length, ...bytes]))
  }
  assert.equal(of(2, [4, 0xe2]), '{"d":12.50}')
  assert.equal(of(2, [0xfb]), '{"d":-0.05}')
  assert.equal(of(0, [0xfb]), '{"d":-5}')
  assert.equal(of(3, []), '{"d":0.000}')
  assert.equal(of(10 ** 9, [0xfb]), '{"d":-5e-1000000000}')
})

test('a value of a few bytes whose JSON would be gigabytes is told to be too large for any topic', () => {
  const names = Array.from({ length: 200 }, (_, i) => `a_field_with_a_long_name_${i}`)
  const items = {
    type: 'record',
    name: 'Nulls',
    fields: names.map((name) => ({ name, type: 'null' })),
  }
  const schema = {
    type: 'record',
    name: 'S',
    fields: [{ name: 'list', type: { type: 'array', items } }],
  }
  const reader = readerOf(schema as unknown as AvroRecordSchema)
  // 900,000 items of no bytes.
  const many = bytesOf(Buffer.concat([FRAME, Buffer.from([0xc0, 0xee, 0x6d, 0])]))
  assert.equal(reader.read(0, many, 0, many.length), null)
  assert.equal(reader.projectedBytes, Number.POSITIVE_INFINITY)
  const one = bytesOf(Buffer.concat([FRAME, Buffer.from([2, 0])]))
  assert.equal(reader.read(0, one, 0, one.length), null)
  assert.ok(reader.projectedBytes < 10_000)
})

/** As Python prints it: numbers as their texts. */
function printed(json: Json): unknown {
  if (json instanceof Digits) return { number: plainNumber(json.text) }
  if (json instanceof JsonObject) {
    // Of two keys that are the same the last one counts.
    return { object: [...new Map(json.entries)].map(([name, value]) => [name, printed(value)]) }
  }
  return Array.isArray(json) ? json.map(printed) : json
}

/** Python's Decimal keeps the digits; a whole number of JSON is one of Python's. */
const plainNumber = (digits: string): string => (digits === '-0' ? '0' : digits)

const READER = `
import json, sys
from decimal import Decimal
class Number(str): pass
def printed(value):
    if isinstance(value, Number): return {"number": str(value)}
    if isinstance(value, bool) or value is None or isinstance(value, str): return value
    if isinstance(value, int): return {"number": str(value)}
    if isinstance(value, dict): return {"object": [[k, printed(v)] for k, v in value.items()]}
    return [printed(item) for item in value]
def exact(text):
    Decimal(text)
    return Number(text)
for line in sys.stdin.buffer:
    print(json.dumps(printed(json.loads(line.decode("utf-8", "strict"), parse_float=exact))))
`
const python = spawnSync('python3', ['--version'])

test('Python reads the same values, with all digits', {
  skip: python.status !== 0 && 'There is no python3',
}, () => {
  const samples = fc.sample(sample, 500)
  const input = samples.map(({ schema, body }) => `${jsonOf(schema, body)}\n`).join('')
  const { stdout, stderr, status } = spawnSync('python3', ['-c', READER], {
    input,
    maxBuffer: 1 << 28,
  })
  assert.equal(status, 0, String(stderr))
  const lines = String(stdout).trimEnd().split('\n')
  assert.equal(lines.length, samples.length)
  for (const [i, { schema, body }] of samples.entries()) {
    assert.deepEqual(JSON.parse(lines[i]), printed(modelled(schema, body)))
  }
})
