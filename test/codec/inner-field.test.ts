/** Fields inside of records that another writer has written, and times there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import { AvroReader, type AvroRecordSchema, type ReaderPlan } from '../../src/codec/avro/reader.ts'
import type { ValueReader } from '../../src/codec/port.ts'
import { Projection } from '../../src/codec/projection.ts'
import { ResolvingReader } from '../../src/codec/resolving-reader.ts'
import type { TimeUnit } from '../../src/config/pipeline.ts'

type Field = readonly [name: string, type: unknown, more?: object]

const record = (name: string, fields: readonly Field[]): AvroRecordSchema =>
  ({
    type: 'record',
    name,
    fields: fields.map(([field, type, more]) => ({ name: field, type, ...more })),
  }) as AvroRecordSchema
const nothing: ReaderPlan = { select: [], keys: [], time: null }

function read(reader: ValueReader, schema: AvroRecordSchema, value: object): void {
  const body = new AvroJson(schema).encode(value, (path, fault) => assert.fail(`${path}: ${fault}`))
  const bytes = bytesOf(Buffer.concat([Buffer.alloc(5), body!]))
  assert.equal(reader.read(2, bytes, 0, bytes.length), null, reader.fault)
  reader.select(2)
}

function projected(reader: ValueReader): string {
  const target = bytesOf(Buffer.alloc(reader.projectedBytes))
  assert.equal(reader.project(target, 0), target.length)
  return target.toString('hex')
}

const MICROS = { type: 'long', logicalType: 'timestamp-micros' }
const metaOf = (time: Field): unknown => ['null', record('Meta', [['note', 'string'], time])]
const eventOf = (time: Field): AvroRecordSchema =>
  record('Event', [
    ['id', 'string'],
    ['meta', metaOf(time)],
    ['last', 'int'],
  ])

const READERS: readonly [string, Field, TimeUnit | null, (ms: number) => number][] = [
  ['by the unit of the file', ['at', 'long'], 's', (ms) => ms / 1000],
  ['by the logical type', ['at', MICROS], null, (ms) => ms * 1000],
  ['in milliseconds', ['at', 'long'], null, (ms) => ms],
]

test('a time inside of a record that may be null is read as one of the record’s own; of null it is none', () => {
  for (const [what, time, timeUnit, count] of READERS) {
    const schema = eventOf(time)
    const reader = new AvroReader(schema, { ...nothing, time: 'meta.at', timeUnit })
    fc.assert(
      fc.property(fc.option(fc.integer({ min: 0, max: 4e6 }), { freq: 3 }), (seconds) => {
        const meta = seconds === null ? null : { note: 'n', at: count(seconds * 1000) }
        read(reader, schema, { id: 'k', meta, last: 1 })
        assert.equal(reader.time, seconds === null ? Number.NaN : seconds * 1000, what)
        assert.equal(reader.timeText, seconds === null ? '' : String(count(seconds * 1000)))
      }),
      { numRuns: 30 },
    )
  }
})

test('a writer’s plain long inside of a record is in milliseconds where the file says nothing, under an earlier name as well', () => {
  const reader = eventOf(['at', MICROS, { aliases: ['ts'] }])
  for (const name of ['at', 'ts']) {
    const writer = eventOf([name, 'long'])
    const found = new Projection(reader, { ...nothing, time: 'meta.at' }).readerOf(writer)
    assert.ok(found instanceof ResolvingReader)
    read(found, writer, { id: 'k', meta: { note: '', [name]: 1234 }, last: 1 })
    assert.equal(found.time, 1234)
  }
})

test('a column inside of a record has the same bytes, whoever has written it', () => {
  const place = (fields: readonly Field[]) => ['null', record('Place', fields)]
  const schema = record('Fact', [
    ['first', 'int'],
    [
      'at',
      place([
        ['code', 'string'],
        ['zone', ['null', 'long']],
      ]),
    ],
  ])
  const other = record('Fact', [
    [
      'at',
      place([
        ['zone', 'int'],
        ['more', 'double'],
        ['code', 'string'],
      ]).reverse(),
    ],
    ['first', 'int'],
  ])
  const none = bytesOf(Buffer.from([0]))
  const select = [
    { source: 'at.zone', nullable: false, none },
    { source: 'first', nullable: false },
    { source: 'at.code', nullable: true, none },
  ]
  const projection = new Projection(schema, { ...nothing, select })
  const [own, foreign] = [projection.readerOf(schema), projection.readerOf(other)]
  assert.ok(own instanceof AvroReader && foreign instanceof ResolvingReader)
  const places = fc.option(
    fc.record({ code: fc.string(), zone: fc.integer({ min: -99, max: 99 }) }),
    { freq: 3 },
  )
  fc.assert(
    fc.property(places, (at) => {
      read(own, schema, { first: 7, at })
      read(foreign, other, { first: 7, at: at && { ...at, more: 0.5 } })
      assert.equal(projected(own), projected(foreign))
      if (at === null) assert.equal(projected(own), '000e00')
    }),
  )
})

test('how many empty items a record may have is counted anew on each way into it', () => {
  const many = 600_000
  const inner = record('Inner', [
    ['nulls', { type: 'array', items: 'null' }],
    ['a', 'string'],
    ['b', 'string'],
  ])
  const schema = record('Outer', [['in', inner]])
  const select = ['in.b', 'in.a'].map((source) => ({ source, nullable: false }))
  const reader = new AvroReader(schema, { ...nothing, select, keys: ['in.b'] })
  const value = { in: { nulls: new Array(many).fill(null), a: 'x', b: 'y' } }
  read(reader, schema, value)
  assert.equal(projected(reader), '02790278')
  assert.equal(reader.keyBuffer(0).toString('utf8', reader.keyStart(0), reader.keyEnd(0)), 'y')
})
