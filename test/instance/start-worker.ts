/** Workers of the model's pipelines on a broker, without registry and HTTP. */
import assert from 'node:assert/strict'
import type { Broker } from '../../src/broker/port.ts'
import { bytesOf } from '../../src/bytes.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import type { ChangelogTopic } from '../../src/commit/epoch-part.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { betweenStages } from '../../src/config/topic-names.ts'
import type { Counts } from '../../src/counts/counts.ts'
import { createDimensions, openDimensionStores, readDimensions } from '../../src/dimension/all.ts'
import type { Dimension } from '../../src/dimension/dimension.ts'
import { placeBytes, writePlace } from '../../src/dimension/place.ts'
import { DimensionRejects } from '../../src/dimension/rejects.ts'
import { lookedUpIn } from '../../src/dimension/row-limit.ts'
import { DimensionTable } from '../../src/dimension/table.ts'
import type { EventName, Log } from '../../src/events.ts'
import type { Interval } from '../../src/input/interval.ts'
import { Worker, type WorkerOptions } from '../../src/instance/worker.ts'
import { MemoryShares, memoryLimits } from '../../src/plan/memory.ts'
import { planOf, statefulStages } from '../../src/plan/plan.ts'
import type { TaskContext } from '../../src/task/task.ts'
import { FRAME, givenRows } from '../cli/simulate/join/simulated-join.ts'
import { taskContext, wholeOutput } from '../support/task-context.ts'

export const CHANGELOG = 'changelog'
/** The step of a commit that ends its transaction. */
const COMMITTED = 3
const BATCH_BYTES = 1_048_588
/** Of all rows. */
const DIMENSION_BYTES = 1 << 26

export interface WorkerSetting {
  readonly broker: Broker
  /** With the instance's own `state.dir`. */
  readonly pipeline: Pipeline
  readonly codec: PipelineCodec
  /** Of the stage that joins. */
  readonly partitions: number
  /** Of the sources. */
  readonly topicIds?: readonly (string | null)[]
  /** Of each input. */
  readonly inputs?: ReadonlyMap<string, number>
  readonly instanceId: string
  readonly elapsed: () => number
  readonly onEvent: (name: EventName, fields: object) => void
  readonly onFatal: (error: unknown) => void
  /** An epoch is committed. */
  readonly onCommit?: () => void
  readonly counts: Counts
  /** The dimension's rows; without it, one that every fact finds. */
  readonly table?: DimensionTable
  /** Of a bounded run. */
  readonly interval?: Interval
}

const nothing = (): void => {}

/** One whose dimension has the rows of the setting's table, or one that every fact finds. */
export function startWorker(setting: WorkerSetting): Worker {
  const { pipeline, codec, table = givenTable(givenRows(null), pipeline, codec) } = setting
  const rejects = { drain: () => [], settle: nothing }
  const worker = createWorker(setting, { dimensions: [table], rowLimit: null }, rejects)
  worker.prepare()
  void worker.decideStart().then(() => worker.start(), setting.onFatal)
  return worker
}

/** The same with the dimensions that the broker has, which are read before it starts. */
export async function startWithDimensions(setting: WorkerSetting): Promise<Dimensional> {
  const { broker, pipeline, codec, counts, onEvent, onFatal } = setting
  const log: Log = { event: onEvent }
  const rejects = new DimensionRejects({
    topic: rejectsOf(pipeline),
    producer: () => worker.producer(),
    onWritten: nothing,
    onRefused: async () => {},
    log,
  })
  const options = {
    ...{ pipeline, codec, broker, rejects, counts, log, onFatal },
    tables: await openDimensionStores(pipeline, planOf(pipeline).tables, counts, log),
    limit: DIMENSION_BYTES,
    hold: (work: () => Promise<void>) => worker.holdDuring(work),
    onRows: () => worker.wake(),
    onUnknownTopic: nothing,
  }
  const dimensions = createDimensions(options)
  const worker = createWorker(setting, lookedUpIn(dimensions), rejects)
  worker.prepare()
  const started = readDimensions(dimensions, options)
    .then(() => worker.decideStart())
    .then(() => worker.start(), onFatal)
  const stop = async (): Promise<void> => {
    await started
    await worker.stop()
    rejects.close()
    await Promise.all(dimensions.map((dimension) => dimension.close()))
  }
  return { dimensions, stop }
}

