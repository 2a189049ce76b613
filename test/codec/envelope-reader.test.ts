import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import avsc, { type Schema } from 'avsc'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import type { AvroRecordSchema, EnvelopePlan, ReaderPlan } from '../../src/codec/avro/reader.ts'
import { rowSchema } from '../../src/codec/envelope/schema.ts'
import { readerBehind } from '../../src/codec/frame/inflate.ts'
import { DELETED, type Fate, PASSED, TAKEN, type ValueReader } from '../../src/codec/port.ts'
import { Projection } from '../../src/codec/projection.ts'
import { type ChangeEvent, envelopeSchema, typeOf, written } from './change-events.ts'

const ADDRESS = { type: 'record', name: 'Address', fields: [{ name: 'city', type: 'string' }] }
const FIELDS = [
  { name: 'id', type: 'long' },
  { name: 'name', type: ['null', 'string'], default: null },
  { name: 'home', type: ADDRESS },
  { name: 'work', type: ['null', 'Address'], default: null },
  { name: 'at', type: { type: 'long', 'connect.name': 'io.debezium.time.MicroTimestamp' } },
] as const
const SCHEMA = envelopeSchema(FIELDS)
/** What writers have: the same; another order and another field; an envelope of a later release, with what nobody reads. */
const WRITERS = [
  SCHEMA,
  envelopeSchema([...FIELDS.toReversed().slice(0, 2), FIELDS[2], FIELDS[1], FIELDS[0]].map(fixed)),
  envelopeSchema(FIELDS, [{ name: 'ts_ns', type: ['null', 'long'], default: null }]),
  envelopeSchema([{ name: 'vip', type: 'boolean', default: false }, ...FIELDS]),
]

/** A named type is defined where it comes first. */
function fixed(field: object, i: number): object {
  const { name } = field as { name: string }
  if (name === 'work' && i < 2) return { ...field, type: ['null', ADDRESS] }
  return name === 'home' ? { ...field, type: 'Address' } : field
}

const rows = fc.record({
  id: fc.integer(),
  name: fc.option(fc.string()),
  home: fc.record({ city: fc.string() }),
  work: fc.option(fc.record({ city: fc.string() })),
  at: fc.integer({ min: 0 }),
  vip: fc.boolean(),
})

const changes: fc.Arbitrary<ChangeEvent> = fc.oneof(
  fc.record({
    op: fc.constantFrom('c', 'r', 'u'),
    before: fc.option(rows),
    after: rows,
    sourceMs: fc.nat(),
  }),
  fc.record({
    op: fc.constant('d'),
    before: fc.option(rows),
    after: fc.constant(null),
    sourceMs: fc.nat(),
  }),
  fc.record({
    op: fc.constantFrom('t', 'm'),
    before: fc.constant(null),
    after: fc.constant(null),
    sourceMs: fc.nat(),
  }),
)

const plan: ReaderPlan = {
  select: [
    { source: 'name', nullable: false },
    { source: 'home', nullable: true },
    { source: 'work', nullable: false },
  ],
  keys: ['id', 'home.city'],
  time: 'at',
}
const envelope: EnvelopePlan = { kind: 'debezium', time: null, isKeyed: true }
const ofSource = { ...envelope, time: { path: 'source.ts_ms', unit: 'ms' } } as const

/** All that a reader says of the value that is selected. */
function said(reader: ValueReader) {
  const target = bytesOf(Buffer.alloc(reader.projectedBytes))
  assert.equal(reader.project(target, 0), target.length)
  return { row: target.toString('hex'), keys: keysOf(reader), time: reader.time }
}

const keysOf = (reader: ValueReader): (string | null)[] =>
  plan.keys.map((_, k) => {
    const end = reader.keyEnd(k)
    return end < 0 ? null : reader.keyBuffer(k).toString('utf8', reader.keyStart(k), end)
  })

const FATES: Readonly<Record<string, Fate>> = { d: DELETED, t: PASSED, m: PASSED }

function readAt(row: number, reader: ValueReader, value: Buffer): void {
  assert.equal(reader.read(row, bytesOf(value), 0, value.length), null, reader.fault)
  reader.select(row)
}

