/** Facts that are looked up as of their times, while the rows come: tasks and dimensions alone, fed by hand. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RecordBytes } from '../../src/batch.ts'
import type { Fetched, Reader, ReaderEvents } from '../../src/broker/port.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, recordAt } from '../../src/broker/record-columns.ts'
import { taskOf } from '../../src/broker/task-number.ts'
import { written } from '../../src/cli/simulate/records.ts'
import { AvroJson } from '../../src/codec/avro-json.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import { parsePipeline } from '../../src/config/load.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { Dimension } from '../../src/dimension/dimension.ts'
import { lookedUpIn } from '../../src/dimension/row-limit.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { PageStore } from '../../src/state/page-store.ts'
import { createTask } from '../../src/task/create-task.ts'
import type { RunnableTask, TaskContext, TaskEpoch } from '../../src/task/task.ts'
import { Disk } from '../commit/disk.ts'
import { taskContext } from '../support/task-context.ts'
import { MemoryStore } from './memory-store.ts'

const FRAME = Buffer.alloc(5)

/** A row of the topic of prices: from `time` on the key has this price, by this maker. */
export interface PriceRow {
  readonly key: string
  /** In ms since 1970. */
  readonly time: number
  readonly partition: number
  /** null: a deletion. */
  readonly row: string | null
}

/** A maker's name, which is looked up by the price's row. */
export interface AsOfFact {
  readonly id: string
  readonly key: string
  readonly time: number
}

const record = (name: string, fields: object): object => ({
  type: 'record',
  name,
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
})
const SCHEMAS = {
  fact: record('Fact', { id: 'string', k: 'string' }),
  price: record('Price', { price: 'string', maker_id: 'string', since: 'long' }),
  maker: record('Maker', { maker: 'string' }),
  right: record('Right', { id: 'string', paid: 'string' }),
}
const JSONS = {
  fact: new AvroJson(SCHEMAS.fact),
  price: new AvroJson(SCHEMAS.price),
  maker: new AvroJson(SCHEMAS.maker),
  right: new AvroJson(SCHEMAS.right),
}

function encoded(schema: keyof typeof JSONS, value: object): Buffer {
  const body = JSONS[schema].encode(value, (_path, message) => assert.fail(message))
  return Buffer.concat([FRAME, body!])
}

export interface AsOfOptions {
  readonly joins: boolean
  /** Whether a field has the time of a row, and the records' own tell nothing. */
  readonly timeField: boolean
  readonly history?: string
}

/** The pipelines, and what is compiled of them once for many runs. */
export class AsOfPipelines {
  readonly #folder = mkdtempSync(join(tmpdir(), 'as-of-'))
  readonly #compiled = new Map<string, Promise<{ pipeline: Pipeline; codec: PipelineCodec }>>()

