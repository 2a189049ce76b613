import assert from 'node:assert/strict'
import { test } from 'node:test'
import avsc, { type Schema } from 'avsc'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { parseSchema } from '../../src/codec/avro/parse.ts'
import { resolve } from '../../src/codec/avro/resolve.ts'
import { AvroTransfer, Incompatible, type Transcode } from '../../src/codec/avro/transfer.ts'
import { AvroSource, compileSkip } from '../../src/codec/avro/walk.ts'
import { schemaPairs } from './schema-pairs.ts'

/** The value in the reader's bytes; a text: why there is none. */
function transcoded(transcode: Transcode, bytes: Buffer): Buffer | string {
  const around = bytesOf(Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(3)]))
  const transfer = new AvroTransfer()
  transfer.begin(around, 3, 3 + bytes.length)
  const { source, sink } = transfer
  if (!transcode(transfer)) {
    return transfer.misfit === '' ? 'malformed' : `${transfer.path} ${transfer.misfit}`
  }
  assert.equal(source.at, 3 + bytes.length)
  return Buffer.from(sink.buffer.subarray(sink.start, sink.at))
}

const samples = schemaPairs.chain(({ writer, reader, values }) =>
  fc.array(values, { minLength: 1, maxLength: 3 }).map((list) => ({ writer, reader, list })),
)
const avscType = (schema: unknown): avsc.Type =>
  avsc.Type.forSchema(schema as Schema, { wrapUnions: false })

test('a value becomes what avsc resolves it to, where avsc takes both schemas', () => {
  let judged = 0
  fc.assert(
    fc.property(samples, ({ writer, reader, list }) => {
      const theirs = avscType(writer)
      let read: (bytes: Buffer) => Buffer
      try {
        const ours = avscType(reader)
        const resolver = ours.createResolver(theirs)
        read = (bytes) => ours.toBuffer(ours.fromBuffer(bytes, resolver))
      } catch {
        return
      }
      const transcode = resolve(parseSchema(writer), parseSchema(reader))
      for (const value of list) {
        judged++
        const bytes = theirs.toBuffer(value)
        assert.deepEqual(transcoded(transcode, bytes), read(bytes))
      }
    }),
    { numRuns: 250 },
  )
  assert.ok(judged > 100, `${judged} judged`)
})

test('any bytes are read or refused: nothing throws, and nothing behind the end is read', () => {
  const noise = fc.array(fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 0x80, 0xff), fc.nat(255)), {
    maxLength: 60,
  })
  fc.assert(
    fc.property(samples, noise, fc.nat(), ({ writer, reader, list }, random, at) => {
      const [theirs, ours] = [parseSchema(writer), parseSchema(reader)]
      let transcode: Transcode
      try {
        transcode = resolve(theirs, ours)
      } catch (error) {
        assert.ok(error instanceof Incompatible)
        assert.match(error.message, /^the field \S+ is /)
        return
      }
      const whole = avscType(writer).toBuffer(list[0])
      const flipped = Buffer.from(whole)
      if (whole.length > 0) flipped[at % whole.length] ^= 1 << (at & 7)
      const transfer = new AvroTransfer()
      const written = new AvroSource()
      const skip = compileSkip(ours)
      for (const bytes of [
        Buffer.from(random),
        flipped,
        whole.subarray(0, at % (whole.length + 1)),
      ]) {
        const around = bytesOf(Buffer.concat([bytes, Buffer.alloc(20)]))
        transfer.begin(around, 0, bytes.length)
        if (!transcode(transfer)) continue
        const { sink, source } = transfer
        assert.ok(source.at <= bytes.length)
        written.open(sink.buffer, sink.start, sink.at)
        assert.ok(skip(written))
        assert.equal(written.at, sink.at)
      }
    }),
    { numRuns: 250 },
  )
})

/** One field `f`. */
const record = (type: unknown): unknown => ({
  type: 'record',
  name: 'R',
  fields: [{ name: 'f', type }],
})
const between = (writer: unknown, reader: unknown): Transcode =>
  resolve(parseSchema(record(writer)), parseSchema(record(reader)))

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}
const floorDivided = (value: bigint, by: bigint): bigint => value / by - (value % by < 0n ? 1n : 0n)

