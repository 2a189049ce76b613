/**
 * Tasks with their stores, driven without a broker: decode, enrich, join, concatenate; at the end of
 * each epoch all batches are sealed, pages and checkpoints written to LevelDB. Only the network is
 * missing.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ProduceBatch } from '../src/broker/port.ts'
import { taskOf } from '../src/broker/task-number.ts'
import type { AvroRecordSchema } from '../src/codec/avro/reader.ts'
import type { PipelineCodec } from '../src/codec/port.ts'
import { encodeValue } from '../src/codec/protobuf/encode.ts'
import { type EpochTopics, epochPart } from '../src/commit/epoch-part.ts'
import { loadPipeline } from '../src/config/load.ts'
import type { JoinConfig, Pipeline } from '../src/config/pipeline.ts'
import { Counts } from '../src/counts/counts.ts'
import { outputsOf } from '../src/output/outputs.ts'
import { MemoryShares, memoryLimits } from '../src/plan/memory.ts'
import { frameOf } from '../src/plan/output-frames.ts'
import {
  avroShape,
  createPipelineCodec,
  outputFrame,
  readSchemas,
} from '../src/plan/pipeline-codec.ts'
import { planOf } from '../src/plan/plan.ts'
import { openStore, type Store } from '../src/state/level.ts'
import { PageStore } from '../src/state/page-store.ts'
import { JoinTask } from '../src/task/join-task.ts'
import type { TaskContext } from '../src/task/task.ts'
import { CUSTOMERS, PRODUCTS, tableOf, versionsOf } from './dimension-rows.ts'
import { AVRO, Feed, JSON_TEXT, type ValueForm } from './feed.ts'
import { temporaryFolder } from './process.ts'
import { PIPELINE } from './service.ts'

const MAX_BATCH_BYTES = 1_048_588
/** Of memory: enough for the defaults. */
const MEMORY_BYTES = 4 * 2 ** 30

const JSON_FORMAT = { format: 'json' } as const
const BARE_FORMAT = { ...JSON_FORMAT, schema: null } as const
const protobuf = (name: string) =>
  ({
    format: 'protobuf',
    schema: fileURLToPath(new URL(`protobuf/${name}.proto`, import.meta.url)),
  }) as const

/** Of orders, and of payments where they have a schema, too. Their id comes after the frame, the message's index, a tag and the string's length. */
function protobufForm(order: AvroRecordSchema, payment: AvroRecordSchema | null): ValueForm {
  const ofTime = (time: number): string => new Date(time).toISOString()
  const encode = (schema: AvroRecordSchema, value: object): Buffer =>
    Buffer.concat([outputFrame(0), encodeValue(schema, value as Record<string, unknown>)])
  return {
    encode(name, record) {
      if (name === 'order') {
        const { ordered_at } = record as { ordered_at: number }
        return encode(order, { ...record, ordered_at: ofTime(ordered_at) })
      }
      if (payment === null) return AVRO.encode(name, record)
      const { paid_at } = record as { paid_at: number }
      return encode(payment, { ...record, paid_at: ofTime(paid_at) })
    },
    idAt: { order: 8, payment: payment === null ? AVRO.idAt.payment : 8 },
  }
}

export interface JoinTasksOptions {
  readonly partitions: number
  /** Orders of all partitions in a round, which is an epoch; as many payments. */
  readonly recordsPerRound: number
  /** Event time of a round. */
  readonly roundMs: number
  readonly within: string
  /** Of the facts; a `where` has to take all of them. */
  readonly expressions?: Partial<Pick<Pipeline['facts'], 'where' | 'fields'>> | undefined
  /** Of the join; inner without it. */
  readonly kind?: string
  /** Whether what is joined is joined once more, with the same stream under another name. */
  readonly isJoinedTwice?: boolean
  /** Whether rows are looked up as of the facts' times. */
  readonly isAsOf?: boolean
  /** Whether facts and right records are JSON. */
  readonly isJson?: boolean
  /** Whether that is JSON without a schema. */
  readonly isBare?: boolean
  /** Whether what comes out is JSON. */
  readonly isJsonOut?: boolean
  /** Whether the facts are in Protobuf. */
  readonly isProtobuf?: boolean
  /** Whether right records are, too. */
  readonly isProtobufRight?: boolean
  /** Whether the output is. */
  readonly isProtobufOut?: boolean
}

export class JoinTasks {
  readonly #topics: EpochTopics
  readonly #tasks: readonly JoinTask[]
  readonly #stores: readonly Store[]
  readonly #feeds: readonly Feed[]
  /** The sources that are right streams. */
  readonly #rights: readonly number[]
  #round = 0

  private constructor(
    context: TaskContext,
    tasks: readonly JoinTask[],
    stores: readonly Store[],
    feeds: readonly Feed[],
  ) {
    this.#tasks = tasks
    this.#stores = stores
    this.#feeds = feeds
    const { layout } = context.codec
    const shorten = (): void => {}
    const maxRecordBytes = MAX_BATCH_BYTES
    const changelog = { topic: 'changelog', layout, schemaIds: [], maxRecordBytes, shorten }
    const topics = context.plan.sources.map(({ topic }) => topic)
    this.#rights = context.plan.joins.map((_, j) => 1 + j)
    this.#topics = { topics, topicIds: topics.map(() => null), changelog }
  }

