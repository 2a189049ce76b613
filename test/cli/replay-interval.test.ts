/** What a replay has to read of its sources. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Admin } from '../../src/broker/port.ts'
import { replayInterval } from '../../src/cli/replay-interval.ts'
import { parsePipeline } from '../../src/config/load.ts'

const pipeline = (join: string) =>
  parsePipeline(
    `
name: job
kafka: { brokers: "localhost:9092" }
registry: { url: "http://localhost:8081" }
facts: { topic: orders }
${join}
output: { topic: orders.enriched }
`,
    'pipeline.yaml',
    {},
  )

/** Each record's timestamp is its offset, in seconds. */
const admin = {
  async offsets(_topic: string, at: number | string) {
    if (at === 'earliest') return new Map([[0, 0]])
    return new Map([[0, typeof at === 'number' ? Math.ceil(at / 1000) : 1000]])
  },
} as unknown as Admin
const facts = { from: 100_000, to: 200_000 }

test('right records are read that facts may match, and both until all that comes is late', async () => {
  const joined = pipeline('join: { topic: payments, on: id, within: 10s, grace: 5s }')
  const { times, overAt, offsets } = await replayInterval(joined, facts, 0, admin)
  assert.deepEqual(times, [facts, { from: 90_000, to: 210_000 }])
  assert.equal(overAt, 235_000)
  assert.deepEqual(offsets, [
    new Map([[0, { from: 100, to: 236 }]]),
    new Map([[0, { from: 90, to: 236 }]]),
  ])
})

test('where right records come out without a match, so are all facts that those of the interval may match', async () => {
  for (const kind of ['right', 'outer']) {
    const within = 'within: { before: 10s, after: 20s }'
    const joined = pipeline(
      `join: { topic: payments, on: id, ${within}, grace: 5s, kind: ${kind} }`,
    )
    const { times, rows, overAt } = await replayInterval(joined, facts, 0, admin)
    assert.deepEqual(rows, facts)
    assert.deepEqual(times, [
      { from: 80_000, to: 210_000 },
      { from: 90_000, to: 220_000 },
    ])
    assert.equal(overAt, 255_000)
  }
})

test('without a join no fact is late: they are read from the first of the interval to the end', async () => {
  const { times, overAt, offsets } = await replayInterval(pipeline(''), facts, 0, admin)
  assert.deepEqual(times, [facts])
  assert.equal(overAt, Number.POSITIVE_INFINITY)
  assert.deepEqual(offsets, [new Map([[0, { from: 100, to: 1000 }]])])
})

test('where a partition ends in an open transaction, what lies behind is left out, and told', async () => {
  const open = {
    offsets: async (topic: string, at: number | string) =>
      at === 'latest' ? new Map([[0, 1050]]) : admin.offsets(topic, at as 'stable'),
  } as unknown as Admin
  const { undecided } = await replayInterval(pipeline(''), facts, 0, open)
  assert.deepEqual(undecided, [{ topic: 'orders', partition: 0, from: 1000, to: 1050 }])
  // An interval that is over before is not concerned.
  const joined = pipeline('join: { topic: payments, on: id, within: 10s, grace: 5s }')
  assert.deepEqual((await replayInterval(joined, facts, 0, open)).undecided, [])
  assert.deepEqual((await replayInterval(pipeline(''), facts, 0, admin)).undecided, [])
})
