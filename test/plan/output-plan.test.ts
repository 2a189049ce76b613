import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import avsc, { type Schema } from 'avsc'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { JOIN_KINDS } from '../../src/config/join-kind.ts'
import { loadPipeline } from '../../src/config/load.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { planOutput } from '../../src/plan/output-plan.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'

const folder = new URL('../../examples/orders/', import.meta.url)
const orders = loadPipeline(fileURLToPath(new URL('pipeline.yaml', folder)), {})
const schemas = await readSchemas(orders, null)
const left: Pipeline = { ...orders, joins: [{ ...orders.joins[0], kind: 'left' }] }

type Field = AvroRecordSchema['fields'][number] & { readonly default?: null }

const fieldsOf = (name: string): readonly Field[] =>
  JSON.parse(readFileSync(new URL(`schemas/${name}.avsc`, folder), 'utf8')).fields
const outputOf = (
  pipeline: Pipeline,
  of = schemas,
): { name: string; namespace: string; fields: Field[] } =>
  JSON.parse(createPipelineCodec(pipeline, of, null).outputSchema)
const nullable = (name: string, type: Schema): Field => ({
  name,
  type: ['null', type] as Schema,
  default: null,
})
const COLUMNS = ['customer_name', 'segment', 'country', 'title', 'category', 'brand']
const paid = fieldsOf('payment').filter(({ name }) => name !== 'order_id')

test('the inner join’s output is the order, nullable columns, and the payment as it is', () => {
  assert.deepEqual(outputOf(orders).fields, [
    ...fieldsOf('order'),
    ...COLUMNS.map((name) => nullable(name, 'string')),
    ...paid,
  ])
})

test('the left join’s output has a nullable payment', () => {
  assert.deepEqual(outputOf(left).fields, [
    ...fieldsOf('order'),
    ...COLUMNS.map((name) => nullable(name, 'string')),
    ...paid.map(({ name, type }) => nullable(name, type)),
  ])
})

test('the output has the facts’ namespace and a name made of its topic', () => {
  const named = (topic: string): string[] => {
    const { namespace, name } = outputOf({ ...orders, output: { ...orders.output, topic } })
    return [namespace, name]
  }
  assert.deepEqual(named('orders.enriched'), ['bench', 'OrdersEnriched'])
  assert.deepEqual(named('a-b_c.d'), ['bench', 'ABCD'])
  assert.deepEqual(named('7.days'), ['bench', 'Output7Days'])
  assert.deepEqual(named('...'), ['bench', 'Output'])
})

test('a dimension whose missing rows drop or reject the fact keeps its types', () => {
  for (const missing of ['drop', 'reject'] as const) {
    const dimensions = orders.dimensions.map((dimension) => ({ ...dimension, missing }))
    const columns = outputOf({ ...orders, dimensions }).fields.filter(({ name }) =>
      COLUMNS.includes(name),
    )
    assert.deepEqual(
      columns,
      COLUMNS.map((name) => ({ name, type: 'string' })),
    )
  }
})

test('without select every field is taken, in the schema’s order, with its doc', () => {
  const fields = [
    { name: 'z', type: 'int', doc: 'The last letter.' },
    { name: 'order_number', type: { type: 'array', items: 'string' } as Schema },
  ]
  const right: AvroRecordSchema = { type: 'record', name: 'Right', fields }
  const pipeline: Pipeline = {
    ...orders,
    joins: [{ ...orders.joins[0], onRight: 'z', select: null }],
  }
  assert.deepEqual(outputOf(pipeline, { ...schemas, rights: [right] }).fields.slice(-2), fields)
})

const unions: [string, Schema][] = [
  ['null first', ['null', 'string']],
  ['null last', ['string', 'null']],
  ['null between', ['string', 'null', 'long']],
  ['no null', ['string', 'long']],
]

for (const [title, union] of unions) {
  test(`a union with ${title} keeps its branches’ numbers when it becomes nullable`, () => {
    const right: AvroRecordSchema = {
      type: 'record',
      name: 'Right',
      fields: [{ name: 'u', type: union }],
    }
    const pipeline: Pipeline = { ...left, joins: [{ ...left.joins[0], select: null }] }
    const plan = planOutput(pipeline, { ...schemas, rights: [right] })
    const [field] = plan.rights[0]
    const before = avsc.Type.forSchema(union, { wrapUnions: true })
    const after = avsc.Type.forSchema(field.type, { wrapUnions: true })
    assert.equal(field.branch, false)
    assert.equal(after.fromBuffer(field.missing!), null)
    const bytes = before.toBuffer({ string: 'x' })
    assert.deepEqual({ ...after.fromBuffer(bytes) }, { string: 'x' })
  })
}

test('what is written where a side is missing decodes to nulls, and what is never missing is not nullable', () => {
  for (const kind of JOIN_KINDS) {
    const pipeline: Pipeline = { ...orders, joins: [{ ...orders.joins[0], kind }] }
    const codec = createPipelineCodec(pipeline, schemas, null)
    const nullable = outputOf(pipeline).fields.filter(({ default: value }) => value === null)
    const type = avsc.Type.forSchema({ type: 'record', name: 'Missing', fields: nullable })
    const names = nullable.map(({ name }) => name)
    const facts = schemas.facts.fields.map(({ name }) => name)
    assert.deepEqual(names, [
      ...(kind === 'right' || kind === 'outer' ? facts : []),
      ...COLUMNS,
      ...(kind === 'left' || kind === 'outer' ? paid.map(({ name }) => name) : []),
    ])
    assert.deepEqual(
      { ...type.fromBuffer(Buffer.concat(codec.missing.flat())) },
      Object.fromEntries(names.map((name) => [name, null])),
    )
  }
})

test('a field that is not there is refused with the likely one', () => {
  const select = [{ name: 'amount', source: 'amuont' }]
  assert.throws(() => planOutput({ ...orders, joins: [{ ...orders.joins[0], select }] }, schemas), {
    code: 'SCHEMA_INVALID',
    message: /payments has no field amuont; did you mean "amount"\?/,
  })
})

test('two output fields of one name are refused', () => {
  const select = [{ name: 'price', source: 'amount' }]
  assert.throws(() => planOutput({ ...orders, joins: [{ ...orders.joins[0], select }] }, schemas), {
    code: 'SCHEMA_INVALID',
    message: /two fields named price/,
  })
})
