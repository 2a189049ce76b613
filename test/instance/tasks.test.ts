import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { TopicPartition } from '../../src/batch.ts'
import type { Broker } from '../../src/broker/port.ts'
import { loadPipeline } from '../../src/config/load.ts'
import { gatherMs } from '../../src/instance/feed.ts'
import { Tasks } from '../../src/instance/tasks.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { planOf } from '../../src/plan/plan.ts'
import { openStore } from '../../src/state/level.ts'
import { lagsOf } from '../../src/watch/status/report.ts'
import { groupAt, taskContext } from '../support/task-context.ts'

const nothing = (): void => {}
const log = { event: nothing }

/** Tasks over empty topics. */
async function emptyTasks(folder: string, paused = new Set<string>()) {
  const pipeline = loadPipeline('examples/orders/pipeline.yaml', { STATE_DIR: folder })
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const reader = {
    add: nothing,
    remove: nothing,
    pause: ({ topic, partition }: TopicPartition) => paused.add(`${topic}-${partition}`),
    resume: ({ topic, partition }: TopicPartition) => paused.delete(`${topic}-${partition}`),
    close: async () => {},
  }
  const broker = {
    admin: { offsets: async () => new Map<number, number>() },
    reader: () => reader,
  } as unknown as Broker
  return new Tasks({
    broker,
    context: taskContext(pipeline, codec),
    stateDir: pipeline.state.dir,
    changelogs: [
      {
        topic: 'log',
        layout: codec.layout,
        schemaIds: [],
        maxRecordBytes: 1 << 20,
        shorten: nothing,
      },
    ],
    log,
    group: groupAt([-1, -1]),
    topicIds: [null, null],
    onUnknownTopic: nothing,
    onWork: nothing,
    msToCommit: () => 0,
    onReadError: nothing,
  })
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-tasks-'))
  try {
    await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('a task that is lost while it is being opened does not run, and lets go of its store', () =>
  inFolder(async (folder) => {
    const tasks = await emptyTasks(folder)
    const taking = tasks.take([0, 1])
    await tasks.keep([1])
    await taking
    assert.deepEqual(tasks.numbers, [1])
    const store = await openStore(join(folder, 'window', '0'))
    await store.close()
    await tasks.close()
  }))

test('a task that two assignments give at once is opened once', () =>
  inFolder(async (folder) => {
    const tasks = await emptyTasks(folder)
    await Promise.all([tasks.take([0]), tasks.take([0])])
    assert.deepEqual(
      tasks.running.map(({ task }) => task.partition),
      [0],
    )
    await tasks.close()
    assert.deepEqual(tasks.numbers, [])
  }))

test('a task that is lost and given back at once runs, with one store', () =>
  inFolder(async (folder) => {
    const tasks = await emptyTasks(folder)
    const all = [tasks.take([0]), tasks.keep([]), tasks.take([0])]
    await Promise.all(all)
    assert.deepEqual(
      tasks.running.map(({ task }) => task.partition),
      [0],
    )
    await tasks.close()
  }))

test('tasks that are taken anew have the lag that was known, until they know it themselves or are another’s', () =>
  inFolder(async (folder) => {
    const tasks = await emptyTasks(folder)
    const plan = { stages: planOf(loadPipeline('examples/orders/pipeline.yaml', {})).stages }
    const lags = () => lagsOf({ tasks: tasks.all, lastLags: tasks.lastLags }, plan)
    await tasks.take([0, 1])
    assert.deepEqual(lags(), [])
    for (const { task } of tasks.running) {
      for (const queue of task.queues) {
        queue.taken = 5
        queue.sawEnd(12)
      }
    }
    const known = [0, 1].flatMap((partition) =>
      [0, 1].map((side) => ({ partition, side, records: 7 })),
    )
    const now = () =>
      lags().map(({ source, partition, records }) => ({ partition, side: source.index, records }))
    assert.deepEqual(now(), known)
    await tasks.putDown()
    assert.deepEqual(now(), known, 'given up')
    await tasks.take([0, 1])
    assert.deepEqual(now(), known, 'taken, and no answer has come yet')
    const right = tasks.running.find(({ task }) => task.partition === 0)!.task.queues[1]
    right.taken = 12
    right.sawEnd(12)
    assert.deepEqual(
      now().map(({ records }) => records),
      [7, 0, 7, 7],
    )
    await tasks.keep([0])
    await tasks.take([0])
    assert.deepEqual(
      now().map(({ partition }) => partition),
      [0, 0],
    )
    await tasks.close()
    assert.deepEqual(lags(), [])
  }))

test('while paused nothing is fetched, also for a task that comes meanwhile, until resume', () =>
  inFolder(async (folder) => {
    const paused = new Set<string>()
    const tasks = await emptyTasks(folder, paused)
    await tasks.take([0])
    assert.deepEqual([...paused], [])
    tasks.inputs.pauseAll()
    await tasks.take([1])
    const inputs = ['demo.orders-0', 'demo.orders-1', 'demo.payments-0', 'demo.payments-1']
    assert.deepEqual([...paused].sort(), inputs)
    for (const held of tasks.running) tasks.inputs.resume(held)
    assert.deepEqual([...paused].sort(), inputs)
    tasks.inputs.resumeAll()
    assert.deepEqual([...paused], [])
    await tasks.close()
  }))

test('records gather only as long as a fetch and its processing still fit before the commit', () => {
  const toCommit = fc.integer({ min: -1000, max: 1000 })
  fc.assert(
    fc.property(toCommit, (left) => {
      const ms = gatherMs(left)
      assert.ok(ms >= 5 && ms <= 20)
      assert.ok(ms === 5 || left - ms >= 10, `${ms} ms of ${left}`)
      // Not less than there is time for.
      assert.ok(ms === 20 || left - (ms + 1) < 10, `${ms} ms of ${left}`)
    }),
  )
})
