import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Counts } from '../../../src/counts/counts.ts'
import { InputQueue } from '../../../src/input/input-queue.ts'
import { LastLags } from '../../../src/input/last-lags.ts'
import type { Worker } from '../../../src/instance/worker.ts'
import { memoryLimits } from '../../../src/plan/memory.ts'
import { planOf } from '../../../src/plan/plan.ts'
import type { TaskFigures } from '../../../src/task/task.ts'
import { collectJoins } from '../../../src/watch/metrics/join-samples.ts'
import { METRICS } from '../../../src/watch/metrics/metric-table.ts'
import { createMetrics, type Metrics } from '../../../src/watch/metrics/metrics.ts'
import { collect } from '../../../src/watch/metrics/samples.ts'
import { Verdicts } from '../../../src/watch/verdict/verdict.ts'
import { pipelineWith } from '../../support/pipeline.ts'

/** A task as far as it is sampled, which is restored or is not. */
function held(
  partition: number,
  state: 'restoring' | 'running',
  joins = true,
  waiting: TaskFigures['waiting'] = null,
) {
  const queues = (joins ? [0, 1] : [0]).map(() => new InputQueue(false))
  if (state === 'running') {
    for (const queue of queues) {
      queue.taken = 10
      queue.sawEnd(15)
    }
  }
  const sides = joins ? [0, 0] : []
  const window = { streamTime: joins ? 5 : null, records: sides, segments: sides }
  const figures = () => ({ ...window, pages: 0, pageBytes: 0, indexBytes: 0, waiting })
  const task = { number: partition, stage: 0, partition, queues, figures, epochBytes: 0 }
  return { task, state, restoreRemaining: 0, restoreTotal: 0, restoreBegun: 0 }
}

/** What an instance with these tasks, and as many more that wait for their turn, is scraped as. */
async function scraped(
  t: TestContext,
  tasks: object[],
  {
    waiting = 0,
    join = '',
    missing = 'null',
  }: { waiting?: number; join?: string | null; missing?: string } = {},
): Promise<string> {
  const dimensions = `dimensions: { customer: { topic: customers, on: customer_id, missing: ${missing} } }`
  const pipeline = pipelineWith(join, `state: { dir: "${folderOf(t)}" }`, dimensions)
  const lastLags = new LastLags()
  const assigned = tasks.length + waiting
  const assignedOf = (): number => assigned
  const worker = { tasks, lastLags, assigned, assignedOf, partitions: [8], joined: true }
  const parts = {
    pipeline,
    plan: planOf(pipeline),
    version: '1',
    revision: '',
    instanceId: 'a',
    counts: Object.assign(new Counts(['customer']), {
      waits: { parked: 9, completed: 4, givenUp: 2, noRoom: 1 },
    }),
    limits: memoryLimits(pipeline.memory, 1 << 30),
    dimensions: [],
    worker: worker as unknown as Worker,
  }
  return createMetrics((m) => collect(m, parts, new Verdicts(0).at(0))).text()
}

const linesOf = (text: string, name: string): string[] =>
  text.split('\n').filter((line) => line.startsWith(`enricher_${name}{`))

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'samples-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

test('partitions that wait for their restore are assigned', async (t) => {
  const text = await scraped(t, [held(0, 'restoring')], { waiting: 3 })
  assert.deepEqual(linesOf(text, 'assigned_partitions'), [
    'enricher_assigned_partitions{topic="orders"} 4',
    'enricher_assigned_partitions{topic="payments"} 4',
  ])
})

test('a partition that is not restored yet has no lag, rather than one of 0', async (t) => {
  const text = await scraped(t, [held(0, 'restoring'), held(1, 'running')])
  assert.deepEqual(linesOf(text, 'consumer_lag_records'), [
    'enricher_consumer_lag_records{topic="orders",partition="1"} 5',
    'enricher_consumer_lag_records{topic="payments",partition="1"} 5',
  ])
  assert.equal(linesOf(text, 'consumer_lag_seconds').length, 2)
})

test('without a join its metrics have no series; the table says which these are', async (t) => {
  const namesIn = (text: string): Set<string> =>
    new Set(
      text
        .split('\n')
        .filter((line) => line.startsWith('enricher_'))
        .map((line) => line.slice('enricher_'.length).replace(/(_bucket|_sum|_count)?[{ ].*/, '')),
    )
  const joined = namesIn(await scraped(t, [held(0, 'running')]))
  const without = await scraped(t, [held(0, 'running', false)], { join: null })
  const alone = namesIn(without)
  // Of a dimension, which is not here, there are these, too.
  const ofStores = ['restore_eta_seconds', 'restore_records_remaining', 'store_disk_bytes']
  const only = Object.entries(METRICS)
    .filter(([, [, , meaning]]) => meaning.endsWith('Only with a join'))
    .map(([name]) => name)
  const gone = [...joined].filter((name) => !alone.has(name))
  assert.deepEqual(gone.sort(), [...only, ...ofStores].sort())
  assert.deepEqual(
    [...alone].filter((name) => !joined.has(name)),
    ['facts_read_again_total'],
  )
  assert.doesNotMatch(without, /reason="(late|early|unmatched|restoring)"/)
  assert.deepEqual(linesOf(without, 'memory_bytes'), [
    'enricher_memory_bytes{part="dimensions"} 0',
    'enricher_memory_bytes{part="fetch"} 0',
    'enricher_memory_bytes{part="epoch"} 0',
  ])
})

test('facts that wait are told of where some may, with how long the oldest of all tasks has waited', async (t) => {
  const tasks = [
    held(0, 'running', false, { facts: 3, bytes: 300, oldestMs: 1500 }),
    held(1, 'running', false, { facts: 4, bytes: 400, oldestMs: 2500 }),
    held(2, 'restoring', false, { facts: 0, bytes: 0, oldestMs: null }),
  ]
  const text = await scraped(t, tasks, { join: null, missing: '{ wait: 5s, then: drop }' })
  const lines = text.split('\n').filter((line) => line.startsWith('enricher_facts_wait'))
  assert.deepEqual(lines, [
    'enricher_facts_waiting 7',
    'enricher_facts_waiting_oldest_seconds 2.5',
    'enricher_facts_waited_total{outcome="completed"} 4',
    'enricher_facts_waited_total{outcome="given_up"} 2',
    'enricher_facts_waited_total{outcome="no_room"} 1',
  ])
  assert.deepEqual(linesOf(text, 'memory_bytes').length, 5)
  assert.doesNotMatch(await scraped(t, tasks, { join: null }), /^enricher_facts_wait/m)
})

test('figures of several windows have the join’s name as a label, and those of one have none', () => {
  const joins = ['payment', 'shipment']
  const file = pipelineWith(null, '', `joins: { ${joins.map(joinText).join(', ')} }`)
  const counts = new Counts([], 3, 2)
  counts.windows[0].probe(0, true)
  counts.windows[1].probe(1, false)
  const labels: object[] = []
  const metric = { inc: (of: object, n: number) => n > 0 && labels.push(of), set: () => {} }
  const metrics = new Proxy({}, { get: () => metric }) as unknown as Metrics
  collectJoins(metrics, file, counts)
  assert.deepEqual(labels, [
    { side: 'left', result: 'hit', join: 'payment' },
    { side: 'right', result: 'miss', join: 'shipment' },
  ])
  labels.length = 0
  collectJoins(metrics, pipelineWith(), counts)
  assert.deepEqual(labels, [{ side: 'left', result: 'hit' }])
})

const joinText = (name: string): string => `${name}: { topic: ${name}s, on: id, within: 1s }`
