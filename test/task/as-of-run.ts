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
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import { parsePipeline } from '../../src/config/load.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { Dimension } from '../../src/dimension/dimension.ts'
import { lookedUpIn } from '../../src/dimension/row-limit.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { planOf } from '../../src/plan/plan.ts'
import { PageStore } from '../../src/state/page-store.ts'
import { createTask } from '../../src/task/create-task.ts'
import type { RunnableTask, TaskContext } from '../../src/task/task.ts'
import { Disk } from '../commit/disk.ts'
import { taskContext } from '../support/task-context.ts'
import { MemoryStore } from './memory-store.ts'

const FRAME = Buffer.alloc(5)
const BETWEEN = { compression: 'none', partitions: 1, maxBatchBytes: 1 << 20 } as const

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

/**
 * What facts come through: without a join, with one or two, with one of a topic that is repartitioned, or where the facts are,
 * as they are, or completed, as a column of theirs is compared.
 */
export const SHAPES = ['enrich', 'join', 'joins', 'right', 'facts', 'column'] as const
export type Shape = (typeof SHAPES)[number]

export interface AsOfOptions {
  readonly shape: Shape
  /** Whether records say what they were made of. */
  readonly provenance: boolean
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

  async #compile({ shape, provenance, timeField, history }: AsOfOptions) {
    const asOf = { asOf: 'event-time', ...(history === undefined ? {} : { history }) }
    const time = timeField ? { time: 'since' } : {}
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
      ...joinsOf(shape),
      provenance,
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

function joinsOf(shape: Shape): object {
  const right = { schema: 'right.avsc', on: 'id', within: '1h' }
  const join = { ...right, topic: 'rights', select: ['paid'] }
  switch (shape) {
    case 'enrich':
      return {}
    case 'join':
      return { join }
    case 'joins': {
      const others = { ...right, topic: 'others', select: { shipped: 'paid' } }
      return { joins: { first: join, second: others } }
    }
    case 'right':
    case 'facts':
      return { join: { ...join, repartition: shape } }
    case 'column': {
      // Nothing is equal to it.
      const on = { left: 'price.maker_id', right: 'id' }
      const alone = { kind: 'left', late: { left: 'reject', right: 'drop' }, idle: '1s' }
      return { join: { ...join, ...alone, on, repartition: 'facts' } }
    }
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
      former: codec.formerRows[d],
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
      onDeleted: nothing,
      onPassedOver: nothing,
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

/** What came out of a fact: price and maker, null where there was none; and with provenance where their rows were. */
export interface Found {
  readonly price: string | null
  readonly maker: string | null
  readonly places: readonly (string | undefined)[]
}

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
  /** By stage. */
  #tasks: readonly RunnableTask[] = []
  /** By stage: how much its internal topic has. */
  readonly #between: number[] = []
  /** A clock for durations, in ms. */
  #elapsed = 0
  readonly #facts: TopicRecord[] = []
  readonly #written: RecordBytes[] = []
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

  /** Gives the first stage a fact, and where there is a join the right record that it is matched with. */
  async offer({ id, key, time }: AsOfFact): Promise<void> {
    const value = encoded('fact', { id, k: key })
    this.#facts.push({ key: id, value, timestamp: time })
    await this.#offer()
  }

  async #offer(): Promise<void> {
    const from = this.#offered
    const some = this.#facts.slice(from)
    this.#offered = this.#facts.length
    await this.#give('facts', from, some)
    const rights = some.map(({ key, timestamp }) => {
      return { key, value: encoded('right', { id: key, paid: `paid ${key}` }), timestamp }
    })
    const matches = this.#options.shape !== 'column'
    await this.#give('rights', matches ? from : 0, matches ? rights : [])
    await this.#give('others', from, rights)
  }

  /** Gives records to the task that reads the topic, if there is one. */
  async #give(topic: string, from: number, records: readonly TopicRecord[]): Promise<void> {
    await this.#giveTo(topic, await answerOf(topic, 0, from, records, from + records.length))
  }

