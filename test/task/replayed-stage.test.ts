/** A stage of a replay that has passed the interval before the one before it has told that it is over. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Admin, Fetched } from '../../src/broker/port.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches } from '../../src/broker/record-columns.ts'
import { taskOf } from '../../src/broker/task-number.ts'
import { replayInterval } from '../../src/cli/replay-interval.ts'
import { written } from '../../src/cli/simulate/records.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { PageStore } from '../../src/state/page-store.ts'
import { createTask } from '../../src/task/create-task.ts'
import type { RunnableTask } from '../../src/task/task.ts'
import { FRAME, givenRows } from '../cli/simulate/join/simulated-join.ts'
import { Disk } from '../commit/disk.ts'
import { chainBytes, chainPipeline } from '../instance/chain-shape.ts'
import { givenTable } from '../instance/start-worker.ts'
import { taskContext, wholeOutput } from '../support/task-context.ts'
import { NOON } from '../window/random-streams.ts'

const TO = { topic: 'any', partition: 0, transactional: false, compression: 'none' } as const
const TOPIC = { compression: 'none', partitions: 1, maxBatchBytes: 1 << 20 } as const

async function answer(batch: RecordBatchWriter | null): Promise<Fetched> {
  const bytes = batch === null ? Buffer.alloc(0) : Buffer.from(await batch.seal(-1n, -1, -1))
  const columns = await decodeRecordBatches(bytes, 0, [])
  const end = columns.nextOffset
  return { ...TO, columns, lastStableOffset: end, highWatermark: end }
}

test('windows close of what a stage still holds when it is past the interval, and no later than that', async () => {
  const join = { beforeMs: 0, afterMs: 0, kind: 'left', repartition: null } as const
  const { joins, ...rest } = chainPipeline(
    ['k', 'x'].map((on) => ({ ...join, on })),
    '0s',
  )
  // Its records close by slices of a second.
  const pipeline = { ...rest, joins: [joins[0], { ...joins[1], graceMs: 20_000 }] }
  // One of the interval, and one that is after all that it may match.
  const facts = [NOON, NOON + 20_100].map((time) => ({ side: 0, key: 'a', id: 1, time }))
  const admin = {
    offsets: async (topic: string) => new Map([[0, topic === 'facts' ? facts.length : 0]]),
  } as unknown as Admin
  const rows = { from: Number.NEGATIVE_INFINITY, to: NOON + 1 }
  const interval = await replayInterval(pipeline, rows, 0, admin)
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const context = taskContext(pipeline, codec, {
    dimensions: [givenTable(givenRows(null), pipeline, codec)],
    outputs: wholeOutput(pipeline, FRAME),
    repartition: [{ ...TOPIC, topic: 'join-j1-left-repartition' }],
    partitions: new Map([['join-j1-left-repartition', 1]]),
    interval,
    now: () => NOON + 20_100,
  })
  const [first, second] = [0, 1].map(
    (stage): RunnableTask =>
      createTask(taskOf(stage, 2), new PageStore(new Disk().open(), codec.layout), context),
  )
  const batch = new RecordBatchWriter(TO)
  for (const fact of facts) {
    const value = chainBytes({ ...fact, fault: undefined, isRejected: false })
    batch.recordOf(fact.time, { key: Buffer.from('a'), value, headers: [] })
  }
  first.offer(0, await answer(batch))
  first.offer(1, await answer(null))
  await first.process()
  const { outputs } = first.drain()!
  assert.equal(outputs.length, 1)

  second.offer(0, await answer(outputs[0]))
  second.offer(1, await answer(null))
  while (await second.process());
  const found: unknown[] = []
  for await (const { columns, i } of written(second.drain()!.outputs))
    found.push(columns.timestamps[i])
  assert.deepEqual(found, [NOON])
  assert.ok(second.ended)
})