test('a time is converted to the reader’s unit, rounded down, or refused where it is too much', () => {
  const units = { millis: 1000n, micros: 1_000_000n, nanos: 1_000_000_000n }
  const unit = fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[]))
  const kind = fc.constantFrom('timestamp', 'local-timestamp', 'debezium')
  const debezium = { millis: 'Timestamp', micros: 'MicroTimestamp', nanos: 'NanoTimestamp' }
  const long = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }),
    fc.constantFrom(0n, -1n, 999n, -999n, -1000n, -1001n),
  )
  fc.assert(
    fc.property(long, unit, unit, kind, fc.nat(2), (value, from, to, of, form) => {
      const type = (unitName: keyof typeof units): unknown =>
        of === 'debezium'
          ? { type: 'long', 'connect.name': `io.debezium.time.${debezium[unitName]}` }
          : { type: 'long', logicalType: `${of}-${unitName}` }
      const inside = (inner: unknown): unknown =>
        [inner, ['null', inner], { type: 'array', items: inner }][form]
      const around = (bytes: Buffer): Buffer =>
        [
          bytes,
          Buffer.concat([Buffer.from([2]), bytes]),
          Buffer.concat([Buffer.from([2]), bytes, Buffer.from([0])]),
        ][form]
      const got = transcoded(between(inside(type(from)), inside(type(to))), around(varint(value)))
      const expected = floorDivided(value * units[to], units[from])
      if (BigInt.asIntN(64, expected) === expected) assert.deepEqual(got, around(varint(expected)))
      else assert.match(String(got), new RegExp(`^f is ${value} as \\S+, too much as `))
    }),
    { numRuns: 2000 },
  )
})

test('a time of day is converted between int and long', () => {
  const [millis, micros] = [
    { type: 'int', logicalType: 'time-millis' },
    { type: 'long', logicalType: 'time-micros' },
  ]
  assert.deepEqual(
    transcoded(between(millis, micros), varint(86_399_999n)),
    varint(86_399_999_000n),
  )
  assert.deepEqual(
    transcoded(between(micros, millis), varint(86_399_999_999n)),
    varint(86_399_999n),
  )
  assert.match(
    String(transcoded(between(micros, millis), varint(2n ** 42n))),
    /too much as time-millis/,
  )
})

