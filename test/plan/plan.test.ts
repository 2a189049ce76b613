import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewTopic, TopicDescription } from '../../src/broker/port.ts'
import { topology } from '../../src/cli/validate.ts'
import { alikeTopics, leadTopic } from '../../src/config/topic-names.ts'
import { planOf } from '../../src/plan/plan.ts'
import { missingTopics } from '../../src/plan/topics.ts'
import { pipelineWith } from '../support/pipeline.ts'

const through = (side: string) => pipelineWith(`, repartition: ${side}`)
/** Of each stage: what it reads, and where its records go. */
const stagesOf = (pipeline: Parameters<typeof planOf>[0]) =>
  planOf(pipeline).stages.map(({ topics, to }) => [...topics, '→', to?.topic ?? null])

test('a side that is repartitioned has a stage of its own before the join', () => {
  assert.deepEqual(stagesOf(pipelineWith()), [['orders', 'payments', '→', null]])
  assert.deepEqual(stagesOf(through('facts')), [
    ['orders', '→', 'job-facts-repartition'],
    ['job-facts-repartition', 'payments', '→', null],
  ])
  assert.deepEqual(stagesOf(through('right')), [
    ['payments', '→', 'job-right-repartition'],
    ['orders', 'job-right-repartition', '→', null],
  ])
  assert.deepEqual(stagesOf(through('both')), [
    ['orders', '→', 'job-facts-repartition'],
    ['payments', '→', 'job-right-repartition'],
    ['job-facts-repartition', 'job-right-repartition', '→', null],
  ])
})

test('sources are numbered inputs first, and an internal one knows its input', () => {
  const { sources } = planOf(through('right'))
  assert.deepEqual(
    sources.map(({ index, topic, isKeyed, origin }) => [index, topic, isKeyed, origin]),
    [
      [0, 'orders', true, null],
      [1, 'payments', false, null],
      [2, 'job-right-repartition', true, 'payments'],
    ],
  )
})

/** What a start creates where only the inputs are there. */
async function created(
  pipeline: Parameters<typeof planOf>[0],
  inputs: Readonly<Record<string, number>>,
): Promise<Record<string, number>> {
  const found = new Map(
    Object.entries({ ...inputs, customers: 1 }).map(([topic, partitions]) => {
      return [topic, { partitions, config: new Map() } satisfies TopicDescription]
    }),
  )
  const admin = { describeTopics: async () => found } as unknown as Parameters<
    typeof missingTopics
  >[1]
  const { create } = await missingTopics(pipeline, admin)
  return Object.fromEntries(create.map(({ topic, partitions }: NewTopic) => [topic, partitions]))
}

test('an internal topic has as many partitions as the other side, and so have output and changelog', async () => {
  const topics = await created(through('facts'), { orders: 3, payments: 8 })
  assert.deepEqual(topics, {
    'orders.enriched': 8,
    'orders.enriched.rejects': 8,
    'job-facts-repartition': 8,
    'job-window-changelog': 8,
  })
  const both = await created(through('both'), { orders: 3, payments: 8 })
  assert.equal(both['job-facts-repartition'], 3)
  assert.equal(both['job-right-repartition'], 3)
  assert.equal(leadTopic(through('facts')), 'payments')
  assert.deepEqual(alikeTopics(through('right')), [
    'job-right-repartition',
    'orders.enriched',
    'job-window-changelog',
  ])
})

test('inputs that differ are told of the other way, and too many partitions are refused', async () => {
  await assert.rejects(created(pipelineWith(), { orders: 3, payments: 8 }), {
    code: 'PARTITIONS_DIFFER',
    message: /join\.repartition: facts or right/,
  })
  await assert.rejects(created(through('both'), { orders: 200, payments: 100 }), {
    code: 'PARTITIONS_DIFFER',
    message: /orders and payments have together 300 partitions/,
  })
})

test('partitions that are added to what says how many tasks there are, and how far each was stored, are refused', async () => {
  const there = {
    'job-facts-repartition': 3,
    'job-right-repartition': 3,
    'job-window-changelog': 3,
  }
  await assert.rejects(created(through('both'), { orders: 4, payments: 8, ...there }), {
    code: 'PARTITIONS_DIFFER',
    message: /job-facts-repartition has 3 partitions and orders has 4.*stream-enricher reset/,
  })
})

