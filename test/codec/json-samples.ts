/** Random Avro schemas, with random values of them. */
import avsc, { type Schema } from 'avsc'
import fc from 'fast-check'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { longs } from './avsc-longs.ts'

export interface Typed {
  readonly type: unknown
  readonly values: fc.Arbitrary<unknown>
}

export const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: 'binary-ascii', maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
)
export const long = fc.oneof(
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
export const double = fc.oneof(
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
/** The same of as many digits as the schema says, in as few bytes as they need. */
const canonical = fc.tuple(fc.nat(30), fc.boolean()).map(([scale, isFixed]): Typed => {
  const of = { logicalType: 'decimal', precision: 30, scale }
  const limit = 10n ** 30n - 1n
  const whole = fc.oneof(
    fc.bigInt({ min: -limit, max: limit }),
    fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }),
    fc.constantFrom(0n, -1n, 127n, 128n, -128n, -129n, 2n ** 52n, -(2n ** 53n), limit),
  )
  const bytesFor = (value: bigint): Buffer => {
    let size = isFixed ? 14 : 1
    while (BigInt.asIntN(8 * size, value) !== value) size++
    return Buffer.from(
      BigInt.asUintN(8 * size, value)
        .toString(16)
        .padStart(2 * size, '0'),
      'hex',
    )
  }
  const type = isFixed ? { type: 'fixed', name: '', size: 14, ...of } : { type: 'bytes', ...of }
  return { type, values: whole.map(bytesFor) }
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
export const recordOf = (list: readonly Typed[]): Typed => ({
  type: { type: 'record', name: '', fields: list.map(({ type }, i) => ({ name: `f${i}`, type })) },
  values: fc.record(Object.fromEntries(list.map(({ values }, i) => [`f${i}`, values]))),
})
const nullable = (of: Typed): Typed => ({
  type: ['null', of.type],
  values: fc.option(of.values),
})
export const union: Typed = {
  type: ['string', 'null', 'boolean', 'long', { type: 'array', items: 'int' }],
  values: fc.oneof(text, fc.constant(null), fc.boolean(), long, fc.array(fc.integer())),
}
const typesWith = (decimals: fc.Arbitrary<Typed>): fc.Arbitrary<Typed> =>
  fc.letrec<{ anyType: Typed; nested: Typed }>((tie) => ({
    nested: fc.oneof(
      { maxDepth: 3 },
      { weight: 6, arbitrary: plain },
      { weight: 2, arbitrary: decimals },
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
  })).anyType

/** Each named type gets a name of its own. */
export function withNames(schema: unknown): AvroRecordSchema {
  let count = 0
  return JSON.parse(JSON.stringify(schema), (_key, value) =>
    value?.name === '' ? { ...value, name: `tests.T${count++}` } : value,
  )
}

export interface Sample {
  readonly schema: AvroRecordSchema
  readonly body: Buffer
}

const samplesWith = (decimals: fc.Arbitrary<Typed>): fc.Arbitrary<Sample> =>
  fc
    .array(typesWith(decimals), { minLength: 1, maxLength: 8 })
    .map(recordOf)
    .chain(({ type, values }) => {
      const schema = withNames(type)
      return values.map((value) => ({ schema, body: typeOf(schema).toBuffer(value) }))
    })

export const sample = samplesWith(decimal)
export const canonicalSample = samplesWith(canonical)

/** avsc with a long as a bigint, without logical types. */
export function typeOf(schema: AvroRecordSchema): avsc.Type {
  const bare = JSON.parse(JSON.stringify(schema), (_key, value) => {
    if (value?.logicalType === undefined && value?.['connect.name'] === undefined) return value
    const { logicalType: _, ...rest } = value
    return value.type === 'fixed' ? rest : value.type
  })
  return avsc.Type.forSchema(bare as Schema, { wrapUnions: false, registry: { long: longs } })
}
