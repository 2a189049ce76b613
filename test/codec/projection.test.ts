import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { AvroReader, type AvroRecordSchema, type ReaderPlan } from '../../src/codec/avro/reader.ts'
import type { ValueReader } from '../../src/codec/port.ts'
import { Projection } from '../../src/codec/projection.ts'
import { ResolvingReader } from '../../src/codec/resolving-reader.ts'

const schema = (fields: readonly object[], of: object = {}): AvroRecordSchema =>
  ({ type: 'record', name: 'Order', namespace: 'shop', fields, ...of }) as AvroRecordSchema
const field = (name: string, type: unknown, of: object = {}): object => ({ name, type, ...of })
const plan = (select: readonly string[], more: Partial<ReaderPlan> = {}): ReaderPlan => ({
  select: select.map((source) => ({ source, nullable: false })),
  keys: [],
  time: null,
  ...more,
})
const FRAME = Buffer.alloc(5)

/** What is projected of the value; a text: why it is refused. */
function read(reader: ValueReader, hex: string, row = 0): string {
  const value = bytesOf(Buffer.concat([FRAME, Buffer.from(hex, 'hex')]))
  const reason = reader.read(row, value, 0, value.length)
  return reason === null ? projected(reader, row) : `${reason}: ${reader.fault}`
}
function projected(reader: ValueReader, row: number): string {
  reader.select(row)
  const target = bytesOf(Buffer.alloc(reader.projectedBytes))
  assert.equal(reader.project(target, 0), target.length)
  return target.toString('hex')
}

const base = schema([field('id', 'long'), field('note', ['null', 'string'])])
const whole = new Projection(base, plan(['id', 'note'], { keys: ['id'] }))

test('a record of another name is refused, whatever its fields; its namespace does not matter', () => {
  const named = (name: string, of: object = {}): AvroRecordSchema =>
    schema([...base.fields], { name, ...of })
  for (const reader of [
    whole.readerOf(named('Order', { namespace: 'old.shop' })),
    whole.readerOf(named('other.Order', { namespace: undefined })),
    whole.readerOf({ ...named('Order'), namespace: '' }),
  ]) {
    assert.ok(reader instanceof AvroReader)
    assert.equal(read(reader, '0200'), '0200')
  }
  const wrong = { message: 'it is a shop.OrderCancelled; the pipeline reads Order' }
  assert.throws(() => whole.readerOf(named('OrderCancelled')), wrong)
  assert.throws(() => whole.readerOf('string'), { message: 'it is not an Avro record' })
  const aliased = schema([...base.fields], { aliases: ['Purchase', 'old.Bestellung'] })
  const both = new Projection(aliased, plan(['id']))
  for (const name of ['Order', 'Purchase', 'shop.Purchase', 'x.Bestellung']) {
    assert.equal(read(both.readerOf(named(name)), '0400'), '04')
  }
})

test('what has the same bytes is read by positions, whatever else the schemas say', () => {
  const channel = { type: 'enum', name: 'Channel', symbols: ['web', 'app'] }
  const reader = schema([
    field('id', 'long', { doc: 'Its id', default: 7 }),
    field('renamed', { type: 'string', 'avro.java.string': 'String' }, { aliases: ['note'] }),
    field('channel', { ...channel, symbols: ['web', 'app', 'shop'] }),
    field('price', { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 }),
    field('parent', ['null', 'Order'], { default: null }),
  ])
  const writer = schema(
    [
      field('price', { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 }),
      field('more', 'string', { default: 5 }),
      field('id', { type: 'int' }, { default: 'none' }),
      field('note', 'string'),
      field('channel', { ...channel, doc: 'Where', namespace: 'old' }),
    ],
    { namespace: 'old' },
  )
  const of = new Projection(reader, plan(['id', 'renamed', 'channel', 'price'], { keys: ['id'] }))
  const found = of.readerOf(writer)
  assert.ok(found instanceof AvroReader)
  assert.equal(read(found, '020a 0278 06 0261 02'.replaceAll(' ', '')), '06026102020a')
  assert.ok(new Projection(reader, plan(['parent'])).readerOf(reader) instanceof AvroReader)
})

test('other bytes are resolved, and a record whose value does not fit is refused by itself', () => {
  const channel = (symbols: string[]): object => ({ type: 'enum', name: 'Channel', symbols })
  const reader = schema([
    field('channel', channel(['app', 'web'])),
    field('ref', ['null', 'string'], { default: null }),
  ])
  const of = new Projection(reader, plan(['channel', 'ref']))
  const found = of.readerOf(
    schema([
      field('channel', channel(['web', 'app', 'store'])),
      field('ref', ['null', 'string', 'long']),
    ]),
  )
  assert.ok(found instanceof ResolvingReader)
  assert.equal(read(found, '0000'), '0200')
  assert.equal(read(found, '02020261'), '00020261')
  const unknown = 'incompatible_schema: The field channel is store; the pipeline reads app, web'
  assert.equal(read(found, '0400'), unknown)
  const other = 'incompatible_schema: The field ref is long; the pipeline reads null or string'
  assert.equal(read(found, '000402'), other)
  assert.equal(
    read(found, '0600'),
    'malformed: The bytes of the field channel are not what the schema says',
  )
  assert.equal(
    read(found, '000202'),
    'malformed: The bytes of the field ref are not what the schema says',
  )
  assert.equal(read(found, '000000'), 'malformed: There are bytes behind the record’s last field')
  assert.equal(read(found, '0000'), '0200')
})