test('random change events are read as their rows are read without an envelope, by whatever schema they are written', () => {
  const inside = new Projection(SCHEMA, { ...plan, envelope })
  const timed = new Projection(SCHEMA, { ...plan, time: null, envelope: ofSource })
  const alone = new Projection(rowSchema(SCHEMA, 'debezium'), plan)
  for (const schema of WRITERS) {
    const type = typeOf(schema)
    const own = rowSchema(schema, 'debezium')
    const rowType = avsc.Type.forSchema(own as unknown as Schema)
    const [reader, bySource, row] = [
      inside.readerOf(schema),
      timed.readerOf(schema),
      alone.readerOf(own),
    ]
    const ofRow = (value: object) => {
      readAt(0, row, Buffer.concat([Buffer.alloc(5), rowType.toBuffer(value)]))
      return said(row)
    }
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 20 }), (events) => {
        for (const [i, event] of events.entries()) {
          readAt(i, reader, written(type, event))
          readAt(i, bySource, written(type, event))
        }
        for (const [i, { op, before, after, sourceMs }] of events.entries()) {
          reader.select(i)
          bySource.select(i)
          assert.equal(reader.fate, FATES[op] ?? TAKEN)
          assert.equal(bySource.time, sourceMs)
          if (reader.fate === TAKEN) assert.deepEqual(said(reader), ofRow(after!))
          else {
            const keys = before === null ? [null, null] : ofRow(before).keys
            assert.deepEqual([keysOf(reader), reader.time], [keys, Number.NaN])
          }
        }
      }),
      { numRuns: 100 },
    )
    fc.assert(
      fc.property(changes, (event) => {
        readAt(0, reader, written(type, event))
        const { before } = event
        if (FATES[event.op] !== undefined) return
        assert.equal(reader.selectFormer!(), before !== null)
        if (before !== null) assert.deepEqual(keysOf(reader), ofRow(before).keys)
      }),
    )
  }
})

test('JsonConverter’s schema and payload around an envelope, and around a row, change nothing', () => {
  const around = (payload: unknown): AvroRecordSchema => ({
    type: 'record',
    name: 'Wrapped',
    fields: [
      { name: 'schema', type: ['null', 'string'] },
      { name: 'payload', type: ['null', payload] as Schema },
    ],
  })
  const wrapped = around(SCHEMA)
  const type = typeOf(wrapped)
  const of = (payload: unknown) =>
    Buffer.concat([Buffer.alloc(5), type.toBuffer({ schema: 'x', payload })])
  const plain = new Projection(SCHEMA, { ...plan, envelope }).readerOf(SCHEMA)
  const path = 'payload.source.ts_ms'
  const timed = { ...envelope, time: { path, unit: 'ms' } } as const
  const inside = new Projection(wrapped, { ...plan, envelope }).readerOf(wrapped)
  const bySource = new Projection(wrapped, { ...plan, time: null, envelope: timed })
  fc.assert(
    fc.property(changes, (event) => {
      const bytes = written(typeOf(SCHEMA), event)
      readAt(0, plain, bytes)
      const value = of(typeOf(SCHEMA).fromBuffer(bytes.subarray(5)))
      for (const reader of [inside, bySource.readerOf(wrapped)]) readAt(0, reader, value)
      assert.equal(inside.fate, plain.fate)
      if (plain.fate === TAKEN) assert.deepEqual(said(inside), said(plain))
    }),
  )
  const row = rowSchema(SCHEMA, 'debezium')
  const rowOnly = around({ ...row, envelope: undefined })
  const connect = { kind: 'connect', time: null, isKeyed: false } as const
  const reader = new Projection(rowOnly, { ...plan, envelope: connect }).readerOf(rowOnly)
  const rowType = typeOf(rowOnly)
  const values = [{ id: 7, name: 'Ada', home: { city: 'Bonn' }, work: null, at: 1000 }, null].map(
    (payload) => Buffer.concat([Buffer.alloc(5), rowType.toBuffer({ schema: null, payload })]),
  )
  readAt(0, reader, values[0])
  assert.deepEqual([reader.fate, keysOf(reader), reader.time], [TAKEN, ['7', 'Bonn'], 1])
  readAt(0, reader, values[1])
  assert.equal(reader.fate, DELETED)
})

