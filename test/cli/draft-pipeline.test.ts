import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { guessKeyFormat } from '../../src/cli/checks/key-shapes.ts'
import { type DimensionDraft, draftText, type TopicDraft } from '../../src/cli/draft-pipeline.ts'
import { draftFault } from '../../src/cli/init.ts'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { rowSchema } from '../../src/codec/envelope/schema.ts'
import { parsePipeline } from '../../src/config/load.ts'
import { planOutput } from '../../src/plan/output-plan.ts'
import { envelopeSchema } from '../codec/change-events.ts'

type Fields = Record<string, AvroRecordSchema['fields'][number]['type']>
const TIME = { type: 'long', logicalType: 'timestamp-millis' } as const

function topic(name: string, fields: Fields, rows: [string, object][] = []): TopicDraft {
  const schema: AvroRecordSchema = {
    type: 'record',
    name: 'R',
    fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
  }
  const keys = rows.map(([key]) => Buffer.from(key))
  const values = rows.map(([, value]) => value as Record<string, unknown>)
  const none = { schemaFile: null, frames: null, isBare: false, primaryKey: [] } as const
  const own = { format: 'avro', ...none } as const
  return { ...own, topic: name, schema, keys, values }
}

const dimension = (name: string, of: TopicDraft): DimensionDraft => ({ ...of, name, on: undefined })

function drafted(facts: TopicDraft, join: TopicDraft | null, dimensions: DimensionDraft[] = []) {
  const text = draftText({
    name: 'job',
    connection: [
      'kafka: { brokers: "localhost:9092" }',
      'registry: { url: "http://localhost:8081" }',
    ],
    hasRegistry: true,
    facts,
    join,
    dimensions,
    now: Date.UTC(2026, 0),
  })
  return { text, pipeline: parsePipeline(text, 'pipeline.yaml', {}) }
}

const orders = topic('shop.orders', { id: 'string', ref: 'string', client: 'long', at: TIME }, [
  ['r1', { id: 'x', ref: 'r1', client: 7 }],
  ['r2', { id: 'y', ref: 'r2', client: 8 }],
])
const payments = topic('shop.payments', { order: 'string', id: 'string', at: ['null', TIME] }, [
  ['r2', { order: 'r2', id: 'p' }],
])
const customers = topic('customers', { number: 'long', name: 'string', id: 'string' }, [
  ['7', { number: 7, name: 'Ann', id: '-' }],
])

