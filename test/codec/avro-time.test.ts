import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Schema } from 'avsc'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { AvroReader, type AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { timeKind, unitOf } from '../../src/codec/avro/time.ts'
import type { ValueReader } from '../../src/codec/port.ts'
import { Projection } from '../../src/codec/projection.ts'
import type { TimeUnit } from '../../src/config/pipeline.ts'

const PER_MS: Readonly<Record<TimeUnit, readonly [times: bigint, by: bigint]>> = {
  s: [1000n, 1n],
  ms: [1n, 1n],
  us: [1n, 1000n],
  ns: [1n, 1_000_000n],
}
const units = fc.constantFrom<TimeUnit>('s', 'ms', 'us', 'ns')

const edges = [0n, 1n, 999n, 1000n, 999_999n, 10n ** 6n, 2n ** 27n, 2n ** 28n, 2n ** 31n, 2n ** 52n]
const near = [...edges, 2n ** 53n, 2n ** 62n, 2n ** 63n - 2n].flatMap((edge) => [
  edge - 1n,
  edge,
  edge + 1n,
])
const longs = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  // Around multiples, where a rounded quotient would be the next one.
  fc
    .tuple(fc.bigInt({ min: -(2n ** 43n), max: 2n ** 43n - 1n }), fc.constantFrom(-1n, 0n, 1n))
    .map(([ms, more]) => ms * 1_000_000n + more),
  fc.constantFrom(...near, ...near.map((long) => -long)),
)

function varint(long: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, (long << 1n) ^ (long >> 63n))
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}

/** BigInt's own arithmetic: the quotient rounded down, as a double has it. */
function floored(long: bigint, unit: TimeUnit): number {
  const [times, by] = PER_MS[unit]
  const quotient = long / by - (long % by < 0n ? 1n : 0n)
  return Number(quotient) * Number(times)
}

const recordOf = (type: Schema, more: AvroRecordSchema['fields'] = []): AvroRecordSchema => ({
  type: 'record',
  name: 'Event',
  fields: [{ name: 'at', type }, ...more],
})
const plan = (timeUnit: TimeUnit | null = null) => ({ select: [], keys: [], time: 'at', timeUnit })
const FRAME = Buffer.alloc(5)

function read(reader: ValueReader, body: Buffer): number {
  const value = Buffer.concat([FRAME, body])
  assert.equal(reader.read(3, bytesOf(value), 0, value.length), null, reader.fault)
  reader.select(3)
  return reader.time
}

test('an event time is the exact quotient rounded down, whatever it counts', () => {
  const types: readonly [Schema, (long: bigint) => Buffer][] = [
    ['long', varint],
    [['null', 'long'] as Schema, (long) => Buffer.concat([Buffer.from([2]), varint(long)])],
    [['long', 'null'] as Schema, (long) => Buffer.concat([Buffer.from([0]), varint(long)])],
  ]
  fc.assert(
    fc.property(fc.constantFrom(...types), units, longs, ([type, encode], unit, long) => {
      const reader = new AvroReader(recordOf(type), plan(unit))
      const time = read(reader, encode(long))
      const expected = floored(long, unit)
      // Beyond 2^53 a double is the nearest that it can be, or the one beside it.
      if (Math.abs(expected) < 2 ** 53) assert.equal(time, expected)
      else assert.ok(Math.abs(time - expected) <= Math.abs(expected) * 2 ** -51)
      assert.equal(reader.timeText, String(long))
      assert.deepEqual(
        { unit: reader.timeReading?.unit, fromSchema: reader.timeReading?.fromSchema },
        { unit, fromSchema: false },
      )
    }),
    { numRuns: 3000 },
  )
})

test('a null has no time and no text', () => {
  for (const [type, body] of [
    [['null', 'long'], 0],
    [['long', 'null'], 2],
  ] as const) {
    const reader = new AvroReader(recordOf(type as unknown as Schema), plan())
    assert.ok(Number.isNaN(read(reader, Buffer.from([body]))))
    assert.equal(reader.timeText, '')
  }
})

test('nanoseconds of an older writer are as exact as those of the newest', () => {
  const nanos = { type: 'long', 'connect.name': 'io.debezium.time.NanoTimestamp' } as Schema
  const writer = recordOf(nanos)
  const reader = recordOf(nanos, [{ name: 'note', type: 'string', default: '' }])
  fc.assert(
    fc.property(longs, (long) => {
      const time = read(new Projection(reader, plan()).readerOf(writer), varint(long))
      assert.equal(time, floored(long, 'ns'))
    }),
  )
})

/** As AvroData and people write them. */
const SAID: readonly (readonly [TimeUnit | null, object | string])[] = [
  [null, 'long'],
  [null, { type: 'long', 'connect.version': 1 }],
  [null, { type: 'long', 'connect.name': 'com.shop.When' }],
  ['ms', { type: 'long', logicalType: 'timestamp-millis' }],
  ['us', { type: 'long', logicalType: 'timestamp-micros' }],
  ['ns', { type: 'long', logicalType: 'timestamp-nanos' }],
  ['ms', { type: 'long', logicalType: 'local-timestamp-millis' }],
  ['us', { type: 'long', logicalType: 'local-timestamp-micros' }],
  ['ns', { type: 'long', logicalType: 'local-timestamp-nanos' }],
  [
    'ms',
    {
      type: 'long',
      'connect.version': 1,
      'connect.name': 'org.apache.kafka.connect.data.Timestamp',
      logicalType: 'timestamp-millis',
    },
  ],
  ['ms', { type: 'long', 'connect.version': 1, 'connect.name': 'io.debezium.time.Timestamp' }],
  ['us', { type: 'long', 'connect.version': 1, 'connect.name': 'io.debezium.time.MicroTimestamp' }],
  ['ns', { type: 'long', 'connect.default': 0, 'connect.name': 'io.debezium.time.NanoTimestamp' }],
]

