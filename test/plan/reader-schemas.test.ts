import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePipeline } from '../../src/config/load.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { derive, topicSchemas } from '../../src/plan/pipeline-codec.ts'
import { schemasFor } from '../../src/plan/reader-schemas.ts'
import type { ReaderSchema } from '../../src/plan/value-format.ts'

const pipelineOf = (select: string): Pipeline =>
  parsePipeline(
    `
name: job
kafka: { brokers: "localhost:9092" }
registry: { url: "http://localhost:8081" }
facts: { topic: orders }
dimensions:
  customer: { topic: customers, on: customer_id, select: ${select} }
join: { topic: payments, on: order_id, within: 60s, select: [method] }
output: { topic: orders.enriched }`,
    'pipeline.yaml',
    {},
  )
const pipeline = pipelineOf('[name]')

type Fields = Record<string, string>
const schema = (id: number, name: string, fields: Fields): ReaderSchema => ({
  id,
  schema: {
    type: 'record',
    name,
    fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
  },
})
const order = { order_id: 'string', customer_id: 'long' }
const payment = { order_id: 'string', method: 'string' }
const customer = { customer_id: 'long', name: 'string' }
const orders = schema(1, 'Order', order)
const payments = schema(2, 'Payment', payment)
const customers = schema(3, 'Customer', customer)
const recorded = [orders, payments, customers]
const [layout] = derive(pipeline, topicSchemas(pipeline, recorded)).layouts

const newerOrders = schema(11, 'Order', { ...order, note: 'string' })
const newerCustomers = schema(13, 'Customer', { ...customer, vip: 'boolean' })
const idsFor = (latest: ReaderSchema[], of = pipeline, from = recorded) =>
  schemasFor(layout, of, latest, from)?.map(({ id }) => id)

test('the latest schemas are read with where the layout stays as it is', () => {
  assert.deepEqual(idsFor(recorded), [1, 2, 3])
  assert.deepEqual(idsFor([orders, payments, newerCustomers]), [1, 2, 13])
})

test('a newer schema that would change the layout is not read with, others are', () => {
  assert.deepEqual(idsFor([newerOrders, payments, newerCustomers]), [1, 2, 13])
  const renamed = schema(14, 'Customer', { customer_id: 'long', title: 'string' })
  assert.deepEqual(idsFor([orders, payments, renamed]), [1, 2, 3])
  const typed = schema(15, 'Customer', { ...customer, name: 'bytes' })
  assert.deepEqual(idsFor([newerOrders, payments, typed]), [1, 2, 3])
})

test('a newer schema without the join key is not read with, though the layout is the same', () => {
  const unkeyed = schema(12, 'Payment', { method: 'string' })
  assert.deepEqual(idsFor([orders, unkeyed, customers]), [1, 2, 3])
})

test('a pipeline that has changed finds no schemas, whatever is recorded', () => {
  const changed = pipelineOf('{ customer_name: name }')
  assert.equal(idsFor(recorded, changed), undefined)
  assert.equal(idsFor([newerOrders, payments, customers], changed), undefined)
  assert.equal(
    schemasFor(layout, pipeline, [newerOrders, payments, customers], undefined),
    undefined,
  )
})

test('a newer schema that would change only the output’s docs is read with where the recorded one is gone', () => {
  const { schema: of } = orders
  const fields = of.fields.map((field) => ({ ...field, doc: 'Told later.' }))
  const told: ReaderSchema = { id: 16, schema: { ...of, fields } }
  assert.deepEqual(idsFor([told, payments, newerCustomers]), [1, 2, 13])
  const latest = [told, payments, customers]
  assert.equal(schemasFor(layout, pipeline, latest, undefined), latest)
})
