/** What the contract's tests need: clients of one Kafka, topics of their own, and readers that note what they are told. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordBytes } from '../../../src/batch.ts'
import type { Broker, Fetched, Reader, TransactionalProducer } from '../../../src/broker/port.ts'
import { RecordBatchWriter } from '../../../src/broker/record-batch-writer.ts'
import { recordAt } from '../../../src/broker/record-columns.ts'
import type { Compression } from '../../../src/config/pipeline.ts'
import { codeOf, messageOf } from '../../../src/errors.ts'

export interface ContractKafka {
  /** One that is connected, as of a process of its own. */
  client(): Promise<Broker>
  /** Time passes for sessions, rebalances and transactions. */
  elapse(ms: number): Promise<void>
}

export type OpenKafka = () => Promise<ContractKafka>

/** What is not there after so many looks is not coming. */
const LOOKS = 1500
/** Kafka's clock moves by so many ms with each. */
const LOOK_MS = 20

export const LIMITS = {
  maxBytesPerPartition: 1 << 20,
  maxBytes: 4 << 20,
  minBytes: 1,
  maxWaitMs: 50,
  gatherMs: () => 1,
}

/** A test on a Kafka, with topics, groups and transactional ids of its own. */
export function onKafka(
  name: string,
  open: OpenKafka,
  body: (setting: Setting) => Promise<void>,
): void {
  test(name, async (t) => body(new Setting(await open(), t)))
}

export class Setting {
  readonly kafka: ContractKafka
  readonly #t: TestContext
  readonly #tag = randomUUID().slice(0, 8)
  #names = 0
  #shared: Promise<Broker> | undefined

  constructor(kafka: ContractKafka, t: TestContext) {
    this.kafka = kafka
    this.#t = t
  }

  /** That no other test has. */
  name(what: string): string {
    return `${what}-${this.#tag}-${++this.#names}`
  }

  /** Closed with the test, after what was opened on it. */
  async client(): Promise<Broker> {
    const broker = await this.kafka.client()
    this.after(() => broker.close())
    return broker
  }

  /** For what may be anybody's. */
  broker(): Promise<Broker> {
    this.#shared ??= this.client()
    return this.#shared
  }

  after(close: () => Promise<void>): void {
    this.#t.after(close)
  }

  async topic(partitions = 1, config: Record<string, string> = {}): Promise<string> {
    const topic = this.name('topic')
    const { admin } = await this.broker()
    await admin.createTopics([{ topic, partitions, config: { 'retention.ms': '-1', ...config } }])
    return topic
  }

  async producer(
    transactionalId = this.name('producer'),
    timeoutMs = 10_000,
  ): Promise<TransactionalProducer> {
    const producer = (await this.broker()).producer({ transactionalId, timeoutMs })
    this.after(() => producer.close())
    await producer.init()
    return producer
  }

  /** A transaction of one batch, that is committed. */
  async put(topic: string, ...values: string[]): Promise<void> {
    const producer = await this.producer()
    producer.begin()
    await producer.send([batch(topic, values)])
    await producer.commit()
    await this.settled(topic)
  }

  /** No transaction is open on the topic, and all markers are there. */
  async settled(topic: string): Promise<void> {
    await this.eventually('no transaction is open', async () => {
      const [stable, latest] = [await this.ends(topic, 'stable'), await this.ends(topic, 'latest')]
      return stable.join() === latest.join()
    })
  }

  async ends(topic: string, at: 'earliest' | 'stable' | 'latest'): Promise<number[]> {
    const { admin } = await this.broker()
    const offsets = await admin.offsets(topic, at)
    return [...offsets].sort(([a], [b]) => a - b).map(([, offset]) => offset)
  }

  async read(topic: string, from = 0, options: Partial<ReadingOptions> = {}): Promise<Reading> {
    const reading = new Reading(this, await this.broker(), options)
    this.after(() => reading.reader.close())
    reading.reader.add({ topic, partition: 0 }, from, options.topicId)
    return reading
  }

  async eventually(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    for (let looks = 0; !(await isSo()); looks++) {
      assert.ok(looks < LOOKS, `Not so: ${what}`)
      await this.kafka.elapse(LOOK_MS)
      await sleep(1)
    }
  }
}

export interface ReadingOptions {
  readonly topicId: string | null | undefined
  readonly maxBytesPerPartition: number
  /** Called with each answer, after it was noted. */
  readonly onFetched: (fetched: Fetched) => void
}

/** A reader, and what it was told. */
export class Reading {
  readonly reader: Reader
  readonly records: (RecordBytes & { readonly offset: number; readonly timestamp: number })[] = []
  readonly answers: Pick<Fetched, 'topic' | 'partition' | 'highWatermark' | 'lastStableOffset'>[] =
    []
  readonly errors: string[] = []
  /** Of the last answer. */
  nextOffset = -1
  unknown = 0
  readonly #setting: Setting

  constructor(setting: Setting, broker: Broker, options: Partial<ReadingOptions>) {
    this.#setting = setting
    this.reader = broker.reader(
      { ...LIMITS, ...options },
      {
        onFetched: (fetched) => {
          this.#note(fetched)
          options.onFetched?.(fetched)
        },
        onError: (_partition, error) => this.errors.push(codeOf(error) ?? messageOf(error)),
        onUnknownTopic: () => {
          this.unknown++
        },
      },
    )
  }

  get values(): string[] {
    return this.records.map(({ value }) => String(value))
  }

  #note({ columns, ...answer }: Fetched): void {
    for (let i = 0; i < columns.length; i++) {
      const offset = columns.offsets[i]
      this.records.push({ ...recordAt(columns, i), offset, timestamp: columns.timestamps[i] })
    }
    this.nextOffset = columns.nextOffset
    this.answers.push(answer)
    columns.release?.()
  }

  /** Up to this offset. */
  reached(offset: number): Promise<void> {
    return this.#setting.eventually(`read to ${offset}`, () => this.nextOffset >= offset)
  }

  /** So many more answers have come. */
  async answered(more: number): Promise<void> {
    const count = this.answers.length + more
    await this.#setting.eventually('answered', () => this.answers.length >= count)
  }
}

export const TIME = Date.parse('2025-01-01T12:00:00Z')

export interface BatchOptions {
  readonly partition: number
  readonly timestamp: number
  readonly compression: Compression
}

/** A batch of a transaction, whose records have these values, and the first letter as key. */
export function batch(
  topic: string,
  values: readonly string[],
  options: Partial<BatchOptions> = {},
): RecordBatchWriter {
  const { partition = 0, timestamp = TIME, compression = 'none' } = options
  const writer = new RecordBatchWriter({ topic, partition, transactional: true, compression })
  for (const value of values) {
    const record = { key: Buffer.from(value.slice(0, 1)), value: Buffer.from(value), headers: [] }
    writer.recordOf(timestamp, record)
  }
  return writer
}

/** The code of the error that it is refused with. */
export async function refusedWith(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise
  } catch (error) {
    return codeOf(error) ?? messageOf(error)
  }
  return undefined
}