test('an event whose bytes are compressed says what its row was before, and what it lacks, as one that is not', () => {
  const projection = new Projection(SCHEMA, { ...plan, envelope })
  const plain = projection.readerOf(SCHEMA)
  const frame = { kind: 'Glue zlib', bodyBytes: 18 } as const
  const zlib = readerBehind(frame, (bodyBytes) => projection.readerOf(SCHEMA, bodyBytes))
  fc.assert(
    fc.property(changes, (event) => {
      const bytes = written(typeOf(SCHEMA), event)
      readAt(0, plain, bytes)
      readAt(0, zlib, Buffer.concat([Buffer.alloc(18), deflateSync(bytes.subarray(5))]))
      assert.deepEqual([zlib.fate, zlib.lacking], [plain.fate, plain.lacking])
      if (plain.fate === TAKEN) assert.deepEqual(said(zlib), said(plain))
      assert.equal(zlib.selectFormer!(), plain.selectFormer!())
      assert.deepEqual(keysOf(zlib), keysOf(plain))
    }),
  )
})

test('of random bytes, and of events that are cut short or changed, none ends the process', () => {
  const type = typeOf(SCHEMA)
  const reader = new Projection(SCHEMA, { ...plan, time: null, envelope: ofSource }).readerOf(
    SCHEMA,
  )
  fc.assert(
    fc.property(changes, fc.nat(), fc.nat(255), (event, at, byte) => {
      const value = written(type, event)
      const end = 5 + (at % (value.length - 5))
      assert.equal(reader.read(0, bytesOf(value), 0, end), 'malformed')
      value[end] = byte
      const reason = reader.read(0, bytesOf(value), 0, value.length)
      if (reason === null) reader.select(0)
      else assert.notEqual(reader.fault, '')
    }),
    { numRuns: 2000 },
  )
})

test('an event without the row that its op promises, and an op that nobody knows, are told', () => {
  const type = typeOf(SCHEMA)
  const reader = new Projection(SCHEMA, { ...plan, envelope }).readerOf(SCHEMA)
  const refused = (op: string): string => {
    const value = written(type, { op, before: null, after: null, sourceMs: 1 })
    assert.equal(reader.read(0, bytesOf(value), 0, value.length), 'malformed')
    return reader.fault
  }
  assert.match(refused('u'), /^The event says "u", and has no row; have the connector write it/)
  assert.match(refused('x'), /^The event says "x", which is none of r, c, u, d, t, m$/)
})

test('MongoDB’s events of documents that are records are read by what they say', () => {
  const document = {
    type: 'record',
    name: 'Document',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'city', type: ['null', 'string'] },
    ],
  }
  const schema = {
    type: 'record',
    name: 'ChangeStream',
    fields: [
      { name: 'operationType', type: 'string' },
      { name: 'fullDocument', type: ['null', document] },
      { name: 'documentKey', type: ['null', 'string'] },
    ],
  } as unknown as AvroRecordSchema
  const select = [{ source: 'city', nullable: false }]
  const of: ReaderPlan = {
    ...{ select, keys: [], time: null },
    envelope: { kind: 'mongodb', time: null, isKeyed: false },
  }
  const reader = new Projection(schema, of).readerOf(schema)
  const fateOf = (operationType: string, fullDocument: object | null): Fate => {
    const body = typeOf(schema).toBuffer({ operationType, fullDocument, documentKey: '{}' })
    readAt(0, reader, Buffer.concat([Buffer.alloc(5), body]))
    return reader.fate
  }
  for (const op of ['insert', 'update', 'replace']) {
    assert.equal(fateOf(op, { id: '1', city: 'Bonn' }), TAKEN)
    assert.equal(reader.projectedBytes, 6)
  }
  assert.equal(fateOf('delete', null), DELETED)
  assert.equal(fateOf('drop', null), PASSED)
})

test('a record that is no envelope is refused with what it lacks', () => {
  const row = rowSchema(SCHEMA, 'debezium')
  assert.throws(() => rowSchema(row, 'debezium'), {
    code: 'SCHEMA_INVALID',
    message:
      'shop.public.customers.Value is no envelope of Debezium: it has no field after and op (fields: id, name, home, work, at)',
  })
})