/** A worker with its dimensions, which may not be read yet. */
export interface Dimensional {
  readonly dimensions: readonly Dimension[]
  stop(): Promise<void>
}

const TOPIC = { compression: 'none', maxBatchBytes: BATCH_BYTES } as const
const rejectsOf = ({ output }: Pipeline) => ({ ...TOPIC, topic: output.rejects, partitions: 1 })

function createWorker(
  setting: WorkerSetting,
  { dimensions, rowLimit }: Pick<TaskContext, 'dimensions' | 'rowLimit'>,
  rejects: WorkerOptions['rejects'],
): Worker {
  const { broker, pipeline, codec, partitions, instanceId, elapsed, onEvent, onFatal } = setting
  const { counts, inputs = new Map(), interval } = setting
  const plan = planOf(pipeline)
  const log: Log = { event: onEvent }
  return new Worker({
    broker,
    context: taskContext(pipeline, codec, {
      dimensions,
      rowLimit,
      maxEntryBytes: BATCH_BYTES,
      memory: new MemoryShares(memoryLimits(pipeline.memory, 1 << 30), partitions),
      elapsed,
      counts,
      outputs: wholeOutput(pipeline, FRAME, { ...TOPIC, partitions }),
      repartition: plan.stages.flatMap(({ to }) =>
        to === null ? [] : [{ ...TOPIC, topic: to.topic, partitions }],
      ),
      partitions: new Map([
        ...inputs,
        ...betweenStages(pipeline).map((topic) => [topic, partitions] as const),
      ]),
      rejects: rejectsOf(pipeline),
      interval,
    }),
    changelogs: statefulStages(plan).map(({ state }) => changelogOf(broker, codec, state.number)),
    partitions: plan.stages.map(({ topics: [first] }) => inputs.get(first) ?? partitions),
    topicIds: setting.topicIds ?? plan.sources.map(() => null),
    onUnknownTopic: nothing,
    instanceId,
    staticId: pipeline.kafka.instanceId,
    sessionTimeoutMs: pipeline.kafka.sessionTimeoutMs,
    stateDir: pipeline.state.dir,
    transactionalId: `${pipeline.name}-${instanceId}`,
    address: '',
    version: '',
    log,
    rejects,
    onStep: (step) => step === COMMITTED && setting.onCommit?.(),
    onFatal,
    onRefused: async () => {},
  })
}

/** Of the stages that keep state, by their numbers among these. */
export const changelogOfStage = (stage: number): string =>
  stage === 0 ? CHANGELOG : `${CHANGELOG}-${stage}`

const changelogOf = (
  { admin }: Broker,
  { layout }: PipelineCodec,
  stage: number,
): ChangelogTopic => ({
  topic: changelogOfStage(stage),
  layout,
  schemaIds: [],
  maxRecordBytes: BATCH_BYTES,
  shorten: (partition, offset) => {
    admin.deleteRecords({ topic: changelogOfStage(stage), partition }, offset).catch(nothing)
  },
})

/** Where each row was in its topic. */
export const ROW_PLACE = { partition: 3, offset: 2 ** 40 + 7 }

/** The dimension's rows, as it would have read them. @param rows their values, framed, by key */
export function givenTable(
  rows: ReadonlyMap<string, Buffer>,
  pipeline: Pipeline,
  codec: PipelineCodec,
): DimensionTable {
  const table = new DimensionTable()
  table.clear(0, placeBytes({ keepsPlaces: pipeline.provenance }))
  putRows(table, rows, pipeline, codec)
  return table
}

/** The same of further rows. */
export function putRows(
  table: DimensionTable,
  rows: ReadonlyMap<string, Buffer>,
  { provenance }: Pipeline,
  { dimensions: [codec] }: PipelineCodec,
): void {
  const placed = placeBytes({ keepsPlaces: provenance })
  for (const [key, value] of rows) {
    const reader = codec.reader(value, 0, value.length, 0, 0)
    assert.ok(reader !== null && typeof reader === 'object')
    assert.equal(reader.read(0, bytesOf(value), 0, value.length), null)
    reader.select(0)
    const row = bytesOf(Buffer.alloc(placed + reader.projectedBytes))
    if (placed > 0) writePlace(row, 0, ROW_PLACE.partition, ROW_PLACE.offset)
    const end = reader.project(row, placed)
    table.put(bytesOf(Buffer.from(key)), 0, Buffer.byteLength(key), row, 0, end)
  }
}