  async #giveTo(topic: string, fetched: Fetched): Promise<void> {
    for (const [stage, { topics }] of this.#context.plan.stages.entries()) {
      const side = topics.indexOf(topic)
      if (side >= 0) this.#tasks[stage].offer(side, fetched)
    }
  }

  /** Each stage takes what it can, and what it writes goes to the next. */
  async process(): Promise<void> {
    for (const [stage, task] of this.#tasks.entries()) {
      while (await task.process());
      await this.#drain(stage)
    }
  }

  /** Nothing comes for so long that all comes out that has no match. */
  async fallSilent(): Promise<void> {
    this.#elapsed += 60_000
    for (const { topics } of this.#context.plan.stages) {
      for (const topic of topics) {
        const isInput = ['facts', 'rights', 'others'].includes(topic)
        const end = topic === 'rights' && this.#options.shape === 'column' ? 0 : this.#offered
        await this.#give(topic, isInput ? end : (this.#between[0] ?? 0), [])
      }
    }
    await this.process()
  }

  /** Whether a fact stands before the rows of its time. */
  get waits(): boolean {
    return this.#tasks.some(({ rowWait }) => (rowWait?.waiting ?? null) !== null)
  }

  get late(): number {
    return this.#dimensions.reduce((sum, { late }) => sum + late, this.#late)
  }

  get counts(): TaskContext['counts'] {
    return this.#context.counts
  }

  /** A process ends, and the next one goes on with its stores; what it had taken is committed. */
  async restart(): Promise<void> {
    await this.#drain(0)
    this.#offered = Math.max(0, this.#tasks[0].queues[0].taken)
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
    const { stages } = planOf(this.#pipeline)
    this.#context = taskContext(this.#pipeline, this.#codec, {
      ...lookedUpIn(dimensions),
      repartition: stages.flatMap(({ to }) =>
        to === null ? [] : [{ ...BETWEEN, topic: to.topic }],
      ),
      partitions: new Map([
        ['facts', 1],
        ['rights', 1],
      ]),
      elapsed: () => this.#elapsed,
    })
    this.#tasks = stages.map(({ joins }, stage) => {
      const pages = joins.length > 0 ? new PageStore(new Disk().open(), this.#codec.layout) : null
      return createTask(taskOf(stage, stages.length), pages, this.#context)
    })
    this.#tasks[0].queues[0].taken = this.#offered
  }

  async #drain(stage: number): Promise<void> {
    const { outputs = [], rejects = [] } = this.#tasks[stage].drain() ?? {}
    assert.equal(rejects.length, 0)
    const internal = this.#context.plan.stages[stage].to?.topic
    for (const batch of outputs) {
      const from = batch.topic === internal ? (this.#between[stage] ?? 0) : 0
      const { topic } = batch
      const bytes = Buffer.from(await batch.seal(-1n, -1, -1))
      batch.release()
      bytes.writeBigInt64BE(BigInt(from))
      const columns = await decodeRecordBatches(bytes, from, [])
      if (topic !== internal) {
        for (let i = 0; i < columns.length; i++) this.#written.push(recordAt(columns, i))
        continue
      }
      const end = columns.nextOffset
      this.#between[stage] = end
      const ends = { lastStableOffset: end, highWatermark: end }
      await this.#giveTo(topic, { topic, partition: 0, columns, ...ends })
    }
  }

  /** What has come out, as it was written. */
  get output(): readonly RecordBytes[] {
    return this.#written
  }

  /** By fact; each has come out once. @param records of `output` */
  found(records: readonly RecordBytes[]): Map<string, Found> {
    const found = new Map<string, Found>()
    for (const { value, headers } of records) {
      const { id, price, maker } = this.#output.decode(value!.subarray(FRAME.length))
      assert.ok(!found.has(String(id)), `the fact ${id} comes out twice`)
      const told = new Map(headers.map(([name, text]) => [String(name), String(text)]))
      const places = ['price', 'maker'].map((name) => told.get(`enricher.dimension.${name}`))
      found.set(String(id), {
        price: price as string | null,
        maker: maker as string | null,
        places,
      })
    }
    return found
  }

  async close(): Promise<void> {
    for (const { dimension } of this.#dimensions) await dimension.close()
  }
}

/** The maker of a price: one of a few. */
export const makerOf = (price: string | null): string => `m${(price?.length ?? 0) % 3}`
