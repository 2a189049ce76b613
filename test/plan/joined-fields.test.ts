/** What a join may compare, by the schemas: a path that is no way, and two fields that can never be equal, are told with their lines. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { parsePipeline } from '../../src/config/load.ts'
import { EnricherError } from '../../src/errors.ts'
import { createPipelineCodec } from '../../src/plan/pipeline-codec.ts'

const record = (name: string, fields: Readonly<Record<string, unknown>>): AvroRecordSchema =>
  ({
    ...{ type: 'record', name },
    fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
  }) as AvroRecordSchema

const kind = (name: string, ...symbols: string[]) => ({ type: 'enum', name, symbols })
const facts = record('Order', {
  meta: [
    'null',
    record('Meta', {
      id: 'string',
      count: 'long',
      kind: kind('Kind', 'WEB', 'APP'),
      placed: { type: 'long', logicalType: 'timestamp-millis' },
      trace: { type: 'string', logicalType: 'uuid' },
    }),
  ],
  lines: { type: 'array', items: record('Line', { sku: 'string' }) },
  tags: { type: 'map', values: 'string' },
  either: [record('One', { id: 'string' }), record('Two', { id: 'string' })],
  place: record('Place', { zone: 'string' }),
  station_id: 'string',
})
const right = record('Payment', {
  ref: record('Ref', {
    order: 'string',
    count: ['null', 'int'],
    kind: kind('Channel', 'SHOP'),
    paid: { type: 'long', logicalType: 'timestamp-micros' },
  }),
})
const row = record('Station', {
  address: ['null', record('Address', { zone: 'string', floors: 'double' })],
})

/** With a place. @param join what the file has of it */
function faultsOf(join: string, dimension = 'station'): string[] {
  const text = `name: job
kafka: { brokers: "localhost:9092" }
registry: { url: "http://here" }
facts: { topic: orders, select: [station_id] }
dimensions: { ${dimension}: { topic: stations, on: station_id, select: { located: address } } }
${join}
output: { topic: out }
`
  try {
    const pipeline = parsePipeline(text, 'p.yaml', {})
    const rights = pipeline.joins.map(() => right)
    createPipelineCodec(pipeline, { facts, rights, dimensions: [row] }, null)
  } catch (error) {
    if (!(error instanceof EnricherError)) throw error
    return error.message.split('\n').map((line) => line.replace(/^(\S*\/)?p\.yaml:/, 'p.yaml:'))
  }
  return []
}

const on = (left: string, its: string, more = ''): string =>
  `join: { topic: payments, on: { left: ${left}, right: ${its} }, within: 1s, select: { its: ref }${more} }`

test('fields inside of records are compared, keyed by them or carried', () => {
  for (const more of ['', ', repartition: facts', ', repartition: right', ', repartition: both']) {
    assert.deepEqual(faultsOf(on('meta.id', 'ref.order', more)), [])
    // Their texts may be equal.
    assert.deepEqual(faultsOf(on('meta.count', 'ref.order', more)), [])
    assert.deepEqual(faultsOf(on('meta.count', 'ref.count', more)), [])
    assert.deepEqual(faultsOf(on('meta.kind', 'ref.order', more)), [])
  }
  assert.deepEqual(faultsOf(on('station.address.zone', 'ref.order', ', repartition: facts')), [])
})

test('a path that leads nowhere is told with its line, all of them at once', () => {
  assert.deepEqual(faultsOf(on('meta.idd', 'ref.ordr')), [
    'p.yaml:6: join.on: the field meta has no field idd; did you mean "id"? (fields: id, count, kind, placed, trace)',
    'p.yaml:6: join.on: the field ref has no field ordr; did you mean "order"? (fields: order, count, kind, paid)',
  ])
  assert.deepEqual(faultsOf(on('mtea.id', 'ref.order')), [
    'p.yaml:6: join.on: orders has no field mtea.id; did you mean "meta"? (fields: meta, lines, tags, either, place, station_id)',
  ])
  assert.deepEqual(faultsOf(on('station.address.zome', 'ref.order', ', repartition: facts')), [
    'p.yaml:6: join.on: the field address has no field zome; did you mean "zone"? (fields: zone, floors)',
  ])
})

