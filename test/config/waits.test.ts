/** What becomes of a fact without a row, at once or when it has waited. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePipeline } from '../../src/config/load.ts'
import {
  changelogTopic,
  changelogTopics,
  internalTopics,
  leadOf,
} from '../../src/config/topic-names.ts'
import { keepsState, longestWait } from '../../src/config/waits.ts'
import { planOf } from '../../src/plan/plan.ts'
import { latenessOf } from '../../src/window/lateness.ts'

/** @param more lines of the file */
const pipelineWith = (missing: string, more = '') =>
  parsePipeline(
    `name: job
kafka: { brokers: "localhost:1" }
registry: { url: "http://localhost:1" }
facts: { topic: orders }
dimensions:
  customer:
    topic: customers
    on: customer_id
    missing: ${missing}
  product: { topic: products, on: product_id, missing: { wait: 2s } }
output: { topic: completed }
${more}`,
    'pipeline.yaml',
    {},
  )

const JOIN = 'join: { topic: payments, on: order_id, within: 60s, grace: 10s }\n'

test('a word is for at once; a block has a wait, and what is for then, which is null unless it is said', () => {
  for (const missing of ['null', 'drop', 'reject'] as const) {
    const [customer] = pipelineWith(missing).dimensions
    assert.deepEqual([customer.missing, customer.waitMs], [missing, 0])
    const [waiting] = pipelineWith(`{ wait: 1500ms, then: ${missing} }`).dimensions
    assert.deepEqual([waiting.missing, waiting.waitMs], [missing, 1500])
  }
  const { missing, waitMs } = pipelineWith('{ wait: 1d }').dimensions[0]
  assert.deepEqual([missing, waitMs], ['null', 86_400_000])
})

test('what is wrong with it is told once, with its line and what to write', () => {
  const wait = 'is no time to wait; write 500ms, 5s, 1m or up to 1d'
  const faults: readonly (readonly [string, string])[] = [
    ['{ wait: 0 }', `.wait: 0 ${wait}`],
    ['{ wait: 0s }', `.wait: "0s" ${wait}`],
    ['{ wait: 5 }', `.wait: 5 ${wait}`],
    ['{ wait: 2d, then: drop }', `.wait: "2d" ${wait}`],
    ['{ wait: 25h }', `.wait: "25h" ${wait}`],
    ['{ wait: 5s, then: skip }', '.then: "skip" is not one of null, drop, reject'],
    ['{ wait: 5s, than: drop }', '.than: unknown key; did you mean "then"?'],
    ['{ then: drop }', ': the key "wait" is missing'],
    ['{}', ': the key "wait" is missing'],
    ['5s', ': "5s" is not one of null, drop, reject; nor a block, { wait: 5s, then: null }'],
  ]
  for (const [missing, fault] of faults) {
    assert.throws(() => pipelineWith(missing), {
      message: `pipeline.yaml:9: dimensions.customer.missing${fault}`,
    })
  }
})

test('tasks keep state where records are joined or facts wait, and a join holds its records longer by the longest wait', () => {
  const alone = pipelineWith('{ wait: 5s }')
  assert.equal(longestWait(alone.dimensions), 5000)
  assert.ok(keepsState(alone))
  assert.equal(changelogTopic(alone), 'job-window-changelog')
  assert.deepEqual(internalTopics(alone), ['job-window-changelog'])
  const { memory } = alone
  assert.equal(memory.pages, null)
  const several = `joins: { a: ${JOIN.replace('join: ', '')} }`
  for (const joins of [JOIN, several]) {
    const { memory: its } = pipelineWith('drop', joins)
    assert.equal(its.pages, null)
  }
  const joined = pipelineWith('{ wait: 5s }', JOIN).joins[0]
  assert.equal(joined.waitMs, 5000)
  assert.deepEqual(latenessOf(joined), {
    beforeMs: 60_000,
    afterMs: 60_000,
    heldMs: 135_000,
    openMs: [75_000, 75_000],
  })
  const none = { ...alone, dimensions: alone.dimensions.map((one) => ({ ...one, waitMs: 0 })) }
  assert.ok(!keepsState(none))
  assert.equal(changelogTopic(none), null)
})

test('rows as of a time are kept for as long as facts wait at least', () => {
  const asOf = (history: string): string => `reject\n    asOf: event-time${history}`
  for (const history of ['', '\n    history: 2s', '\n    history: 1d']) {
    assert.equal(longestWait(pipelineWith(asOf(history)).dimensions), 2000)
  }
  assert.throws(() => pipelineWith(asOf('\n    history: 1s')), {
    message:
      'pipeline.yaml:11: dimensions.customer.history: is shorter than facts wait for rows, 2s: theirs could be forgotten; write history: 2s or more, or let them wait for less',
  })
})

test('facts that are joined by a column of their rows wait in the stage before, which has a changelog of its own, with the partitions of the facts', () => {
  const join =
    'join: { topic: a, on: { left: customer.zone, right: z }, repartition: facts, within: 1s }'
  const pipeline = pipelineWith('{ wait: 5s }', join)
  assert.deepEqual(changelogTopics(pipeline), ['job-window-changelog', 'job-facts-changelog'])
  assert.equal(leadOf(pipeline, 'job-facts-changelog'), 'orders')
  assert.equal(leadOf(pipeline, 'job-window-changelog'), 'a')
  const [completes, joins] = planOf(pipeline).stages
  assert.deepEqual(completes.state, { number: 1, changelog: 'job-facts-changelog' })
  assert.deepEqual(joins.state, { number: 0, changelog: 'job-window-changelog' })
  const none = { ...pipeline, dimensions: pipeline.dimensions.map((d) => ({ ...d, waitMs: 0 })) }
  assert.deepEqual(changelogTopics(none), ['job-window-changelog'])
  assert.equal(planOf(none).stages[0].state, null)
})