  constructor() {
    for (const [name, schema] of Object.entries(SCHEMAS)) {
      writeFileSync(join(this.#folder, `${name}.avsc`), JSON.stringify(schema))
    }
  }

  async run(options: AsOfOptions): Promise<AsOfRun> {
    const name = JSON.stringify(options)
    const compiled = this.#compiled.get(name) ?? this.#compile(options)
    this.#compiled.set(name, compiled)
    const { pipeline, codec } = await compiled
    return new AsOfRun(pipeline, codec, options)
  }

  async #compile({ joins, timeField, history }: AsOfOptions) {
    const asOf = { asOf: 'event-time', ...(history === undefined ? {} : { history }) }
    const time = timeField ? { time: 'since' } : {}
    const right = { topic: 'rights', schema: 'right.avsc', on: 'id', within: '1h' }
    const file = {
      name: 'as-of',
      kafka: { brokers: 'localhost:9092' },
      facts: { topic: 'facts', schema: 'fact.avsc' },
      dimensions: {
        price: {
          topic: 'prices',
          schema: 'price.avsc',
          on: 'k',
          select: ['price'],
          ...asOf,
          ...time,
        },
        maker: { topic: 'makers', schema: 'maker.avsc', on: 'price.maker_id', asOf: 'event-time' },
      },
      ...(joins ? { join: { ...right, select: ['paid'] } } : {}),
      output: { topic: 'out', schemaId: 1 },
    }
    const pipeline = parsePipeline(JSON.stringify(file), join(this.#folder, 'pipeline.yaml'), {})
    const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
    return { pipeline, codec }
  }

  close(): void {
    rmSync(this.#folder, { recursive: true })
  }
}

interface TopicRecord {
  readonly key: string
  readonly value: Buffer | null
  readonly timestamp: number
}

/** A dimension over partitions that are written to and read as the test says. */
class HandRead {
  readonly #topic: string
  readonly #partitions: TopicRecord[][]
  readonly #read: number[]
  #events: ReaderEvents | undefined
  readonly dimension: Dimension
  late = 0

  constructor(
    pipeline: Pipeline,
    codec: PipelineCodec,
    d: number,
    store: MemoryStore,
    partitions: TopicRecord[][],
  ) {
    const config = pipeline.dimensions[d]
    this.#topic = config.topic
    this.#partitions = partitions
    this.#read = partitions.map(() => 0)
    const nothing = (): void => {}
    const offsets = (of: (p: number) => number) => new Map(partitions.map((_, p) => [p, of(p)]))
    this.dimension = new Dimension({
      config,
      codec: codec.dimensions[d],
      key: codec.dimensionKeys[d],
      layout: `${codec.layout} ${codec.rowLayouts[d]}`,
      keepsPlaces: pipeline.provenance,
      store: store.open(),
      admin: {
        describeTopics: async () => new Map(),
        identify: async () =>
          new Map([[config.topic, { id: 'first', partitions: partitions.length }]]),
        createTopics: async () => {},
        deleteRecords: async () => {},
        offsets: async (_topic, at) =>
          offsets((p) => (at === 'latest' ? this.#partitions[p].length : 0)),
      },
      createReader: (events): Reader => {
        this.#events = events
        const add: Reader['add'] = ({ partition }, offset) => {
          this.#read[partition] = offset
        }
        return { add, remove: nothing, pause: nothing, resume: nothing, close: async () => {} }
      },
      onReject: (...[, , , reason, error]) => assert.fail(`${reason}: ${error}`),
      onOtherType: nothing,
      onFiltered: nothing,
      onLate: () => this.late++,
      onRows: nothing,
      room: async () => {},
      rejects: { areCommitted: true, untilCommitted: async () => {} },
      claim: nothing,
      onUnusable: (reason) => assert.fail(reason),
      onUnknownTopic: nothing,
      hold: (work) => work(),
      onFatal: (error) => assert.fail(String(error)),
      now: Date.now,
      log: { event: nothing },
    })
  }

  /** Fetches so many records of a partition, which may be none: then only where it ends is told. */
  async fetch(partition: number, most: number): Promise<void> {
    const all = this.#partitions[partition]
    const from = this.#read[partition]
    const some = all.slice(from, from + most)
    this.#read[partition] = from + some.length
    this.#events!.onFetched(await answerOf(this.#topic, partition, from, some, all.length))
    while (this.dimension.progress.positions[partition] < from + some.length) await nextTurn()
    await nextTurn()
  }

  async fetchAll(): Promise<void> {
    for (const p of this.#partitions.keys()) await this.fetch(p, Number.POSITIVE_INFINITY)
  }
}

async function answerOf(
  topic: string,
  partition: number,
  offset: number,
  records: readonly TopicRecord[],
  highWatermark: number,
): Promise<Fetched> {
  let bytes = Buffer.alloc(0)
  if (records.length > 0) {
    const to = { topic, partition, transactional: false, compression: 'none' } as const
    const writer = new RecordBatchWriter(to)
    for (const { key, value, timestamp } of records) {
      writer.recordOf(timestamp, { key: Buffer.from(key), value, headers: [] })
    }
    bytes = Buffer.from(await writer.seal(-1n, -1, -1))
    writer.release()
    bytes.writeBigInt64BE(BigInt(offset))
  }
  const columns = await decodeRecordBatches(bytes, offset, [])
  return { topic, partition, columns, lastStableOffset: highWatermark, highWatermark }
}

/** What came out of a fact: price and maker, null where there was none. */
export type Found = readonly [price: string | null, maker: string | null]

export class AsOfRun {
  readonly #pipeline: Pipeline
  readonly #codec: PipelineCodec
  readonly #options: AsOfOptions
  readonly #output: AvroJson
  readonly #stores = [new MemoryStore(), new MemoryStore()]
  readonly #prices: TopicRecord[][] = []
  readonly #makers: TopicRecord[][] = [[]]
  #dimensions: readonly HandRead[] = []
  #context!: TaskContext
  #task!: RunnableTask
  readonly #facts: TopicRecord[] = []
  readonly #epochs: TaskEpoch[] = []
  /** Facts that are in the task's queues, and behind them. */
  #offered = 0
  /** Rows that came too late, before the last restart. */
  #late = 0

  constructor(pipeline: Pipeline, codec: PipelineCodec, options: AsOfOptions) {
    this.#pipeline = pipeline
    this.#codec = codec
    this.#options = options
    this.#output = new AvroJson(JSON.parse(codec.outputSchema))
  }

  /** @param partitions of the topic of prices. @param prices that are there at the start */
  async begin(
    partitions: number,
    makers: readonly PriceRow[],
    prices: readonly PriceRow[] = [],
  ): Promise<void> {
    for (let p = 0; p < partitions; p++) this.#prices.push([])
    for (const { key, time, row } of makers) {
      const value = row === null ? null : encoded('maker', { maker: row })
      this.#makers[0].push({ key, value, timestamp: time })
    }
    for (const price of prices) this.write(price)
    await this.#start()
  }

  /** Writes a row; whoever reads is told of it by the next fetch. */
  write({ key, time, partition, row }: PriceRow): void {
    const fields = { price: row, maker_id: makerOf(row), since: time }
    const value = row === null ? null : encoded('price', fields)
    // A deletion has no field that could say its time.
    const timestamp = this.#options.timeField && row !== null ? time - 7777 : time
    this.#prices[partition].push({ key, value, timestamp })
  }

  fetch(partition: number, most: number): Promise<void> {
    return this.#dimensions[0].fetch(partition, most)
  }

  fetchAll(): Promise<void> {
    return this.#dimensions[0].fetchAll()
  }

  /** Gives the task a fact, and where it joins the right record that it is matched with. */
  async offer({ id, key, time }: AsOfFact): Promise<void> {
    const value = encoded('fact', { id, k: key })
    this.#facts.push({ key: id, value, timestamp: time })
    await this.#offer()
  }

  async #offer(): Promise<void> {
    const from = this.#offered
    const some = this.#facts.slice(from)
    this.#offered = this.#facts.length
    this.#task.offer(0, await answerOf('facts', 0, from, some, this.#offered))
    if (!this.#options.joins) return
    const rights = some.map(({ key, timestamp }) => {
      return { key, value: encoded('right', { id: key, paid: `paid ${key}` }), timestamp }
    })
    this.#task.offer(1, await answerOf('rights', 0, from, rights, this.#offered))
  }

  async process(): Promise<void> {
    while (await this.#task.process());
    this.#drain()
  }

  /** Whether a fact stands before the rows of its time. */
  get waits(): boolean {
    return this.#task.rowWait!.waiting !== null
  }

  get late(): number {
    return this.#dimensions.reduce((sum, { late }) => sum + late, this.#late)
  }

  get counts(): TaskContext['counts'] {
    return this.#context.counts
  }

  /** A process ends, and the next one goes on with its stores; what it had taken is committed. */
  async restart(): Promise<void> {
    this.#drain()
    this.#offered = Math.max(0, this.#task.queues[0].taken)
    this.#late = this.late
    for (const { dimension } of this.#dimensions) await dimension.close()
    await this.#start()
    await this.#offer()
  }

  async #start(): Promise<void> {
    const topics = [this.#prices, this.#makers]
    this.#dimensions = topics.map(
      (topic, d) => new HandRead(this.#pipeline, this.#codec, d, this.#stores[d], topic),
    )
    for (const one of this.#dimensions) {
      await one.dimension.start()
      await one.fetchAll()
      await one.dimension.ready
    }
    const dimensions = this.#dimensions.map(({ dimension }) => dimension)
    this.#context = taskContext(this.#pipeline, this.#codec, lookedUpIn(dimensions))
    const pages = this.#options.joins ? new PageStore(new Disk().open(), this.#codec.layout) : null
    this.#task = createTask(taskOf(0, 1), pages, this.#context)
    this.#task.queues[0].taken = this.#offered
  }

  #drain(): void {
    const epoch = this.#task.drain()
    if (epoch !== undefined) this.#epochs.push(epoch)
  }

  /** What has come out, as it was written. */
  async output(): Promise<RecordBytes[]> {
    const records: RecordBytes[] = []
    const outputs = this.#epochs.flatMap((epoch) => epoch.outputs)
    for await (const { columns, i } of written(outputs)) {
      records.push(recordAt(columns, i))
    }
    return records
  }

  /** By fact; each has come out once. @param records of `output` */
  found(records: readonly RecordBytes[]): Map<string, Found> {
    const found = new Map<string, Found>()
    for (const { value } of records) {
      const { id, price, maker } = this.#output.decode(value!.subarray(FRAME.length))
      assert.ok(!found.has(String(id)), `the fact ${id} comes out twice`)
      found.set(String(id), [price as string | null, maker as string | null])
    }
    return found
  }

  async close(): Promise<void> {
    for (const { dimension } of this.#dimensions) await dimension.close()
  }
}

/** The maker of a price: one of a few. */
export const makerOf = (price: string | null): string => `m${(price?.length ?? 0) % 3}`
