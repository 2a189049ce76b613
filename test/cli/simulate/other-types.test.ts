/** Topics with several types of records, through the task and a dimension. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import avsc from 'avsc'
import fc from 'fast-check'
import type { Step } from '../../../src/cli/simulate/fixture.ts'
import { Simulation } from '../../../src/cli/simulate/simulation.ts'
import type { Registry } from '../../../src/codec/registry/registry.ts'
import { parsePipeline } from '../../../src/config/load.ts'
import {
  createPipelineCodec,
  outputFrame,
  type readSchemas,
} from '../../../src/plan/pipeline-codec.ts'

const NOON = Date.parse('2025-01-01T12:00:00Z')
const HOUR = 3_600_000

const record = (name: string, ...fields: [string, string][]) => ({
  type: 'record',
  name: `shop.${name}`,
  fields: fields.map(([field, type]) => ({ name: field, type })),
})
const order = record('OrderPlaced', ['order_id', 'string'], ['customer_id', 'long'], ['at', 'long'])
const payment = record('Paid', ['order_id', 'string'], ['amount', 'int'])
const customer = record('Customer', ['name', 'string'])
// With the same fields, so that nothing but the name tells them apart.
const schemas = [
  order,
  payment,
  customer,
  ...['OrderMoved', 'Refunded', 'Address'].map((name, i) => ({
    ...[order, payment, customer][i],
    name: `shop.${name}`,
  })),
]
const types = schemas.map((schema) => avsc.Type.forSchema(schema as avsc.Schema))
const registry = {
  type: 'confluent',
  useId: null,
  url: '',
  byId: async (id: number) => schemas[id],
} as unknown as Registry

const pipelineOf = (time: string) =>
  parsePipeline(
    `
name: job
kafka: { brokers: "localhost:9092" }
registry: { url: "http://localhost:8081" }
facts: { topic: orders, type: OrderPlaced${time} }
dimensions:
  customer: { topic: customers, type: shop.Customer, on: customer_id }
join: { topic: payments, type: Paid, on: order_id, within: 60s, kind: left, idle: 7d, select: [amount] }
output: { topic: enriched }
`,
    'pipeline.yaml',
    {},
  )

const step = (
  kind: 'fact' | 'right' | 'row',
  other: boolean,
  key: string | null,
  value: object,
  timestamp: number,
): Step => {
  const id = ['fact', 'right', 'row'].indexOf(kind) + (other ? 3 : 0)
  const body = Buffer.concat([outputFrame(id), types[id].toBuffer(value)])
  const bytes = key === null ? null : Buffer.from(key)
  const given = { key: bytes, value: body, headers: [], timestamp }
  return kind === 'row' ? { kind, dimension: 0, record: given } : { kind, record: given }
}

async function run(time: string, steps: readonly Step[]) {
  const pipeline = pipelineOf(time)
  const read = { facts: order, rights: [payment], dimensions: [customer] } as unknown
  const codec = createPipelineCodec(
    pipeline,
    read as Awaited<ReturnType<typeof readSchemas>>,
    registry,
  )
  const simulation = await Simulation.open(pipeline, codec, NOON)
  try {
    for (const one of steps) {
      // As in the service, where the task goes on once a schema is there.
      await simulation.take(one)
      await new Promise(setImmediate)
      await simulation.take({ kind: 'wait', ms: 0 })
    }
    await simulation.take({ kind: 'wait', ms: 8 * 24 * HOUR })
    return simulation.effects
  } finally {
    await simulation.close()
  }
}

const others = fc.array(
  fc.record({
    kind: fc.constantFrom('fact', 'right', 'row' as const),
    key: fc.constantFrom('a', 'b', null),
    ahead: fc.integer({ min: 0, max: HOUR - 1 }),
  }),
  { maxLength: 5 },
)

test('records of another type, wherever they stand and whatever their times are, change nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('', ', time: at'),
      fc.tuple(others, others, others, others),
      async (time, gaps) => {
        const steps = [
          step('row', false, '1', { name: 'Ann' }, NOON),
          step('fact', false, 'a', { order_id: 'a', customer_id: 1, at: NOON }, NOON),
          step('right', false, 'a', { order_id: 'a', amount: 5 }, NOON + 1),
        ]
        const between = gaps.map((gap) =>
          gap.map(({ kind, key, ahead }) => {
            const at = NOON + ahead
            const values = {
              fact: { order_id: 'x', customer_id: 1, at },
              right: { order_id: 'x', amount: 0 },
              row: { name: 'Nobody' },
            }
            return step(kind, true, kind === 'row' ? '1' : key, values[kind], at)
          }),
        )
        const all = between.flatMap((gap, i) => [...gap, ...steps.slice(i, i + 1)])
        const { outputs, unmatched, rejects, drops } = await run(time, all)
        const expected = { order_id: 'a', customer_id: 1, at: NOON, name: 'Ann', amount: 5 }
        assert.deepEqual(
          outputs.map(({ value }) => value),
          [expected],
        )
        assert.deepEqual([unmatched, rejects, drops], [[], [], []])
      },
    ),
    { numRuns: 30 },
  )
})