test('what a long counts is read from its logical type and from Connect’s name, in a union too', () => {
  for (const [unit, type] of SAID) {
    for (const form of [type, ['null', type], [type, 'null']] as Schema[]) {
      assert.equal(unitOf(form), unit)
      assert.equal(timeKind('at', form, null).unit, unit ?? 'ms')
      assert.equal(timeKind('at', form, null).fromSchema, unit !== null)
    }
  }
})

test('days, times of a day and durations are refused, with what is possible', () => {
  const types: unknown[] = [
    'double',
    { type: 'int', logicalType: 'date' },
    { type: 'int', logicalType: 'time-millis' },
    { type: 'long', logicalType: 'time-micros' },
    { type: 'long', logicalType: 'timestamp-ticks' },
    { type: 'int', 'connect.name': 'io.debezium.time.Date' },
    { type: 'int', 'connect.name': 'org.apache.kafka.connect.data.Date', logicalType: 'date' },
    { type: 'long', 'connect.name': 'io.debezium.time.MicroTime' },
    { type: 'long', 'connect.name': 'io.debezium.time.MicroDuration' },
    { type: 'string', 'connect.name': 'io.debezium.time.IsoDate' },
    { type: 'string', 'connect.name': 'io.debezium.time.ZonedTime' },
    { type: 'string', logicalType: 'uuid' },
    { type: 'enum', name: 'Days', symbols: ['MONDAY'] },
    'bytes',
    ['null', 'long', 'string'],
  ]
  for (const type of types) {
    assert.throws(() => timeKind('at', type as Schema, null), {
      code: 'SCHEMA_INVALID',
      message: /^The time field at is .*An event time is a long of seconds, milli.*leave time out/,
    })
  }
})

/** Text as Avro has it: its length, then its bytes. */
const written = (text: string): Buffer =>
  Buffer.concat([varint(BigInt(Buffer.byteLength(text))), Buffer.from(text)])

const TEXTS: readonly (object | string)[] = [
  'string',
  { type: 'string', 'avro.java.string': 'String' },
  { type: 'string', 'connect.version': 1, 'connect.name': 'io.debezium.time.ZonedTimestamp' },
  { type: 'string', 'connect.version': 1, 'connect.name': 'io.debezium.time.IsoTimestamp' },
]

test('text in ISO 8601 is the moment that it says, in whatever union, to the millisecond', () => {
  const moments = fc.date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true })
  const rests = fc.stringMatching(/^\d{0,6}$/)
  fc.assert(
    fc.property(fc.constantFrom(...TEXTS), fc.nat(2), moments, rests, (type, form, date, rest) => {
      const schema = [type, ['null', type], [type, 'null']][form] as Schema
      const branch = [[], [2], [0]][form]
      const text = date.toISOString().replace('Z', `${rest}Z`)
      const reader = new AvroReader(recordOf(schema), plan())
      const time = read(reader, Buffer.concat([Buffer.from(branch), written(text)]))
      assert.equal(time, date.getTime())
      assert.equal(reader.timeText, `"${text}"`)
      const fromSchema = typeof type === 'object' && 'connect.name' in type
      assert.deepEqual(
        { unit: reader.timeReading?.unit, fromSchema: reader.timeReading?.fromSchema },
        { unit: null, fromSchema },
      )
    }),
  )
})

test('text that is no time has none, and says what it is; null says nothing', () => {
  const reader = new AvroReader(recordOf(['null', 'string'] as Schema), plan())
  for (const text of ['', 'yesterday', '2026-01-31T12:00:00', 'x'.repeat(1000)]) {
    assert.ok(Number.isNaN(read(reader, Buffer.concat([Buffer.from([2]), written(text)]))), text)
    assert.ok(reader.timeText.startsWith(`"${text.slice(0, 60)}`))
    assert.ok(reader.timeText.length < 70)
  }
  assert.ok(Number.isNaN(read(reader, Buffer.from([0]))))
  assert.equal(reader.timeText, '')
})

test('text of an older writer is read alike', () => {
  const writer = recordOf('string')
  const reader = recordOf('string', [{ name: 'note', type: 'string', default: '' }])
  const time = read(new Projection(reader, plan()).readerOf(writer), written('2026-01-01T00:00Z'))
  assert.equal(time, Date.UTC(2026, 0))
})

test('text has no unit', () => {
  assert.throws(() => timeKind('at', 'string', 's'), {
    code: 'SCHEMA_INVALID',
    message: 'unit: s is for numbers, and at is text; leave unit out',
  })
})

test('the file says what an unknown logical type counts, but nothing else than the schema says', () => {
  const ticks = { type: 'long', logicalType: 'timestamp-seconds' } as Schema
  assert.equal(timeKind('at', ticks, 's').unit, 's')
  for (const [said, type] of SAID) {
    for (const unit of ['s', 'ms', 'us', 'ns'] as const) {
      if (said === null || said === unit) {
        assert.equal(timeKind('at', type as Schema, unit).unit, unit)
        continue
      }
      assert.throws(() => timeKind('at', type as Schema, unit), {
        code: 'SCHEMA_INVALID',
        message: new RegExp(
          `^unit: ${unit} contradicts the schema, by which at is in .*leave unit out`,
        ),
      })
    }
  }
})
