/** A worker of the model's join on a broker, without registry, dimensions’ topics and HTTP. */
import type { Broker } from '../../src/broker/port.ts'
import { bytesOf } from '../../src/bytes.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { repartitioned } from '../../src/config/topic-names.ts'
import { DimensionTable } from '../../src/dimension/table.ts'
import type { EventName, Log } from '../../src/events.ts'
import { Worker } from '../../src/instance/worker.ts'
import { MemoryShares, memoryLimits } from '../../src/plan/memory.ts'
import { avroShape } from '../../src/plan/pipeline-codec.ts'
import { planOf } from '../../src/plan/plan.ts'
import { FRAME, ROW } from '../cli/simulate/join/simulated-join.ts'
import { taskContext } from '../support/task-context.ts'

export const CHANGELOG = 'changelog'
const BATCH_BYTES = 1_048_588

export interface WorkerSetting {
  readonly broker: Broker
  /** With the instance's own `state.dir`. */
  readonly pipeline: Pipeline
  readonly codec: PipelineCodec
  /** Of the stage that joins. */
  readonly partitions: number
  /** Of each input. */
  readonly inputs?: ReadonlyMap<string, number>
  readonly instanceId: string
  readonly elapsed: () => number
  readonly onEvent: (name: EventName, fields: object) => void
  readonly onFatal: (error: unknown) => void
}

const nothing = (): void => {}

export function startWorker(setting: WorkerSetting): Worker {
  const { broker, pipeline, codec, partitions, instanceId, elapsed, onEvent, onFatal } = setting
  const { inputs = new Map() } = setting
  const plan = planOf(pipeline)
  const topic = { compression: 'none', maxBatchBytes: BATCH_BYTES } as const
  const log: Log = { event: onEvent }
  const worker = new Worker({
    broker,
    context: taskContext(pipeline, codec, {
      dimensions: [oneRow()],
      shape: avroShape(FRAME),
      maxEntryBytes: BATCH_BYTES,
      memory: new MemoryShares(memoryLimits(pipeline.memory, 1 << 30), partitions),
      elapsed,
      output: { ...topic, topic: pipeline.output.topic, partitions },
      repartition: repartitioned(pipeline).map((to) => ({ ...topic, topic: to.topic, partitions })),
      partitions: inputs,
      rejects: { ...topic, topic: pipeline.output.rejects, partitions: 1 },
    }),
    changelog: {
      topic: CHANGELOG,
      layout: codec.layout,
      schemaIds: [],
      maxRecordBytes: BATCH_BYTES,
      shorten: (partition, offset) => {
        broker.admin.deleteRecords({ topic: CHANGELOG, partition }, offset).catch(nothing)
      },
    },
    partitions: plan.stages.map(({ topics: [first] }) => inputs.get(first) ?? partitions),
    topicIds: plan.sources.map(() => null),
    onUnknownTopic: nothing,
    instanceId,
    staticId: pipeline.kafka.instanceId,
    sessionTimeoutMs: pipeline.kafka.sessionTimeoutMs,
    stateDir: pipeline.state.dir,
    transactionalId: `${pipeline.name}-${instanceId}`,
    address: '',
    version: '',
    log,
    rejects: { drain: () => [], settle: nothing },
    onStep: nothing,
    onFatal,
    onRefused: async () => {},
  })
  worker.prepare()
  worker.start()
  return worker
}

/** The one that every fact finds. */
function oneRow(): DimensionTable {
  const table = new DimensionTable()
  const key = bytesOf(Buffer.from('here'))
  const row = bytesOf(ROW)
  table.put(key, 0, key.length, row, 0, row.length)
  return table
}