test('validate shows the topics on the way', () => {
  const nothing = { facts: [], dimensions: [[]], rights: [[]] }
  const lines = topology(through('facts'), nothing as unknown as Parameters<typeof topology>[1])
  assert.match(lines[0], /^job: orders, by order_id through job-facts-repartition, event time/)
  const internal = 'Internal topics: job-facts-repartition, job-window-changelog'
  assert.ok(lines.includes(internal), lines.join('\n'))
})

test('facts that wait have a state, without a join too; validate shows for how long, and what then', () => {
  const dimensions =
    'dimensions: { d: { topic: customers, on: a, missing: { wait: 5s, then: drop } } }'
  const linesOf = (pipeline: Parameters<typeof planOf>[0]): string[] => {
    const nothing = { facts: [], dimensions: [[]], rights: pipeline.joins.map(() => []) }
    return topology(pipeline, nothing as unknown as Parameters<typeof topology>[1])
  }
  const alone = pipelineWith(null, '', dimensions)
  const { stages, lookUps, joins } = planOf(alone)
  assert.equal(stages[0].state?.changelog, 'job-window-changelog')
  assert.deepEqual([lookUps[0].waitMs, lookUps[0].missing, joins], [5000, 'drop', []])
  const [, line, ...rest] = linesOf(alone)
  assert.match(line, /without a row: waits for 5s, then the fact is dropped/)
  assert.ok(rest.includes('Internal topics: job-window-changelog'), rest.join('\n'))
  assert.ok(!rest.some((one) => one.startsWith('Window:')))
  const joined = linesOf(pipelineWith('', '', dimensions))
  assert.match(joined[2], /within 1m, grace 10s and the wait for a row, 5s, inner/)
  assert.equal(planOf(pipelineWith(null)).stages[0].state, null)
})

test('a topic of the pipeline’s own is no input of it', () => {
  const own = ', repartition: right'
  assert.throws(
    () => pipelineWith(own, '', 'dimensions: { d: { topic: job-right-repartition, on: a } }'),
    /own repartition topic/,
  )
})

test('validate says by what facts are joined that have a row’s column as their key, and what becomes of one without', () => {
  const lines = (kind: string): string[] => {
    const dimensions =
      'dimensions: { customer: { topic: customers, on: customer_id, select: [name] } }'
    const more = `, kind: ${kind}, repartition: facts`
    const text = pipelineWith(more, '', dimensions)
    const joins = text.joins.map((join) => ({ ...join, onLeft: 'customer.region' }))
    const pipeline = { ...text, joins }
    const fields = { facts: [], dimensions: [[]], rights: [[]], schema: {} }
    return topology(pipeline, fields)
  }
  assert.ok(lines('left')[0].includes('by customer.region through job-facts-repartition'))
  const fates = ['left', 'inner'].map((kind) =>
    lines(kind).find((line) => /without cust/.test(line)),
  )
  assert.deepEqual(fates, [
    '    (a fact without customer.region comes out at once, without a match)',
    '    (a fact without customer.region is dropped)',
  ])
})

test('facts that are joined by a column are looked up in the stage before, and nowhere else', () => {
  const text = pipelineWith(', repartition: both')
  const plain = planOf(text).stages
  assert.deepEqual(
    plain.map(({ lookUps, to }) => [lookUps.length, to?.isPrepared ?? null]),
    [
      [0, false],
      [0, false],
      [1, null],
    ],
  )
  const { stages, sources } = planOf({
    ...text,
    joins: text.joins.map((join) => ({ ...join, onLeft: 'customer.region' })),
  })
  assert.deepEqual(
    stages.map(({ lookUps, to }) => [lookUps.length, to?.isPrepared ?? null]),
    [
      [1, true],
      [0, false],
      [0, null],
    ],
  )
  assert.deepEqual(stages[0].to!.key, { source: 'customer.region', lookUp: 0, key: 0 })
  assert.deepEqual(
    sources.map(({ isPrepared }) => isPrepared),
    [false, false, true, false],
  )
})
