/** What is said of keys before a broker is asked, and of records that a sample shows. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { codecsOf } from '../../src/cli/checks/input-codecs.ts'
import { checkJoinColumn } from '../../src/cli/checks/join-column.ts'
import { checkValues } from '../../src/cli/checks/records.ts'
import { readValues } from '../../src/cli/checks/values.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import { parsePipeline } from '../../src/config/load.ts'
import type { KeyFormat, Pipeline } from '../../src/config/pipeline.ts'
import { EnricherError } from '../../src/errors.ts'
import { compilePipeline } from '../../src/plan/compile.ts'
import { keyBytesDiffer } from '../../src/plan/key-formats.ts'
import type { KeySchemas } from '../../src/plan/key-schemas.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-key-formats-'))
after(() => rmSync(folder, { recursive: true }))
const write = (name: string, schema: unknown): void =>
  writeFileSync(join(folder, name), JSON.stringify(schema))
const order = (type: unknown) => ({
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'order_id', type },
    { name: 'customer_id', type: ['null', 'long'] },
  ],
})
for (const type of ['string', 'long']) write(`${type}.avsc`, order(type))
write('key.avsc', ['null', { type: 'record', name: 'K', fields: [{ name: 'id', type: 'long' }] }])
write('two.avsc', order('long'))

const pipelineOf = (facts: string, right: string, type = 'string', customer = ''): Pipeline =>
  parsePipeline(
    `
name: job
kafka: { brokers: "localhost:9092" }
facts: { topic: orders, schema: ${type}.avsc, ${facts} }
dimensions:
  customer: { topic: customers, schema: ${type}.avsc, on: customer_id, select: { c: order_id }, ${customer} }
join: { topic: payments, schema: ${type}.avsc, on: order_id, within: 1s, select: { p: order_id }, ${right} }
output: { topic: out, schemaId: 1 }
`,
    join(folder, 'pipeline.yaml'),
    {},
  )
const differ = async (left: KeyFormat, right: KeyFormat, type = 'string') => {
  const pipeline = pipelineOf(`keyFormat: ${left}`, `keyFormat: ${right}`, type)
  return keyBytesDiffer(pipeline, await compilePipeline(pipeline, null, []))
}

test('key formats of other bytes are told from the file, and those of the same bytes are not', async () => {
  for (const [left, right, type] of [
    ['long', 'text', 'long'],
    ['text', 'long', 'long'],
    ['long', 'int', 'long'],
    ['avro', 'text', 'string'],
    ['avro', 'json', 'string'],
    ['text', 'json', 'string'],
  ] as const) {
    const cause = await differ(left, right, type)
    assert.match(
      cause!,
      new RegExp(`orders are of the format ${left}, .*payments of the format ${right}`),
    )
  }
  for (const [left, right, type] of [
    ['text', 'text', 'string'],
    ['text', 'bytes', 'string'],
    ['avro', 'avro', 'string'],
    ['long', 'long', 'long'],
    ['text', 'json', 'long'],
  ] as const) {
    assert.equal(await differ(left, right, type), null)
  }
})

test('beside facts that are repartitioned the right stream’s keys are text, whatever the facts are joined by', async () => {
  const by = async (left: string, facts: string, right: KeyFormat, type: string) => {
    const more = `keyFormat: ${right}, repartition: facts`
    const pipeline = pipelineOf(facts, more, type)
    const joins = pipeline.joins.map((join) => ({ ...join, onLeft: left }))
    const through = { ...pipeline, joins }
    return keyBytesDiffer(through, await compilePipeline(through, null, []))
  }
  const derived = 'fields: { by: string(customer_id) }, select: [order_id]'
  const column = 'select: [order_id]'
  for (const [left, facts] of [
    ['by', derived],
    ['customer.order_id', column],
  ]) {
    assert.equal(await by(left, facts, 'text', 'string'), null)
    assert.equal(await by(left, facts, 'json', 'long'), null)
    assert.match((await by(left, facts, 'long', 'long'))!, /those of payments of the format long/)
  }
})

test('two Avro key schemas are told with what they differ in', async () => {
  const pipeline = pipelineOf('keyFormat: avro', 'keyFormat: avro')
  const { schemas } = await compilePipeline(pipeline, null, [])
  const keysOf = (right: number): KeySchemas => [
    { topic: 'orders', id: 5, schema: 'string', fault: null },
    {
      topic: 'payments',
      id: right,
      schema: { type: 'string', 'avro.java.string': 'String' },
      fault: null,
    },
    undefined,
  ]
  assert.equal(keyBytesDiffer(pipeline, { schemas, keys: keysOf(5) }), null)
  const cause = keyBytesDiffer(pipeline, { schemas, keys: keysOf(6) })
  assert.match(
    cause!,
    /orders have the schema 5.*payments the schema 6.*differ in avro\.java\.string/,
  )
})

test('Avro keys without a registry are of keySchema, else of the field that they are matched with', async () => {
  const layoutOf = async (customer: string) => {
    const pipeline = pipelineOf('', '', 'string', customer)
    const schemas = await readSchemas(pipeline, null)
    return createPipelineCodec(pipeline, schemas, null).rowLayouts[0]
  }
  const field = await layoutOf('keyFormat: avro')
  assert.match(field, /^avro .*"long","branches":\[\]/)
  const file = await layoutOf('keyFormat: avro, keySchema: key.avsc')
  assert.match(file, /^avro .*"long","branches":\[1\]/)
  await assert.rejects(layoutOf('keyFormat: avro, keySchema: two.avsc'), (error) => {
    assert.ok(error instanceof EnricherError)
    assert.match(error.message, /keySchema: .*two\.avsc cannot be read: it is a record of 2 fields/)
    return true
  })
  assert.throws(
    () => pipelineOf('', '', 'string', 'keySchema: key.avsc'),
    /is for keyFormat: avro and keyFormat: protobuf only/,
  )
})

const frame = Buffer.from([0, 0, 0, 0, 1])
/** An order of the string schema whose customer is null. */
const value = Buffer.concat([frame, Buffer.from([4, 0x6f, 0x31, 0])])