test('a decimal is converted exactly, or refused', () => {
  const decimal = (precision: number, scale: number, size: number): unknown => ({
    ...(size < 0 ? { type: 'bytes' } : { type: 'fixed', name: 'Money', size }),
    logicalType: 'decimal',
    precision,
    scale,
  })
  const complement = (value: bigint, size: number): Buffer =>
    Buffer.from(
      BigInt.asUintN(8 * size, value)
        .toString(16)
        .padStart(2 * size, '0'),
      'hex',
    )
  const framed = (bytes: Buffer, size: number): Buffer =>
    size < 0 ? Buffer.concat([varint(BigInt(bytes.length)), bytes]) : bytes
  const scales = fc.tuple(fc.nat(12), fc.nat(12))
  const digits = fc.tuple(fc.integer({ min: 12, max: 18 }), fc.integer({ min: 12, max: 18 }))
  const value = fc.oneof(
    fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n }),
    fc.bigInt({ min: -999n, max: 999n }).map((n) => n * 10n ** 9n),
    fc.bigInt({ min: -300n, max: 300n }),
  )
  fc.assert(
    fc.property(
      value,
      scales,
      digits,
      fc.constantFrom(-1, 8, 9),
      (unscaled, [s, t], [p, q], size) => {
        const written = complement(unscaled, size < 0 ? 9 : size)
        const got = transcoded(
          between(decimal(p, s, size), decimal(q, t, size)),
          framed(written, size),
        )
        if (s === t && p <= q) {
          assert.deepEqual(got, framed(written, size))
          return
        }
        const scaled = unscaled * 10n ** BigInt(t)
        const converted = scaled / 10n ** BigInt(s)
        const isExact =
          converted * 10n ** BigInt(s) === scaled &&
          converted < 10n ** BigInt(q) &&
          converted > -(10n ** BigInt(q))
        if (!isExact) {
          assert.match(
            String(got),
            new RegExp(`^f is -?[\\d.]+; decimal\\(${q},${t}\\) has too few digits`),
          )
          return
        }
        assert.ok(Buffer.isBuffer(got), String(got))
        const bytes = size < 0 ? got.subarray(1) : got
        assert.equal(
          BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`)),
          converted,
        )
        const isNeeded = BigInt.asIntN(8 * (bytes.length - 1), converted) !== converted
        assert.ok(bytes.length === written.length || (size < 0 && isNeeded))
      },
    ),
    { numRuns: 3000 },
  )
})

test('types of another meaning are refused, with the field and both types', () => {
  const fault = (writer: unknown, reader: unknown): string => {
    try {
      between(writer, reader)
      return ''
    } catch (error) {
      assert.ok(error instanceof Incompatible)
      return error.message
    }
  }
  const logical = (type: string, logicalType: string): unknown => ({ type, logicalType })
  const money = { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }
  const cases: readonly (readonly [unknown, unknown, string])[] = [
    [
      logical('int', 'date'),
      logical('long', 'timestamp-millis'),
      'int as date; the pipeline reads long as timestamp-millis',
    ],
    [
      logical('long', 'timestamp-millis'),
      logical('long', 'local-timestamp-millis'),
      'long as timestamp-millis; the pipeline reads long as local-timestamp-millis',
    ],
    [
      logical('long', 'time-micros'),
      logical('long', 'timestamp-micros'),
      'long as time-micros; the pipeline reads long as timestamp-micros',
    ],
    ['string', money, 'string; the pipeline reads bytes as decimal(4,2)'],
    [money, 'string', 'bytes as decimal(4,2); the pipeline reads string'],
    [
      { ...money, scale: 1 },
      { type: 'fixed', name: 'F', size: 4, logicalType: 'decimal', precision: 4 },
      'bytes as decimal(4,1); the pipeline reads fixed F of 4 bytes as decimal(4,0)',
    ],
    [['null', 'string'], ['null', 'int'], ''],
    [['boolean', 'string'], ['null', 'int'], 'boolean or string; the pipeline reads null or int'],
  ]
  for (const [writer, reader, message] of cases) {
    assert.equal(fault(writer, reader), message === '' ? '' : `the field f is ${message}`)
  }
})

test('what has no logical type, or one that does not fit, is taken as it is', () => {
  const money = { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }
  for (const [writer, reader] of [
    ['bytes', money],
    [money, 'bytes'],
    [
      { ...money, scale: 5 },
      { ...money, scale: 1 },
    ],
    ['long', { type: 'long', logicalType: 'timestamp-micros' }],
    [{ type: 'long', logicalType: 'timestamp-micros' }, 'long'],
    [{ type: 'string', logicalType: 'uuid' }, 'string'],
    ['string', { type: 'string', logicalType: 'timestamp-millis' }],
  ]) {
    const bytes = JSON.stringify(writer).includes('long') ? [2] : [2, 65]
    assert.deepEqual(transcoded(between(writer, reader), Buffer.from(bytes)), Buffer.from(bytes))
  }
})

test('a record that contains itself is read to a depth that no stack ends at', () => {
  const tree = (value: string, ...more: string[]): unknown => ({
    type: 'record',
    name: 'Node',
    fields: [
      { name: 'next', type: ['null', 'Node'] },
      { name: 'value', type: value },
      ...more.map((name) => ({ name, type: 'int' })),
    ],
  })
  const nested = (depth: number): Buffer =>
    Buffer.concat([Buffer.alloc(depth - 1, 2), Buffer.alloc(1), Buffer.alloc(2 * depth, 2)])
  for (const reader of [tree('long', 'extra'), tree('double'), tree('int')]) {
    const transcode = resolve(parseSchema(tree('int', 'extra')), parseSchema(reader))
    assert.ok(Buffer.isBuffer(transcoded(transcode, nested(1000))))
    for (const depth of [1001, 4000, 1_000_000]) {
      assert.equal(transcoded(transcode, nested(depth)), 'malformed')
    }
  }
})

test('a few bytes do not become a value that takes all memory, or all time', () => {
  const items = (type: unknown): unknown => ({ type: 'array', items: type })
  const none = { type: 'record', name: 'None', fields: [] }
  const large = { ...none, fields: [{ name: 'text', type: 'string', default: 'x'.repeat(1000) }] }
  const count = Buffer.concat([varint(2n ** 60n), Buffer.from([0])])
  for (const [writer, reader] of [
    [none, large],
    ['null', ['null', 'int']],
    ['null', 'null'],
  ]) {
    const transcode = between(items(writer), items(reader))
    assert.equal(transcoded(transcode, count), 'malformed')
    assert.equal(
      transcoded(transcode, Buffer.concat(new Array(1000).fill(varint(999_999n)))),
      'malformed',
    )
  }
})

test('fields in another order do not make a value walked again at each of its levels', () => {
  const items = { name: 'c', type: { type: 'array', items: 'N' } }
  const v = { name: 'v', type: 'int' }
  const record = (fields: object[]) => parseSchema({ type: 'record', name: 'N', fields })
  const transcode = resolve(record([v, items]), record([items, v]))
  /** So many levels, the innermost with so many leaves. */
  const value = (levels: number, leaves: number): Buffer => {
    const count = Buffer.from([
      0x80 | ((leaves * 2) & 127),
      0x80 | ((leaves >> 6) & 127),
      leaves >> 13,
    ])
    const outer = Buffer.alloc(2 * levels, 2)
    return Buffer.concat([
      outer,
      Buffer.from([0]),
      count,
      Buffer.alloc(2 * leaves),
      Buffer.alloc(levels + 1),
    ])
  }
  // A list of a thousand is no trouble.
  assert.ok(transcoded(transcode, value(480, 1)) instanceof Buffer)
  assert.match(String(transcoded(transcode, value(480, 300_000))), /nested too deep to be read/)
})
