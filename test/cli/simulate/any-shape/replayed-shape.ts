/** A replay of a drawn pipeline, with a task for each stage, and without a broker. */
import assert from 'node:assert/strict'
import type { Admin } from '../../../../src/broker/port.ts'
import { decodeRecordBatches, recordAt } from '../../../../src/broker/record-columns.ts'
import { taskOf } from '../../../../src/broker/task-number.ts'
import { replayInterval } from '../../../../src/cli/replay-interval.ts'
import { outputValues } from '../../../../src/cli/simulate/output-values.ts'
import { answerOf, type TimedRecord, written } from '../../../../src/cli/simulate/records.ts'
import { SimulatedDimension } from '../../../../src/cli/simulate/simulated-dimension.ts'
import type { PipelineCodec } from '../../../../src/codec/port.ts'
import type { Pipeline } from '../../../../src/config/pipeline.ts'
import type { Times } from '../../../../src/input/interval.ts'
import { outputsOf } from '../../../../src/output/outputs.ts'
import { frameOf } from '../../../../src/plan/output-frames.ts'
import { avroShape } from '../../../../src/plan/pipeline-codec.ts'
import { planOf, type Stage } from '../../../../src/plan/plan.ts'
import { PageStore } from '../../../../src/state/page-store.ts'
import { createTask } from '../../../../src/task/create-task.ts'
import type { RunnableTask, TaskContext, TaskEpoch } from '../../../../src/task/task.ts'
import { Disk } from '../../../commit/disk.ts'
import { taskContext } from '../../../support/task-context.ts'
import { MemoryStore } from '../../../task/memory-store.ts'
import { columnsOf, compiled, given } from './compiled.ts'
import type { AnyShape } from './shape.ts'
import { START } from './tables.ts'

const DAY_MS = 86_400_000
const TOPIC = { compression: 'none', partitions: 1, maxBatchBytes: 1 << 20 } as const

/** What comes out, as `queried` has it. */
export async function replayedOf(shape: AnyShape, rows: Times): Promise<string[]> {
  const { pipeline, codec } = await compiled(shape)
  const plan = planOf(pipeline)
  const inputs = shape.streams.map((table) => given(table, shape.isJson))
  const interval = await replayInterval(pipeline, rows, 0, adminOf(shape, inputs))
  const context = taskContext(pipeline, codec, {
    dimensions: await dimensionsOf(shape, pipeline, codec),
    outputs: outputsOf(
      pipeline.outputs.map((one, o) => ({
        topic: { ...TOPIC, topic: one.topic },
        shape: avroShape(frameOf(one, 0)),
        codec: codec.outputs[o],
      })),
    ),
    repartition: plan.stages.flatMap(({ to }) =>
      to === null ? [] : [{ ...TOPIC, topic: to.topic }],
    ),
    partitions: new Map(plan.sources.map(({ topic }) => [topic, 1])),
    now: () => START + DAY_MS,
    interval,
  })
  const replay = new ReplayedShape(context, inputs)
  const values = outputValues(pipeline.outputs[0], codec.outputs[0])
  const names = columnsOf(codec)
  const found: string[] = []
  for (const stage of plan.stages) {
    for (const batch of await replay.run(stage)) {
      for await (const { columns, i } of written([batch])) {
        const value = values.decode(recordAt(columns, i).value!)
        found.push(JSON.stringify(names.map((name) => value[name])))
      }
    }
  }
  return found
}

/** Records' timestamps are their event times. */
function adminOf({ streams }: AnyShape, inputs: readonly (readonly TimedRecord[])[]): Admin {
  const offsets = async (topic: string, at: string | number) => {
    const records = inputs[streams.findIndex(({ name }) => name === topic)]
    if (typeof at === 'string') return new Map([[0, at === 'earliest' ? 0 : records.length]])
    return new Map([[0, records.findIndex(({ timestamp }) => timestamp >= at)]])
  }
  return { offsets } as unknown as Admin
}

/** Read to their ends. */
async function dimensionsOf(
  { dimensions, isJson }: AnyShape,
  pipeline: Pipeline,
  codec: PipelineCodec,
): Promise<TaskContext['dimensions']> {
  const { tables, lookUps } = planOf(pipeline)
  const read = await Promise.all(
    tables.map(async ({ dimensions: [first] }) => {
      const config = pipeline.dimensions[first]
      const store = new MemoryStore().open()
      const now = () => START + DAY_MS
      const one = new SimulatedDimension(config, first, codec, store, false, [], now)
      await one.start()
      for (const record of given(dimensions[first], isJson)) await one.take(record)
      return one
    }),
  )
  return lookUps.map(({ table }) => read[table].table)
}

class ReplayedShape {
  readonly #context: TaskContext
  readonly #inputs: readonly (readonly TimedRecord[])[]
  /** By topic: what stages have written for others. */
  readonly #internal = new Map<string, Buffer[]>()

  constructor(context: TaskContext, inputs: readonly (readonly TimedRecord[])[]) {
    this.#context = context
    this.#inputs = inputs
  }

  /** Runs a stage to its end, which is known of what it reads. @returns what comes out */
  async run({ number, sources, to, state }: Stage): Promise<TaskEpoch['outputs']> {
    const { plan, codec } = this.#context
    const pages = state && new PageStore(new Disk().open(), codec.layout)
    const task = createTask(taskOf(number, plan.stages.length), pages, this.#context)
    for (const [side, { index, topic, origin }] of sources.entries()) {
      await (origin === null
        ? this.#offer(task, side, index)
        : this.#offerInternal(task, side, topic))
    }
    const out: TaskEpoch['outputs'][number][] = []
    for (let epoch = await nextEpoch(task); epoch !== undefined; epoch = await nextEpoch(task)) {
      for (const batch of epoch.outputs) {
        if (batch.topic !== to?.topic) out.push(batch)
        else this.#writtenTo(batch.topic).push(Buffer.from(await batch.seal(1n, 0, 0)))
      }
    }
    assert.ok(task.ended)
    return out
  }

  #writtenTo(topic: string): Buffer[] {
    const there = this.#internal.get(topic) ?? []
    this.#internal.set(topic, there)
    return there
  }

  async #offer(task: RunnableTask, side: number, input: number): Promise<void> {
    const { from } = this.#context.interval!.offsets[input].get(0)!
    const records = this.#inputs[input]
    for (let i = from; i < records.length; i++) {
      task.offer(side, await answerOf('input', i, records[i]))
    }
    task.offer(side, await answerOf('input', records.length))
  }

  async #offerInternal(task: RunnableTask, side: number, topic: string): Promise<void> {
    let offset = 0
    const fetched = []
    for (const bytes of this.#writtenTo(topic)) {
      bytes.writeBigInt64BE(BigInt(offset))
      const columns = await decodeRecordBatches(bytes, offset, [])
      offset = columns.nextOffset
      fetched.push({
        topic,
        partition: 0,
        columns,
        lastStableOffset: offset,
        highWatermark: offset,
      })
    }
    task.queues[side].endsAt = offset
    for (const one of fetched) task.offer(side, one)
    task.offer(side, await answerOf(topic, offset))
  }
}

/** undefined: nothing is left to be done. */
async function nextEpoch(task: RunnableTask): Promise<TaskEpoch | undefined> {
  while (await task.process());
  return task.drain()
}