async function findingsOf(
  key: Buffer,
  headers: [string, Buffer][] = [],
  keyFormat: KeyFormat = 'text',
  body: Buffer | null = value,
  isOfRegistry = false,
) {
  const pipeline = pipelineOf(`keyFormat: ${keyFormat}`, '')
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const records = [{ key, value: body, headers, timestamp: 0, partition: 2, offset: 17 }]
  const sample = {
    topic: 'orders',
    codec: codec.sources[0].values,
    key: codec.sources[0].key,
    keyFormat,
    isStream: true,
    join: null,
    isOfRegistry,
    isBare: false,
    records,
  }
  return checkValues(sample, await readValues(sample))
}

test('a sample whose ids are in headers fails with the header’s name', async () => {
  const [sound] = await findingsOf(Buffer.from('o1'), [['traceparent', Buffer.from('x')]])
  assert.equal(sound.mark, 'ok')
  const [finding] = await findingsOf(Buffer.from('o1'), [['__value_schema_id', Buffer.from('x')]])
  assert.equal(finding.mark, 'fail')
  assert.match(finding.detail, /not_framed: .*in the header __value_schema_id/)
})

test('a record of a sample that would be rejected is told with its place and what to do', async () => {
  const cut = Buffer.concat([frame, Buffer.from([40, 1])])
  const of = async (body: Buffer | null, isOfRegistry: boolean) => {
    const [{ detail, remedy }] = await findingsOf(Buffer.from('o1'), [], 'text', body, isOfRegistry)
    return { detail, remedy }
  }
  const inFile = await of(cut, false)
  assert.match(
    inFile.detail,
    /^orders: 1 of the last 1 record would be rejected \(malformed: .*\); it is orders-2@17$/,
  )
  assert.match(inFile.remedy!, /^the schema in the file is not the one/)
  assert.equal(
    (await of(cut, true)).remedy,
    'the bytes are not of the schema whose id they carry: correct the producer, or name the registry that it has its ids from',
  )
  assert.deepEqual(await of(null, true), {
    detail:
      'orders: 1 of the last 1 record would be rejected (null_value: The record has no value); it is orders-2@17',
    remedy:
      'leave records without a value out where they are written: only a dimension has deletions',
  })
})

test('keys of another format than the file says fail with the one that they look like', async () => {
  for (const [key, keyFormat, remedy] of [
    ['"o1"', 'text', /keys look like JSON text, in quotes: write keyFormat: json/],
    ['o1', 'json', /keys look like text: write keyFormat: text/],
    ['o1', 'avro', /keys look like text: write keyFormat: text/],
    ['Struct{order_id=o1}', 'text', /ExtractField\$Key/],
    ['other', 'text', /^write the join field as the record key/],
  ] as const) {
    const [finding] = await findingsOf(Buffer.from(key), [], keyFormat)
    assert.equal(finding.mark, 'fail')
    assert.match(finding.remedy!, remedy)
  }
})

test('where both sides are repartitioned nothing differs, whatever their keys are and they are joined by', async () => {
  const derived = 'keyFormat: long, fields: { by: string(customer_id) }, select: [order_id]'
  const pipeline = pipelineOf(derived, 'repartition: both')
  const joins = pipeline.joins.map((join) => ({ ...join, onLeft: 'by' }))
  assert.equal(
    keyBytesDiffer(
      { ...pipeline, joins },
      { schemas: await readSchemas(pipeline, null), keys: [] },
    ),
    null,
  )
})

test('a repartitioned side’s records need the join field all the same, but no key', async () => {
  const derived = 'fields: { by: string(customer_id) }, select: [order_id]'
  const pipeline = pipelineOf(derived, 'repartition: facts')
  const joins = pipeline.joins.map((join) => ({ ...join, onLeft: 'by' }))
  const through = { ...pipeline, joins }
  const codec = createPipelineCodec(through, await readSchemas(through, null), null)
  const [facts] = codecsOf(through, codec)
  const json = new AvroJson(order('string'))
  const records = [5, null].map((customer_id, offset) => {
    const body = json.encode({ order_id: 'o', customer_id }, (_path, fault) => assert.fail(fault))!
    const value = Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), body])
    return { partition: 0, offset, timestamp: 0, key: null, value, headers: [] }
  })
  const sample = {
    ...facts,
    ...({
      topic: 'orders',
      keyFormat: 'text',
      isOfRegistry: false,
      isBare: false,
      records,
    } as const),
  }
  const [finding] = checkValues(sample, await readValues(sample))
  assert.match(
    finding.detail,
    /1 of the last 2 records would be rejected \(null_field: The join field is null\); it is orders-0@1/,
  )
})

test('of facts that are joined by a column check says how many have none, and what becomes of them', () => {
  const key = { source: 'station.zone', lookUp: 0, key: 0 }
  const { mark, detail } = checkJoinColumn({ key, withoutKey: 'emit' }, ['a', null, 'b'])
  assert.equal(mark, 'warn')
  assert.match(
    detail,
    /^1 of the last 3 facts have no station\.zone .*come out at once, without a match$/,
  )
  assert.match(checkJoinColumn({ key, withoutKey: 'drop' }, [null]).detail, /are dropped$/)
  assert.equal(checkJoinColumn({ key, withoutKey: 'drop' }, ['a']).mark, 'ok')
})
