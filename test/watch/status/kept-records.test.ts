import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OffsetAt } from '../../../src/broker/port.ts'
import { parsePipeline } from '../../../src/config/load.ts'
import { planOf } from '../../../src/plan/plan.ts'
import { keptRecords } from '../../../src/watch/status/kept-records.ts'

const pipeline = (repartition: string) =>
  planOf(
    parsePipeline(
      `name: p
kafka: { brokers: "localhost:9092" }
registry: { url: "http://localhost:8081" }
facts: { topic: orders }
join: { topic: payments, on: order_id, within: 1s${repartition} }
output: { topic: out }
`,
      'pipeline.yaml',
      {},
    ),
  )

test('of an internal topic the brokers keep what was not deleted, of all partitions; of inputs nobody asks', async () => {
  const asked: string[] = []
  const offsets = async (topic: string, at: OffsetAt) => {
    asked.push(topic)
    const all = at === 'earliest' ? [100, 0, 7] : [130, 4, 7]
    return new Map(all.map((offset, partition) => [partition, offset]))
  }
  const through = pipeline(', repartition: facts')
  const admin = { offsets }
  assert.deepEqual(await keptRecords({ plan: through, admin }), { 'p-facts-repartition': 34 })
  assert.deepEqual(asked, ['p-facts-repartition', 'p-facts-repartition'])
  assert.deepEqual(await keptRecords({ plan: pipeline(''), admin }), {})
  assert.deepEqual(await keptRecords({ plan: through }), {})
})
