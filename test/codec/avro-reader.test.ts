import assert from 'node:assert/strict'
import { test } from 'node:test'
import avsc, { type Schema, type Type } from 'avsc'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { AvroReader, type AvroRecordSchema, type ReaderPlan } from '../../src/codec/avro/reader.ts'
import { longs } from './avsc-longs.ts'

/** avsc with a long as a bigint, without logical types. */
function oracle(schema: Schema): Type {
  const plain = JSON.parse(JSON.stringify(schema), (_key, value) =>
    value?.logicalType === undefined ? value : value.type,
  )
  return avsc.Type.forSchema(plain, { wrapUnions: false, registry: { long: longs } })
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const long = fc.oneof(
  fc.bigInt({ min: -(2n ** 52n), max: 2n ** 53n - 1n }),
  int64.filter((value) => value >= 2n ** 53n || value <= -(2n ** 53n)),
  fc.constantFrom(0n, -1n, 63n, 64n, -64n, -65n, 2n ** 31n, 2n ** 63n - 1n, -(2n ** 63n)),
)
const word = fc.string({ unit: 'grapheme', maxLength: 80 })
const binary = (constraints: fc.IntArrayConstraints = {}): fc.Arbitrary<Buffer> =>
  fc.uint8Array(constraints).map((bytes) => Buffer.from(bytes))

/** A type and its values. */
interface Typed {
  readonly type: Schema
  readonly values: fc.Arbitrary<unknown>
}

const plain = fc.constantFrom<Typed>(
  { type: 'boolean', values: fc.boolean() },
  { type: 'int', values: fc.integer() },
  { type: 'long', values: long },
  { type: 'float', values: fc.float({ noNaN: true }) },
  { type: 'double', values: fc.double({ noNaN: true }) },
  { type: 'bytes', values: binary() },
  { type: 'string', values: word },
  { type: { type: 'int', logicalType: 'date' }, values: fc.integer() },
  { type: { type: 'long', logicalType: 'timestamp-micros' }, values: long },
  { type: { type: 'bytes', logicalType: 'decimal', precision: 9 }, values: binary() },
  { type: ['int', 'null', 'string'], values: fc.oneof(fc.integer(), fc.constant(null), word) },
)
const enumeration = fc.integer({ min: 1, max: 100 }).map((size): Typed => {
  const symbols = Array.from({ length: size }, (_, i) => `S${i}`)
  return { type: { type: 'enum', name: '', symbols }, values: fc.constantFrom(...symbols) }
})
const fixed = fc.integer({ min: 1, max: 40 }).map((size): Typed => {
  const values = binary({ minLength: size, maxLength: size })
  return { type: { type: 'fixed', name: '', size }, values }
})
const arrayOf = ({ type, values }: Typed): Typed => ({
  type: { type: 'array', items: type },
  values: fc.array(values, { maxLength: 4 }),
})
/** avsc reads a map into an object, where this key would set the prototype and be lost. */
const mapKey = word.filter((key) => key !== '__proto__')
const mapOf = ({ type, values }: Typed): Typed => ({
  type: { type: 'map', values: type },
  values: fc.dictionary(mapKey, values, { maxKeys: 4, noNullPrototype: true }),
})
const recordOf = (list: readonly Typed[]): Typed => ({
  type: { type: 'record', name: '', fields: list.map(({ type }, i) => ({ name: `f${i}`, type })) },
  values: fc.record(Object.fromEntries(list.map(({ values }, i) => [`f${i}`, values]))),
})
const nullable = ({ type, values }: Typed, nullFirst: boolean): Typed => ({
  type: (nullFirst ? ['null', type] : [type, 'null']) as Schema,
  values: fc.option(values),
})
const { anyType } = fc.letrec<{ anyType: Typed; leaf: Typed; nested: Typed }>((tie) => ({
  leaf: fc.oneof({ weight: 4, arbitrary: plain }, enumeration, fixed),
  nested: fc.oneof(
    { maxDepth: 3 },
    { weight: 4, arbitrary: tie('leaf') },
    tie('anyType').map(arrayOf),
    tie('anyType').map(mapOf),
    fc.array(tie('anyType'), { minLength: 1, maxLength: 4 }).map(recordOf),
  ),
  anyType: fc
    .tuple(tie('nested'), fc.constantFrom(true, false, undefined))
    .map(([of, nullFirst]) =>
      nullFirst === undefined || Array.isArray(of.type) ? of : nullable(of, nullFirst),
    ),
}))

/** Gives each named type a name of its own, or makes it a reference to the like one before it. */
function withNames(schema: Schema): AvroRecordSchema {
  const known = new Map<string, string>()
  return JSON.parse(JSON.stringify(schema), (_key, value) => {
    if (value?.name !== '') return value
    const like = JSON.stringify(value)
    const before = known.get(like)
    known.set(like, before ?? `tests.T${known.size}`)
    return before ?? { ...value, name: known.get(like) }
  })
}

const sample = fc
  .array(anyType, { minLength: 1, maxLength: 8 })
  .map(recordOf)
  .chain(({ type: unnamed, values }) => {
    const schema = withNames(unnamed)
    const type = oracle(schema as Schema)
    return values.map((value) => ({ schema, type, body: type.toBuffer(value) }))
  })

const FRAME = Buffer.from([0, 0, 0, 0, 5])
const nothing: ReaderPlan = { select: [], keys: [], time: null }

/** The value amid other bytes, as it lies in a fetched batch. */
function read(reader: AvroReader, body: Buffer): string | null {
  const value = Buffer.concat([FRAME, body])
  const fault = reader.read(1, bytesOf(Buffer.concat([FRAME, value, FRAME])), 5, 5 + value.length)
  if (fault === null) reader.select(1)
  return fault
}
function keyOf(reader: AvroReader, k: number): string | null {
  const end = reader.keyEnd(k)
  return end < 0 ? null : reader.keyBuffer(k).toString('utf8', reader.keyStart(k), end)
}

test('selected fields, in any order and number, are the bytes avsc writes for them', () => {
  const chosen = fc.array(fc.record({ n: fc.nat(), nullable: fc.boolean() }), { maxLength: 8 })
  fc.assert(
    fc.property(sample, chosen, ({ schema, type, body }, choice) => {
      const { fields } = type as avsc.types.RecordType
      const value: Record<string, unknown> = type.fromBuffer(body)
      const picked = choice.map(({ n, nullable }) => ({
        nullable,
        field: fields[n % fields.length],
      }))
      const select = picked.map(({ field, nullable }) => ({ source: field.name, nullable }))
      const reader = new AvroReader(schema, { ...nothing, select })
      assert.equal(read(reader, body), null)
      const expected = picked.flatMap(({ field, nullable }) => [
        Buffer.alloc(nullable ? 1 : 0, 2),
        field.type.toBuffer(value[field.name]),
      ])
      const target = bytesOf(Buffer.alloc(reader.projectedBytes + 3))
      assert.equal(reader.project(target, 3), target.length)
      assert.deepEqual(target.subarray(3), Buffer.concat(expected))
    }),
    { numRuns: 500 },
  )
})

function isKey(type: Schema): boolean {
  if (Array.isArray(type)) return type.length === 2 && type.some(isKey)
  const { type: name } = typeof type === 'string' ? { type } : (type as { type: string })
  return ['string', 'int', 'long', 'enum'].includes(name)
}

test('a key’s text is what avsc decodes, and null is none', () => {
  fc.assert(
    fc.property(sample, ({ schema, type, body }) => {
      const value: Record<string, unknown> = type.fromBuffer(body)
      const keys = schema.fields.filter((field) => isKey(field.type)).map(({ name }) => name)
      const reader = new AvroReader(schema, { ...nothing, keys })
      assert.equal(read(reader, body), null)
      const expected = keys.map((name) => (value[name] === null ? null : String(value[name])))
      assert.deepEqual(
        keys.map((_, k) => keyOf(reader, k)),
        expected,
      )
    }),
    { numRuns: 500 },
  )
})

for (const [logicalType, ms] of Object.entries({
  'timestamp-millis': 1,
  'timestamp-micros': 1000,
})) {
  test(`a ${logicalType} is read in milliseconds, before 1970 too, and null is NaN`, () => {
    const times = fc.option(fc.bigInt({ min: -(2n ** 52n), max: 2n ** 52n }))
    fc.assert(
      fc.property(times, fc.constantFrom(0, 1, 2), (t, form) => {
        fc.pre(t !== null || form < 2)
        const stamp: Schema = { type: 'long', logicalType }
        const type = [['null', stamp], [stamp, 'null'], stamp][form] as Schema
        const schema: AvroRecordSchema = {
          type: 'record',
          name: 'A',
          fields: [{ name: 't', type }],
        }
        const reader = new AvroReader(schema, { ...nothing, time: 't' })
        assert.equal(read(reader, oracle(schema as Schema).toBuffer({ t })), null)
        assert.equal(reader.time, t === null ? Number.NaN : Math.floor(Number(t) / ms))
      }),
    )
  })
}

test('blocks of arrays, with and without their size in bytes, are walked as avsc reads them', () => {
  const array: Schema = { type: 'array', items: 'string' }
  const fields = [
    { name: 'a', type: array },
    { name: 'n', type: 'int' },
  ]
  const schema: AvroRecordSchema = { type: 'record', name: 'A', fields }
  const number = (value: number): Buffer => oracle('int').toBuffer(value)
  const block = fc.tuple(fc.array(word, { minLength: 1, maxLength: 5 }), fc.boolean())
  fc.assert(
    fc.property(fc.array(block, { maxLength: 4 }), fc.integer(), (blocks, n) => {
      const parts = blocks.flatMap(([items, sized]) => {
        const bytes = Buffer.concat(items.map((item) => oracle('string').toBuffer(item)))
        return sized
          ? [number(-items.length), number(bytes.length), bytes]
          : [number(items.length), bytes]
      })
      const body = Buffer.concat([...parts, number(0), number(n)])
      const decoded = { a: blocks.flatMap(([items]) => items), n }
      assert.deepEqual({ ...oracle(schema as Schema).fromBuffer(body) }, decoded)
      const reader = new AvroReader(schema, { ...nothing, keys: ['n'] })
      assert.equal(read(reader, body), null)
      assert.equal(keyOf(reader, 0), String(n))
    }),
  )
})

test('a value that is cut anywhere, or has bytes behind it, is malformed and says why', () => {
  fc.assert(
    fc.property(sample, binary(), ({ schema, body }, extra) => {
      const reader = new AvroReader(schema, nothing)
      for (let length = 0; length < body.length; length++) {
        assert.equal(read(reader, body.subarray(0, length)), 'malformed')
        assert.match(reader.fault, /^The bytes of the field f\d are not what the schema says$/)
      }
      if (extra.length === 0) return
      assert.equal(read(reader, Buffer.concat([body, extra])), 'malformed')
      assert.equal(reader.fault, 'There are bytes behind the record’s last field')
    }),
  )
})

test('garbage never throws, and what is accepted of it avsc reads to the same end', () => {
  const garbage = fc.oneof(
    binary(),
    fc.nat({ max: 60 }).map((n) => Buffer.alloc(n, 0xff)),
  )
  fc.assert(
    fc.property(sample, garbage, fc.nat(), ({ schema, type, body }, noise, at) => {
      const flipped = Buffer.from(body)
      if (body.length > 0) flipped[at % body.length] ^= 1 << (at & 7)
      const reader = new AvroReader(schema, nothing)
      for (const bytes of [noise, flipped]) {
        if (read(reader, bytes) === null) assert.equal(type.decode(bytes).offset, bytes.length)
      }
    }),
    { numRuns: 1000 },
  )
})