test('the join field of each side is the one that is its records’ key', () => {
  const { pipeline, text } = drafted(orders, payments)
  assert.deepEqual([pipeline.joins[0]?.onLeft, pipeline.joins[0]?.onRight], ['ref', 'order'])
  assert.deepEqual([pipeline.facts.time, pipeline.joins[0]?.time], ['at', 'at'])
  assert.match(text, /left: ref # the key of 2 of the last 2 records/)
})

test('without records a field of both topics is taken, and marked to be checked', () => {
  const { text } = drafted(
    topic('a', { k: 'int', x: 'string' }),
    topic('b', { y: 'int', k: 'int' }),
  )
  assert.match(text, /on: k # CHECK/)
})

test('a dimension is looked up by the field with its name, else by values that are its keys', () => {
  const named = topic('a', { k: 'int', customer_id: 'long', client: 'long' })
  const join = topic('b', { k: 'int' })
  const { pipeline } = drafted(named, join, [dimension('customer', customers)])
  assert.equal(pipeline.dimensions[0].on, 'customer_id')
  const found = drafted(orders, payments, [dimension('customer', customers)])
  assert.equal(found.pipeline.dimensions[0].on, 'client')
  assert.match(found.text, /on: client # 1 of its values are keys of customers/)
  const nothing = topic('other', { z: 'string' })
  assert.throws(
    () => drafted(named, join, [dimension('other', nothing)]),
    /--dimension other=other:FIELD/,
  )
})

test('a dimension whose keys are JSON objects is looked up by all of their fields, where the facts have them', () => {
  const prices = topic('prices', { price: 'double' }, [
    ['{"client":7,"ref":"r1"}', { price: 2 }],
    ['{"ref":"r2","client":7}', { price: 3 }],
  ])
  const { text, pipeline } = drafted(orders, null, [dimension('price', prices)])
  assert.match(text, /keyFormat: json\n {4}on: \[client, ref\] # the fields of its keys/)
  assert.equal(pipeline.dimensions[0].parts.length, 2)
  const framed = { ...prices, keys: [Buffer.from([0, 0, 0, 0, 9, 1, 2])] }
  const said = drafted(orders, null, [{ ...dimension('price', framed), on: 'ref,client' }])
  assert.match(said.text, /keyFormat: avro\n {4}on: \[ref, client\] # as you said/)
})

test('names that the output would have twice are renamed, and the key is left out', () => {
  const { pipeline } = drafted(orders, payments, [dimension('customer', customers)])
  const plan = planOutput(pipeline, {
    facts: orders.schema,
    rights: [payments.schema],
    dimensions: [customers.schema],
  })
  assert.deepEqual(
    plan.dimensions[0].map(({ name, source }) => [name, source]),
    [
      ['name', 'name'],
      ['customer_id', 'id'],
    ],
  )
  assert.deepEqual(
    plan.rights[0].map(({ name }) => name),
    ['payments_id', 'payments_at'],
  )
})

test('where all inputs are Protobuf the output is, too, and without a registry a file keeps its numbers', () => {
  const of = (hasRegistry: boolean, ...formats: ('protobuf' | 'avro')[]) => {
    const [facts, join, clients] = [orders, payments, customers].map((one, i) => {
      // Any file that is there.
      const schemaFile = hasRegistry ? null : fileURLToPath(import.meta.url)
      return { ...one, format: formats[i], schemaFile }
    })
    const registry = hasRegistry ? ['registry: { url: "http://localhost:8081" }'] : []
    const text = draftText({
      ...{ name: 'job', hasRegistry, facts, join, now: Date.UTC(2026, 0) },
      connection: ['kafka: { brokers: "localhost:9092" }', ...registry],
      dimensions: [dimension('client', clients)],
    })
    const { format, schema, schemaId } = parsePipeline(text, '/a/pipeline.yaml', {}).output
    return [format, schema, schemaId]
  }
  const all = ['protobuf', 'protobuf', 'protobuf'] as const
  assert.deepEqual(of(true, ...all), ['protobuf', null, null])
  assert.deepEqual(of(false, ...all), ['protobuf', '/a/shop.orders.enriched.proto', 1])
  assert.deepEqual(of(true, 'protobuf', 'protobuf', 'avro'), ['avro', null, null])
})

test('a draft that would not start is told without the lines of a file that is not written', () => {
  const message = `/a/pipeline.yaml:5: facts.time: no such field\nThe output has a field twice`
  assert.equal(
    draftFault(message, '/a/pipeline.yaml'),
    'No file is written: a pipeline of these topics would not start.\nfacts.time: no such field\nThe output has a field twice',
  )
})

test('key formats are told apart, also where a few keys are damaged', () => {
  const long = (n: bigint): Buffer => {
    const key = Buffer.alloc(8)
    key.writeBigInt64BE(n)
    return key
  }
  const avro = (text: string): Buffer =>
    Buffer.concat([Buffer.from([0, 0, 0, 0, 9, text.length * 2]), Buffer.from(text)])
  assert.equal(guessKeyFormat(['a', '17'].map((key) => Buffer.from(key))), 'text')
  assert.equal(guessKeyFormat(['"a"', '"b"'].map((key) => Buffer.from(key))), 'json')
  // A text of 16 letters has the bytes of an Avro string, too.
  for (let length = 0; length < 40; length++) {
    const text = JSON.stringify('x'.repeat(length))
    const key = Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), Buffer.from(text)])
    assert.equal(guessKeyFormat([key]), 'json', text)
  }
  assert.equal(guessKeyFormat([1n, 2n ** 40n].map(long)), 'long')
  assert.equal(guessKeyFormat([Buffer.from([0, 0, 0, 7])]), 'int')
  assert.equal(guessKeyFormat(['x', 'order-1'].map(avro)), 'avro')
  // Field 1: a text; field 300: a number.
  const protobuf = (...message: number[]) => Buffer.from([0, 0, 0, 0, 7, 0, ...message])
  assert.equal(guessKeyFormat([protobuf(0x0a, 2, 104, 105), protobuf(0x0a, 0)]), 'protobuf')
  assert.equal(guessKeyFormat([protobuf(0xe0, 0x12, 0x96, 1)]), 'protobuf')
  assert.notEqual(guessKeyFormat([protobuf(0x0a, 3, 104, 105)]), 'protobuf')
  assert.equal(guessKeyFormat([Buffer.from([1, 2, 3])]), 'bytes')
  const mostly = Array.from({ length: 20 }, (_, i) => Buffer.from(i === 0 ? [1, 2, 3] : 'key'))
  assert.equal(guessKeyFormat(mostly), 'text')
})

test('the event time is a field that says so, else one whose name and values do, with its unit', () => {
  const NOW = Date.UTC(2025, 11)
  const micros = { type: 'long', 'connect.name': 'io.debezium.time.MicroTimestamp' } as never
  const said = topic('a', { k: 'string', created_at: 'long', changed: micros })
  const rows = (at: unknown): [string, object][] => [
    ['1', { k: '1', made_at: at, count: at }],
    ['2', { k: '2', made_at: null, count: at }],
  ]
  const plain = (at: unknown) =>
    topic('b', { k: 'string', count: 'long', made_at: ['null', 'long'] }, rows(at))
  const of = (join: TopicDraft): [string | null, string | null] => {
    const { time, timeUnit } = drafted(said, join).pipeline.joins[0]
    return [time, timeUnit]
  }
  assert.equal(drafted(said, plain(7)).pipeline.facts.time, 'changed')
  assert.deepEqual(of(plain(NOW)), ['made_at', null])
  assert.deepEqual(of(plain(NOW / 1000)), ['made_at', 's'])
  assert.deepEqual(of(plain(NOW * 1000)), ['made_at', 'us'])
  assert.deepEqual(of(plain(String(BigInt(NOW) * 1_000_000n))), ['made_at', 'ns'])
  assert.deepEqual(of(plain(7)), [null, null])
  const { text } = drafted(said, plain(NOW * 1000))
  assert.match(text, /time: { field: made_at, unit: us } # CHECK: by its name and values, in micro/)
})

test('a time may be text: where the schema says so, or name and values do', () => {
  const zoned = { type: 'string', 'connect.name': 'io.debezium.time.ZonedTimestamp' } as never
  const said = topic('a', { k: 'string', note: 'string', changed: zoned })
  const rows = (text: string): [string, object][] => [['1', { k: '1', made_at: text, note: text }]]
  const named = (text: string) =>
    topic('b', { k: 'string', note: 'string', made_at: ['null', 'string'] }, rows(text))
  const { pipeline, text } = drafted(said, named('2026-01-31T12:00:00+01:00'))
  assert.deepEqual([pipeline.facts.time, pipeline.joins[0]?.time], ['changed', 'made_at'])
  assert.match(text, /time: made_at # CHECK: by its name and values, ISO 8601/)
  assert.equal(drafted(said, named('2026-01-31 12:00')).pipeline.joins[0]?.time, null)
})

test('without a second stream nothing is joined, and facts need no key', () => {
  const facts = topic('a', { k: 'int', customer_id: 'long', at: TIME })
  const unkeyed = { ...facts, keys: [null, Buffer.from('x')], values: [undefined, { k: 1 }] }
  const { pipeline, text } = drafted(unkeyed, null, [dimension('customer', customers)])
  assert.deepEqual(pipeline.joins, [])
  assert.doesNotMatch(text, /join|keyFormat: avro/)
  assert.equal(pipeline.facts.time, 'at')
  assert.equal(pipeline.dimensions[0].on, 'customer_id')
})

test('a topic of change events is drafted from the rows in them, with its envelope', () => {
  const row = rowSchema(envelopeSchema([{ name: 'number', type: 'long' }]), 'debezium')
  const events: TopicDraft = { ...customers, schema: row, values: [{ number: 7 }] }
  const { pipeline, text } = drafted(orders, null, [
    { ...dimension('client', events), on: 'client' },
  ])
  assert.equal(pipeline.dimensions[0].envelope, 'debezium')
  assert.match(text, /envelope: debezium # the row is in it, and what has happened to it/)
})