  static async open(options: JoinTasksOptions): Promise<JoinTasks> {
    const { partitions, recordsPerRound, roundMs, within, expressions, kind } = options
    const example = loadPipeline(PIPELINE, { WITHIN: within, JOIN_KIND: kind })
    const format = options.isBare ? BARE_FORMAT : options.isJson ? JSON_FORMAT : {}
    const right = options.isProtobufRight ? protobuf('payment') : format
    const asOf = options.isAsOf ? ('event-time' as const) : null
    const pipeline = {
      ...example,
      facts: {
        ...example.facts,
        ...expressions,
        ...format,
        ...(options.isProtobuf ? protobuf('order') : {}),
      },
      dimensions: example.dimensions.map((one) => ({ ...one, asOf })),
      joins: options.isJoinedTwice ? twice(example.joins[0]) : [{ ...example.joins[0], ...right }],
      ...outputsIn(example, options),
    }
    const schemas = await readSchemas(pipeline, null)
    const codec = createPipelineCodec(pipeline, schemas, null)
    const form = options.isProtobuf
      ? protobufForm(schemas.facts, options.isProtobufRight ? schemas.rights[0] : null)
      : options.isJson
        ? JSON_TEXT
        : AVRO
    const context = contextOf(pipeline, codec, options)
    const folder = temporaryFolder()
    const tasks: JoinTask[] = []
    const stores: Store[] = []
    const feeds: Feed[] = []
    for (let partition = 0; partition < partitions; partition++) {
      const store = await openStore(join(folder, String(partition)))
      stores.push(store)
      const pages = new PageStore(store, codec.layout)
      tasks.push(new JoinTask(taskOf(partition, 1), pages, context))
      const records = Math.floor(recordsPerRound / partitions)
      feeds.push(await Feed.of({ partition, partitions }, records, roundMs, form))
    }
    return new JoinTasks(context, tasks, stores, feeds)
  }

  /** Records of both sides in all windows. */
  get records(): number {
    return this.#tasks
      .flatMap((task) => task.figures().records)
      .reduce((sum, records) => sum + records, 0)
  }

  /** One epoch. @returns facts taken, records written */
  async round(): Promise<{ facts: number; outputs: number }> {
    const before = this.records
    let facts = 0
    for (const [partition, task] of this.#tasks.entries()) {
      const orders = this.#feeds[partition].orders(this.#round)
      task.offer(0, orders)
      for (const source of this.#rights) {
        task.offer(source, this.#feeds[partition].payments(this.#round))
      }
      facts += orders.columns.length
      while (await task.process()) {
        // until the round is taken
      }
    }
    if (this.#rights.length === 1 && this.records !== before + 2 * facts)
      throw new Error('Not every record is in the window')
    const outputs = await this.#commit()
    this.#round++
    return { facts, outputs }
  }

  async close(): Promise<void> {
    for (const store of this.#stores) await store.close()
  }

  async #commit(): Promise<number> {
    const epochs = this.#tasks.flatMap((task) => task.drain() ?? [])
    const parts = epochs.map((epoch) => epochPart(epoch, this.#topics))
    const batches: ProduceBatch[] = parts.flatMap((part) => [...part.changelog, ...part.batches])
    for (const batch of batches) await batch.seal(1n, 0, 0)
    const first = this.#round
    await Promise.all(parts.map((part) => part.persist(first, first + part.changelog.length)))
    for (const batch of batches) batch.release()
    return epochs.reduce(
      (sum, epoch) => sum + epoch.outputs.reduce((records, batch) => records + batch.records, 0),
      0,
    )
  }
}

function sharesOf(pipeline: Pipeline, partitions: number): MemoryShares {
  const shares = new MemoryShares(memoryLimits(pipeline.memory, MEMORY_BYTES), partitions)
  shares.tasks = partitions
  return shares
}

function outputsIn(
  { output }: Pipeline,
  { isJsonOut, isProtobufOut }: JoinTasksOptions,
): Pick<Pipeline, 'output' | 'outputs'> {
  const format = isJsonOut ? 'json' : isProtobufOut ? 'protobuf' : output.format
  const made = { ...output, format } as const
  return { output: made, outputs: [made] }
}

/** A column more of the same records. */
const twice = (join: JoinConfig): JoinConfig[] => [
  join,
  {
    ...join,
    name: 'second',
    path: ['joins', 'second'],
    topic: 'second',
    select: [{ name: 'second_amount', source: 'amount' }],
  },
]

function contextOf(
  pipeline: Pipeline,
  codec: PipelineCodec,
  { partitions, isAsOf = false }: JoinTasksOptions,
): TaskContext {
  const rowsOf = isAsOf ? versionsOf : tableOf
  const plan = planOf(pipeline)
  const frame = frameOf(pipeline.output, 1)
  const topic = (name: string) =>
    ({ topic: name, compression: 'none', partitions, maxBatchBytes: MAX_BATCH_BYTES }) as const
  return {
    plan,
    codec,
    // Rows of all times are there.
    rowLimit: isAsOf ? { limit: Number.POSITIVE_INFINITY, slowest: undefined } : null,
    dimensions: [rowsOf(codec, CUSTOMERS), rowsOf(codec, PRODUCTS)],
    outputs: outputsOf([
      { topic: topic('output'), shape: avroShape(frame), codec: codec.outputs[0] },
    ]),
    rejects: topic('rejects'),
    repartition: [],
    partitions: new Map(),
    aheadMs: Number.POSITIVE_INFINITY,
    behindMs: Number.POSITIVE_INFINITY,
    maxEntryBytes: MAX_BATCH_BYTES - 512,
    memory: sharesOf(pipeline, partitions),
    counts: new Counts(['customer', 'product'], plan.sources.length, plan.joins.length),
    now: Date.now,
    elapsed: () => performance.now(),
  }
}
