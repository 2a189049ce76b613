import type { TopicPartition } from '../../src/batch.ts'
import type { Group } from '../../src/broker/port.ts'
import { type Bytes, NO_BYTES } from '../../src/bytes.ts'
import { schemaFrame } from '../../src/codec/frame/schema-frame.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { Counts } from '../../src/counts/counts.ts'
import { DimensionTable } from '../../src/dimension/table.ts'
import type { OutputTopic } from '../../src/output/batch-list.ts'
import { outputsOf } from '../../src/output/outputs.ts'
import type { Outputs } from '../../src/output/task-output.ts'
import { MemoryShares, memoryLimits } from '../../src/plan/memory.ts'
import { avroShape } from '../../src/plan/pipeline-codec.ts'
import { planOf } from '../../src/plan/plan.ts'
import { Restore, type RestorePorts } from '../../src/state/restore.ts'
import type { RunnableTask, TaskContext } from '../../src/task/task.ts'

const TOPIC = { compression: 'none', partitions: 1, maxBatchBytes: 1 << 20 } as const

/** Outputs that are the pipeline's first, taken as it is. @param frame of its values */
export const wholeOutput = (
  { output }: Pipeline,
  frame: Bytes,
  topic: Omit<OutputTopic, 'topic'> = TOPIC,
): Outputs => ({
  whole: { ...topic, topic: output.topic },
  shape: avroShape({ prefix: frame, header: NO_BYTES }),
  sinks: [],
})

/** What tasks share, without limits of time, and with empty dimensions. */
export function taskContext(
  pipeline: Pipeline,
  codec: PipelineCodec,
  over: Partial<TaskContext> = {},
): TaskContext {
  const { output, outputs, dimensions, memory } = pipeline
  const plan = planOf(pipeline)
  return {
    plan,
    codec,
    dimensions: dimensions.map(() => new DimensionTable()),
    rowLimit: null,
    outputs: outputsOf(
      outputs.map(({ topic }, o) => ({
        topic: { ...TOPIC, topic },
        shape: avroShape(schemaFrame(5)),
        codec: codec.outputs[o],
      })),
    ),
    rejects: { ...TOPIC, topic: output.rejects },
    repartition: [],
    partitions: new Map(),
    aheadMs: Number.POSITIVE_INFINITY,
    behindMs: Number.POSITIVE_INFINITY,
    maxEntryBytes: 1 << 19,
    memory: new MemoryShares(memoryLimits(memory, 2 ** 31), 1),
    counts: new Counts(
      dimensions.map(({ name }) => name),
      Math.max(2, plan.sources.length),
      plan.joins.length,
    ),
    now: Date.now,
    elapsed: () => performance.now(),
    ...over,
  }
}

/** Brings a task's state back, as an instance does. @returns the offsets that were read */
export async function restore(
  { partition, state, queues }: Pick<RunnableTask, 'partition' | 'state' | 'queues'>,
  ports: RestorePorts,
): Promise<readonly number[]> {
  const restore = new Restore(partition, state!, ports)
  await restore.open()
  await restore.load()
  await restore.follow()
  const offsets = restore.activate()
  for (const [source, queue] of queues.entries()) queue.taken = offsets[source]
  return offsets
}

/** A group that has read its topics up to here, in the order in which it is asked; -1: nothing. */
export const groupAt = (offsets: readonly number[]): Pick<Group, 'committed'> => ({
  committed: async (places: readonly TopicPartition[]) =>
    places.map((place, i) => ({ ...place, offset: offsets[i] })),
})
