import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Counts, LONGEST_MS } from '../../../src/counts/counts.ts'
import { planOf } from '../../../src/plan/plan.ts'
import { History, quantileOf } from '../../../src/watch/status/history.ts'
import { pipelineWith } from '../../support/pipeline.ts'

function historyOf(t: TestContext) {
  const pipeline = pipelineWith()
  const counts = new Counts(pipeline.dimensions.map(({ name }) => name))
  let now = 5000
  const history = new History({ plan: planOf(pipeline), pipeline, counts }, () => now)
  t.after(() => history.close())
  const pass = (seconds: number): void => {
    now += seconds * 1000
  }
  return { counts, history, pass }
}

test('each sample says what came a second since the one before', (t) => {
  const { counts, history, pass } = historyOf(t)
  counts.consumed[0] = 1000
  counts.consumed[1] = 500
  counts.produced.add('orders.enriched', 400)
  counts.reject('orders', 'decode', 'malformed')
  counts.late[1] = 20
  pass(10)
  history.sample()
  counts.consumed[0] += 30
  counts.window.unmatched[0] = 30
  counts.window.unmatched[1] = 20
  pass(10)
  history.sample()
  const { facts, right, output, rejects, late, unmatched, at, everyMs } = history.columns()
  assert.deepEqual(
    { facts, right, output, rejects, late, unmatched, everyMs },
    {
      facts: [100, 3],
      right: [50, 0],
      output: [40, 0],
      rejects: [0.1, 0],
      late: [2, 0],
      unmatched: [0, 5],
      everyMs: 10_000,
    },
  )
  assert.ok(at.every((one) => Math.abs(Date.now() - one) < 10_000))
})

test('an hour is kept, and no more', (t) => {
  const { counts, history, pass } = historyOf(t)
  for (let n = 0; n < 400; n++) {
    counts.consumed[0] += n * 10
    pass(10)
    history.sample()
  }
  const { facts } = history.columns()
  assert.equal(facts.length, 360)
  assert.deepEqual([facts[0], facts.at(-1)], [40, 399])
})

test('the pace of now is of the last seconds, not of a moment, and of a start from the first on', (t) => {
  const { counts, history, pass } = historyOf(t)
  counts.consumed[0] += 40
  counts.lookupHits[0] += 30
  counts.lookupNulls[0] += 10
  pass(4)
  assert.equal(history.pace.facts, 10)
  assert.deepEqual(history.pace.lookUps, [10])
  assert.deepEqual(history.pace.missed, [2.5])
  pass(6)
  history.sample()
  pass(10)
  counts.consumed[0] += 1000
  history.sample()
  pass(2)
  assert.equal(Math.round(history.pace.facts), 83, '1,000 in the last 12 s')
  assert.deepEqual([history.pace.lagMs, history.pace.latencyP50Ms], [null, null])
})

test('the latency is that of the sample’s own records', (t) => {
  const { counts, history, pass } = historyOf(t)
  for (let n = 0; n < 100; n++) counts.latencies.add(5000)
  pass(10)
  history.sample()
  for (let n = 0; n < 100; n++) counts.latencies.add(10)
  pass(10)
  history.sample()
  const [first, second] = history.columns().latencyP99Ms
  assert.ok(first !== null && first > 4096 && first <= 8192)
  assert.ok(second !== null && second > 8 && second <= 16)
})

test('a quantile lies in the bucket that has it', () => {
  assert.equal(quantileOf([], 0.5), null)
  assert.equal(quantileOf([0, 0], 0.5), null)
  assert.equal(quantileOf([10], 1), 1)
  assert.equal(quantileOf([0, 0, 0, 4], 0.5), 6)
  assert.equal(quantileOf([98, 0, 0, 0, 0, 0, 0, 2], 0.99), 96)
})

test('of latencies over 24 days, as where old data is read, no more is said than that', (t) => {
  const { counts, history, pass } = historyOf(t)
  const months = 18 * 30 * 86_400_000
  counts.latencies.add(months)
  pass(10)
  assert.equal(history.pace.latencyP50Ms, LONGEST_MS)
  assert.equal(history.pace.latencyP99Ms, LONGEST_MS)
  assert.equal(LONGEST_MS, 2 ** 31)
  counts.latencies.add(LONGEST_MS - 1)
  assert.ok(history.pace.latencyP50Ms! <= LONGEST_MS)
})
