import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parsePipeline } from '../../src/config/load.ts'
import { EnricherError } from '../../src/errors.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'

const FILE = 'examples/orders/pipeline.yaml'
const TEXT = readFileSync(FILE, 'utf8')

/** The lines of the error that the example gets with one text replaced. */
async function faultsWith(was: string, is: string): Promise<string[]> {
  const pipeline = parsePipeline(TEXT.replace(was, is), FILE, {})
  const schemas = await readSchemas(pipeline, null)
  try {
    createPipelineCodec(pipeline, schemas, null)
  } catch (error) {
    assert.ok(error instanceof EnricherError && error.code === 'SCHEMA_INVALID')
    return error.message.replaceAll(`${FILE}:`, 'pipeline.yaml:').split('\n')
  }
  return []
}

const lineOf = (text: string): number => TEXT.slice(0, TEXT.indexOf(text)).split('\n').length

test('a field that its topic’s schema does not have is named with file, line and key', async () => {
  const mistakes = [
    [
      'on: customer_id',
      'on: custmer_id',
      'dimensions.customer.on: demo.orders has no field custmer_id',
    ],
    [
      'on: order_id',
      'on: { left: orderid, right: order_id }',
      'join.on: demo.orders has no field orderid',
    ],
    [
      '[method, amount, paid_at]',
      '[method, amuont]',
      'join.select.amuont: demo.payments has no field amuont',
    ],
    [
      'segment: segment',
      'segment: segmnt',
      'dimensions.customer.select.segment: demo.customers has no field segmnt',
    ],
    [
      'schema: ./schemas/payment.avsc',
      'schema: ./schemas/payment.avsc\n  time: paidat',
      'join.time: demo.payments has no field paidat',
    ],
  ]
  for (const [was, is, message] of mistakes) {
    const [fault, ...more] = await faultsWith(was, is)
    assert.deepEqual(more, [])
    const line = lineOf(was) + is.split('\n').length - 1
    assert.ok(fault.startsWith(`pipeline.yaml:${line}: ${message}; did you mean "`), fault)
    assert.match(fault, /\(fields: .*\)$/)
  }
})

test('a field whose type is no time is named with file and line', async () => {
  const [fault] = await faultsWith(
    'schema: ./schemas/payment.avsc',
    'schema: ./schemas/payment.avsc\n  time: amount',
  )
  assert.match(fault, /^pipeline\.yaml:\d+: join\.time: .*amount.* .*which is no point in time/)
})

test('a unit that contradicts the schema is an error with its line, as a field that is not there', async () => {
  const schema = 'schema: ./schemas/payment.avsc'
  const [fault, ...more] = await faultsWith(
    schema,
    `${schema}\n  time:\n    field: paid_at\n    unit: us`,
  )
  const line = lineOf(schema) + 3
  const start = `pipeline.yaml:${line}: join.time.unit: unit: us contradicts the schema, by which paid_at is in milliseconds`
  assert.ok(fault.startsWith(start), fault)
  assert.deepEqual(more, [])
  const missing = await faultsWith(schema, `${schema}\n  time: { field: paidat, unit: us }`)
  assert.equal(missing.length, 1)
  assert.match(missing[0], /: join\.time\.field: .* has no field paidat/)
})

test('the example as it is has no fault', async () => {
  assert.deepEqual(await faultsWith('', ''), [])
})

const CATALOG = 'examples/catalog/pipeline.yaml'

/** The faults of the catalog example with one text replaced, without their lines. */
async function catalogFaults(was: string, is: string): Promise<string[]> {
  const text = readFileSync(CATALOG, 'utf8')
  assert.ok(text.includes(was), was)
  const pipeline = parsePipeline(text.replace(was, is), CATALOG, {})
  try {
    createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  } catch (error) {
    assert.ok(error instanceof EnricherError && error.code === 'SCHEMA_INVALID')
    return error.message.split('\n').map((line) => line.replace(/^\S+:\d+: /, ''))
  }
  return []
}

test('what is looked up has to be there: in the fact, in its records, in another dimension’s rows', async () => {
  const mistakes = [
    [
      'on: ship_to.country',
      'on: ship_to.contry',
      'dimensions.destination.on: the field ship_to has no field contry; did you mean "country"? (fields: street, country)',
    ],
    [
      'on: ship_to.country',
      'on: order_id.country',
      'dimensions.destination.on: order_id.country leads into the field order_id, which is string and no record',
    ],
    [
      'on: product.supplier_id',
      'on: prodct.supplier_id',
      'dimensions.supplier.on: catalog.orders has no field prodct.supplier_id; did you mean "product"? (fields: order_id, product_id, quantity, ship_to, placed)',
    ],
    [
      'on: product.supplier_id',
      'on: product.suplier_id',
      'dimensions.supplier.on: catalog.products has no field suplier_id; did you mean "supplier_id"? (fields: product_id, title, supplier_id)',
    ],
    [
      'on: supplier.country',
      'on: price.price',
      'dimensions.origin.on: The field price is "double"; a key or time field has to be a string, int, long or enum, or one of them and null',
    ],
    [
      'ship_to.street, {',
      'ship_to.contry, {',
      'facts.select.contry: the field ship_to has no field contry; did you mean "country"? (fields: street, country)',
    ],
    [
      'time: placed.at',
      'time: placed.channel',
      'facts.time: The time field placed.channel is {"type":"enum","name":"catalog.Channel","symbols":["web","app","shop"]}, which is no point in time that can be read. An event time is a long of seconds, milliseconds, microseconds or nanoseconds since 1970, or text in ISO 8601 with a zone: name such a field, or leave time out to take the record’s timestamp',
    ],
    [
      'time: placed.at',
      'time: { field: placed.at, unit: us }',
      'facts.time.unit: unit: us contradicts the schema, by which placed.at is in milliseconds (timestamp-millis); leave unit out',
    ],
  ]
  for (const [was, is, fault] of mistakes) assert.deepEqual(await catalogFaults(was, is), [fault])
})

test('a dimension with the name of a record of the fact leaves open what others mean by it', async () => {
  const text = 'destination:\n    topic'
  const faults = await catalogFaults(text, 'ship_to:\n    topic')
  assert.equal(faults.length, 1)
  assert.equal(
    faults[0],
    'dimensions.price.on: ship_to.country may be the column country of the dimension ship_to, or what is in the record ship_to of catalog.orders; give the dimension another name',
  )
})