test('what has several values is no way to one, and says what to do', () => {
  const instead =
    '; paths go into records alone, or in a union with null: name a field that is in one, or have the producer write the value there'
  for (const [left, what] of [
    ['lines.sku', 'lines.sku leads into the field lines, which is array of record Line'],
    ['tags.id', 'tags.id leads into the field tags, which is map of string'],
    ['either.id', 'either.id leads into the field either, which is record One or record Two'],
  ]) {
    const fault = `p.yaml:6: join.on: ${what} and no record${instead}`
    assert.deepEqual(faultsOf(on(left, 'ref.order')), [fault])
  }
})

test('a field that has no text is no join field, wherever it is', () => {
  assert.deepEqual(
    faultsOf(on('station.address.floors', 'ref', ', repartition: facts')).map((fault) =>
      fault.replace(/is .*; a key/, 'is …; a key'),
    ),
    ['station.address.floors'.slice(8), 'ref'].map(
      (name) =>
        `p.yaml:6: join.on: The field ${name} is …; a key or time field has to be a string, int, long or enum, or one of them and null`,
    ),
  )
})

test('two fields none of whose texts can be equal are told with their types', () => {
  const instead =
    ', so nothing would match; name fields of one type, or derive one whose text is the other’s (fields), and repartition its side'
  for (const [left, its, why] of [
    [
      'meta.kind',
      'ref.count',
      'orders.meta.kind is enum Kind, payments.ref.count is null or int: no symbol is a whole number',
    ],
    [
      'meta.kind',
      'ref.kind',
      'orders.meta.kind is enum Kind, payments.ref.kind is enum Channel: they have no symbol alike',
    ],
    [
      'meta.placed',
      'ref.paid',
      'orders.meta.placed is long as timestamp-millis, payments.ref.paid is long as timestamp-micros: the one counts milliseconds, the other microseconds',
    ],
    [
      'meta.trace',
      'ref.count',
      'orders.meta.trace is string as uuid, payments.ref.count is null or int: no UUID is a whole number',
    ],
  ]) {
    assert.deepEqual(faultsOf(on(left, its)), [`p.yaml:6: join.on: ${why}${instead}`])
  }
})

test('a path that may be a column, or be in a record of the facts, is asked about', () => {
  assert.deepEqual(faultsOf(on('place.zone', 'ref.order', ', repartition: facts'), 'place'), [
    'p.yaml:6: join.on: place.zone may be the column zone of the dimension place, or what is in the record place of orders; give the dimension another name',
  ])
})

test('a later stage finds what is in a record that was selected, and asks for it where none was', () => {
  const joins = (select: string): string =>
    `joins: { place: { topic: payments, on: { left: meta.id, right: ref.order }, within: 1s, select: { ${select} } }, again: { topic: refunds, on: { left: place.ref.count, right: ref.order }, within: 1s, repartition: facts, select: { more: ref.order } } }`
  assert.deepEqual(faultsOf(joins('its: ref')), [
    'p.yaml:6: joins.again.on: place.ref.count may be the column ref.count of the join place, or what is in the record place of orders; give the join another name',
  ])
  const payment = (select: string): string => joins(select).replaceAll('place', 'payment')
  assert.deepEqual(faultsOf(payment('its: ref')), [])
  assert.deepEqual(faultsOf(payment('its: ref.count')), [])
  assert.deepEqual(faultsOf(payment('its: ref.order')), [
    'p.yaml:6: joins.again.on: payment.ref.count is not among the columns that joins.payment selects, and what was joined so far is keyed by it here; add it to the select there (an output leaves it out with a select of its own)',
  ])
})