test('a field that is not read may be anything, or missing', () => {
  const writer = schema([
    field('note', 'int'),
    field('id', 'int'),
    field('e', { type: 'enum', name: 'E', symbols: ['A'] }),
  ])
  const of = new Projection(base, plan(['id'], { keys: ['id'] }))
  assert.equal(read(of.readerOf(writer), '080200'), '02')
  assert.throws(() => whole.readerOf(writer), {
    message: 'the field note is int; the pipeline reads null or string',
  })
  assert.throws(() => whole.readerOf(schema([field('id', 'int')])), {
    message: 'the field note is not in it, and the pipeline’s schema has no default for it',
  })
})

test('what is nested too deep is refused as malformed, by both ways of reading', () => {
  const node = (value: string): AvroRecordSchema =>
    schema([field('next', ['null', 'Order']), field('value', value)])
  const of = new Projection(node('double'), plan(['next', 'value']))
  const [same, other] = [of.readerOf(node('double')), of.readerOf(node('float'))]
  const nested = (depth: number, bytes: number): string =>
    `${'02'.repeat(depth)}00${'00'.repeat((depth + 1) * bytes)}`
  for (const [reader, bytes] of [
    [same, 8],
    [other, 4],
  ] as const) {
    assert.equal(read(reader, nested(900, bytes)), nested(900, 8))
    for (const depth of [1001, 4000, 200_000]) {
      assert.match(
        read(reader, nested(depth, bytes)),
        /^malformed: The field next\S* is nested deeper than 1000 levels$/,
      )
    }
    assert.match(read(reader, '02'), /^malformed: The bytes of the field /)
  }
})

test('an event time of another unit is converted; a plain long is milliseconds, as everywhere', () => {
  const at = (type: unknown): AvroRecordSchema => schema([field('at', type)])
  const timestamp = (unit: string): object => ({ type: 'long', logicalType: `timestamp-${unit}` })
  const times = {
    long: ['long', 1n],
    millis: [timestamp('millis'), 1n],
    micros: [timestamp('micros'), 1000n],
  } as const
  const kind = fc.constantFrom('long', 'millis', 'micros' as const)
  const ms = fc.bigInt({ min: -(2n ** 42n), max: 2n ** 42n })
  fc.assert(
    fc.property(ms, kind, kind, fc.boolean(), (time, from, to, nullable) => {
      const of = (name: keyof typeof times): AvroRecordSchema =>
        at(nullable ? ['null', times[name][0]] : times[name][0])
      const projection = new Projection(of(to), plan(['at'], { time: 'at' }))
      const reader = projection.readerOf(of(from))
      assert.equal(reader instanceof AvroReader, times[from][1] === times[to][1])
      let code =
        BigInt.asUintN(64, (time * times[from][1]) << 1n) ^ (time < 0n ? 2n ** 64n - 1n : 0n)
      let hex = nullable ? '02' : ''
      for (; code > 127n; code >>= 7n) hex += Number((code & 127n) | 128n).toString(16)
      read(reader, hex + code.toString(16).padStart(2, '0'))
      assert.equal(reader.time, Number(time))
    }),
  )
})

test('an alias counts whether the field that has it is read or not', () => {
  const at = { type: 'long', logicalType: 'timestamp-micros' }
  const reader = schema([
    field('a', 'int', { default: 9 }),
    field('b', 'int', { aliases: ['a'] }),
    field('at', at, { aliases: ['time'] }),
  ])
  const writer = schema([field('a', 'int'), field('time', 'long')])
  const values = (select: string[]): string =>
    read(new Projection(reader, plan(select, { time: 'at' })).readerOf(writer), '0204')
  // Java 1.12.0 gives `a` its default, for what was `a` is `b` now.
  assert.deepEqual([values(['a']), values(['b']), values(['a', 'b'])], ['12', '02', '1202'])
  assert.equal(values(['at']), 'a01f')
})

test('rows of one topic are of whichever reader has read them', () => {
  const old = whole.readerOf(schema([field('note', ['string', 'null']), field('id', 'int')]))
  const now = whole.readerOf(base)
  const readers = Array.from({ length: 200 }, (_, row) => (row % 3 === 0 ? old : now))
  readers.forEach((reader, row) => {
    const id = (row % 64).toString(16).padStart(2, '0')
    assert.equal(
      read(reader, reader === old ? `0002${'61'}${id}` : `${id}020261`, row),
      `${id}020261`,
    )
  })
  readers.forEach((reader, row) => {
    const id = (row % 64).toString(16).padStart(2, '0')
    assert.equal(projected(reader, row), `${id}020261`)
    const text = reader.keyBuffer(0).toString('latin1', reader.keyStart(0), reader.keyEnd(0))
    const code = row % 64
    assert.equal(text, String(code % 2 === 0 ? code / 2 : -(code + 1) / 2))
  })
})
