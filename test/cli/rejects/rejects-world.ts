/** A Kafka in memory with inputs and a rejects topic, and retries that run on it, die in it, or get in each other's way. */
import type { RecordBytes } from '../../../src/batch.ts'
import { lastRanges, readTopic, type TopicRecord } from '../../../src/broker/read-topic.ts'
import { Fates } from '../../../src/cli/rejects/fates.ts'
import { PutBack } from '../../../src/cli/rejects/put-back.ts'
import { type Selection, selector } from '../../../src/cli/rejects/selection.ts'
import type { Pipeline } from '../../../src/config/pipeline.ts'
import { MemoryKafka } from '../../support/memory-broker.ts'

/** Of records in their topics. */
export const THEN = Date.UTC(2026, 0, 1)
/** Of their rejects. */
const LATER = THEN + 1000
export const PARTITIONS = 2

export interface GivenReject {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly reason: string
  readonly key: string | null
  readonly value: string | null
  readonly timestamp?: number
  readonly headers?: RecordBytes['headers']
  readonly omitted?: string
}

export interface RunOptions extends Selection {
  readonly limit?: number
  readonly isDry?: boolean
  readonly isForced?: boolean
}

export interface HeldRetry {
  /** Resolves when it stands still; false: it has come to its end before. */
  readonly isHeld: Promise<boolean>
  goOn(): void
  readonly ended: Promise<PutBack>
}

const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text))

export class RejectsWorld {
  readonly kafka = new MemoryKafka()
  readonly pipeline: Pipeline
  readonly rejects: string
  #clients = 0

  /** @param config by topic. */
  private constructor(pipeline: Pipeline) {
    this.pipeline = pipeline
    this.rejects = pipeline.output.rejects
  }

  static async create(
    pipeline: Pipeline,
    config: Readonly<Record<string, Record<string, string>>> = {},
  ): Promise<RejectsWorld> {
    const world = new RejectsWorld(pipeline)
    const topics = ['orders', 'payments', 'customers', world.rejects]
    await world.kafka.client('test').admin.createTopics(
      topics.map((topic) => ({
        topic,
        partitions: PARTITIONS,
        config: { 'retention.ms': '-1', ...config[topic] },
      })),
    )
    return world
  }

  /** A record of an input. */
  async put(topic: string, partition: number, key: string | null, value: string | null, at = THEN) {
    const record = { key: bytes(key), value: bytes(value), headers: [], timestamp: at }
    await this.kafka.append({ topic, partition }, [record])
  }

  async reject(...given: readonly GivenReject[]): Promise<void> {
    for (const one of given) {
      const { topic, partition, offset, reason, timestamp = THEN, omitted, headers = [] } = one
      const said = { topic, partition, offset, timestamp, stage: 'decode', reason, error: 'why' }
      const own = Object.entries(omitted === undefined ? said : { ...said, omitted })
      await this.kafka.append({ topic: this.rejects, partition: Math.max(0, partition) }, [
        {
          key: bytes(one.key),
          value: bytes(one.value),
          timestamp: LATER,
          headers: [
            ...headers,
            ...own.map(([name, text]) => [`enricher.${name}`, Buffer.from(String(text))] as const),
          ],
        },
      ])
    }
  }

  /** A retry to its end. @param clientId that it has, for what happens on its way */
  async retry(
    {
      limit = Number.POSITIVE_INFINITY,
      isDry = false,
      isForced = false,
      ...which
    }: RunOptions = {},
    clientId = `retry-${++this.#clients}`,
  ): Promise<PutBack> {
    const broker = this.kafka.client(clientId)
    const fates = await Fates.create(broker, this.pipeline, isForced)
    const { rejects } = this
    const { since } = which
    const isStopped = (): boolean => false
    const options = { rejects, since, isWanted: selector(which), limit, fates, isDry, isStopped }
    const putBack = new PutBack(broker, options)
    await putBack.run()
    return putBack
  }

  /** A retry that stands still at its `step`th request or answer. */
  held(step: number, options: RunOptions = {}): HeldRetry {
    const clientId = `held-${++this.#clients}`
    let steps = 0
    let goOn: () => void = () => {}
    const released = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const isHeld = new Promise<true>((resolve) => {
      this.kafka.accompany(clientId, () => {
        if (++steps < step) return Promise.resolve()
        resolve(true)
        return released
      })
    })
    const ended = this.retry(options, clientId)
    // Nobody may wait for it: what gets no answer gives up in the end.
    ended.catch(() => {})
    return { isHeld: Promise.race([isHeld, ended.then(() => false)]), goOn, ended }
  }

  /** A retry that dies at its `step`th request or answer. @returns whether it did; else it has come to its end before */
  retryDyingAt(step: number, options: RunOptions = {}): Promise<boolean> {
    return this.held(step, options).isHeld
  }

  /** Markers come after the answer to a commit; those of whoever has died do not come. */
  async #settled(topic: string): Promise<void> {
    for (let turns = 0; turns < 50; turns++) {
      const logs = this.kafka.topics.get(topic).partitions
      if (logs.every(({ end, stable }) => end === stable)) return
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** The committed records of a topic, in each partition's order. */
  async committed(topic: string): Promise<TopicRecord[]> {
    const broker = this.kafka.client('test')
    const found: TopicRecord[] = []
    if (!(await broker.admin.describeTopics([topic])).has(topic)) return found
    await this.#settled(topic)
    const ranges = await lastRanges(broker, topic, Number.POSITIVE_INFINITY)
    await readTopic(broker, topic, ranges, (record) => found.push(record))
    return found
  }

  /** The values of records that a retry has put back, sorted. */
  async returned(topic: string): Promise<string[]> {
    const records = await this.committed(topic)
    const back = records.filter(({ headers }) =>
      headers.some(([name]) => name === 'enricher.retry'),
    )
    return back.map(({ value }) => String(value)).sort()
  }
}

/** What stays, and how many of each. */
export function leftOf({ left }: PutBack): Record<string, number> {
  const found: Record<string, number> = {}
  for (const { kind, count } of left.all) found[kind] = (found[kind] ?? 0) + count
  return found
}
