/** What a start, and what shows it beforehand, does for an output in JSON: nothing at the registry. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/port.ts'
import { schemaStep } from '../../src/cli/checks/schema-step.ts'
import { quietLog } from '../../src/cli/terminal.ts'
import { topology } from '../../src/cli/validate.ts'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import type { Registry } from '../../src/codec/registry/registry.ts'
import { parsePipeline } from '../../src/config/load.ts'
import { planOutput } from '../../src/plan/output-plan.ts'
import { compileForStart } from '../../src/plan/start-codec.ts'
import { CONFLUENT_NAMES } from '../support/registry-config.ts'

const ORDER = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'order_id', type: 'string', doc: 'Its number.' },
    { name: 'placed', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }] },
  ],
}

/** A registry that has the orders' schema and notes what is registered. */
function registryOf(registered: string[]): Registry {
  const registry = {
    url: 'http://registry',
    ...CONFLUENT_NAMES,
    latest: async () => ({ id: 1, schema: ORDER }),
    register: async (subject: string) => registered.push(subject),
    withPatience: (_ms: number, work: () => unknown) => work(),
  }
  return registry as unknown as Registry
}

const pipeline = parsePipeline(
  `
name: job
kafka: { brokers: "localhost:9092" }
registry: { url: "http://registry" }
facts: { topic: orders }
outputs: { all: { topic: orders.json, format: json }, avro: { topic: orders.avro } }
`,
  'pipeline.yaml',
  {},
)
const broker = { admin: { describeTopics: async () => new Map() } } as unknown as Broker

test('a start registers the schemas of outputs in Avro only, and values in JSON have no frame', async () => {
  const registered: string[] = []
  const { frames, codec } = await compileForStart(
    pipeline,
    registryOf(registered),
    broker,
    'id',
    quietLog,
  )
  assert.deepEqual(registered, ['orders.avro-value'])
  assert.deepEqual(
    frames.map(({ prefix }) => prefix.length),
    [0, 5],
  )
  const schema = JSON.parse(codec.outputs[0].schema)
  assert.deepEqual(schema.properties.order_id, { type: 'string', description: 'Its number.' })
  assert.deepEqual(schema.properties.placed.anyOf[1], { type: 'string', format: 'date-time' })
})

test('plan and validate say which output is JSON', () => {
  const [json] = pipeline.outputs
  assert.deepEqual(schemaStep(json, null), {
    kind: 'keep',
    what: 'output schema',
    detail: 'none: values of orders.json are JSON',
  })
  const facts = ORDER as unknown as AvroRecordSchema
  const plan = planOutput(pipeline, { facts, rights: [], dimensions: [] })
  const lines = topology(pipeline, plan).filter((line) => line.includes('→'))
  assert.match(lines[0], /→ orders\.json as JSON: 2 fields, as soon as/)
  assert.match(lines[1], /→ orders\.avro: 2 fields, about/)
})
