/** Schemas with all that an output's schema takes over, and the layouts that release 0.1 had for them. */
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import type { TopicSchemas } from '../../src/plan/output-plan.ts'
import { pipelineWith } from '../support/pipeline.ts'

const record = (name: string, fields: readonly object[], more: object = {}): AvroRecordSchema =>
  ({ type: 'record', name, ...more, fields }) as unknown as AvroRecordSchema

const status = { type: 'enum', name: 'Status', symbols: ['A', 'B'], default: 'A' }
const key = { name: 'order_id', type: 'string' }
const micros = { type: 'long', logicalType: 'timestamp-micros' }

const order = [
  { ...key, doc: 'The key.', aliases: ['id'] },
  { name: 'customer_id', type: 'long', default: 0 },
  { name: 'placed_at', type: micros },
  { name: 'status', type: { ...status, doc: 'How far it is.' } },
  { name: 'before', type: ['null', 'Status'], default: null },
]
const customer = [
  { name: 'name', type: { type: 'string', 'connect.default': 'nobody' }, default: 'nobody' },
  { name: 'city', type: [{ type: 'string', 'connect.default': 'Oslo' }, 'null'], default: 'Oslo' },
  { name: 'level', type: { type: 'enum', name: 'Status', symbols: ['X', 'Y'] } },
]
const payment = [
  key,
  { name: 'amount', type: { type: 'int', 'connect.default': 7 }, default: 7 },
  { name: 'method', type: ['string', 'int'] },
  { name: 'paid_at', type: ['null', micros], default: null },
]

const select = ', select: [amount, method, paid_at]'
const inner = pipelineWith(select)
const left = pipelineWith(`${select}, kind: left`)
const timed: Pipeline = {
  ...left,
  facts: { ...left.facts, time: 'placed_at' },
  joins: [{ ...left.joins[0], time: 'paid_at' }],
}

const schemas = (facts: AvroRecordSchema): TopicSchemas => ({
  facts,
  dimensions: [record('Customer', customer, { namespace: 'crm' })],
  rights: [record('Payment', payment)],
})
const spaced = schemas(record('Order', order, { namespace: 'shop', doc: 'An order.' }))
const dotted = schemas(record('com.shop.Order', order))
const bare = schemas(record('Order', order))

export const LAYOUTS: readonly (readonly [string, Pipeline, TopicSchemas, string])[] = [
  ['a namespace, inner', inner, spaced, 'de4ee8afffcbe040'],
  ['a namespace, left', left, spaced, '01485872f316a7ad'],
  ['event times of fields', timed, spaced, '01485872f316a7ad'],
  ['the namespace in the name', left, dotted, '116e07fbfff02ace'],
  ['no namespace', left, bare, '0256eaa68643ab0c'],
]
