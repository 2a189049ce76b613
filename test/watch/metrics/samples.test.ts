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
import { createMetrics } from '../../../src/watch/metrics/metrics.ts'
import { collect } from '../../../src/watch/metrics/samples.ts'
import { Verdicts } from '../../../src/watch/verdict/verdict.ts'
import { pipelineWith } from '../../support/pipeline.ts'

/** A task as far as it is sampled, which is restored or is not. */
function held(partition: number, state: 'restoring' | 'running') {
  const queues = [new InputQueue(false), new InputQueue(false)]
  if (state === 'running') {
    for (const queue of queues) {
      queue.taken = 10
      queue.sawEnd(15)
    }
  }
  const window = { nextPage: 0, segments: { entries: () => 0, count: () => 0 } }
  const task = { partition, queues, window, heads: { page: () => 0 }, epochBytes: 0 }
  return { task, state, restoreRemaining: 0, restoreTotal: 0, restoreBegun: 0 }
}

/** The lines of a metric, of an instance with these tasks and as many more that wait for their turn. */
async function lines(
  t: TestContext,
  name: string,
  tasks: object[],
  waiting = 0,
): Promise<string[]> {
  const pipeline = pipelineWith('', `state: { dir: "${folderOf(t)}" }`)
  const lastLags = new LastLags()
  const worker = { tasks, lastLags, assigned: tasks.length + waiting, partitions: 8, joined: true }
  const metrics = createMetrics((m) =>
    collect(
      m,
      {
        pipeline,
        version: '1',
        revision: '',
        instanceId: 'a',
        counts: new Counts(['customer']),
        limits: memoryLimits(pipeline.memory, 1 << 30),
        dimensions: [],
        worker: worker as unknown as Worker,
      },
      new Verdicts(0).at(0),
    ),
  )
  const text = await metrics.text()
  return text.split('\n').filter((line) => line.startsWith(`enricher_${name}{`))
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'samples-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

test('partitions that wait for their restore are assigned', async (t) => {
  assert.deepEqual(await lines(t, 'assigned_partitions', [held(0, 'restoring')], 3), [
    'enricher_assigned_partitions{topic="orders"} 4',
    'enricher_assigned_partitions{topic="payments"} 4',
  ])
})

test('a partition that is not restored yet has no lag, rather than one of 0', async (t) => {
  const tasks = [held(0, 'restoring'), held(1, 'running')]
  assert.deepEqual(await lines(t, 'consumer_lag_records', tasks), [
    'enricher_consumer_lag_records{topic="orders",partition="1"} 5',
    'enricher_consumer_lag_records{topic="payments",partition="1"} 5',
  ])
  assert.equal((await lines(t, 'consumer_lag_seconds', tasks)).length, 2)
})
