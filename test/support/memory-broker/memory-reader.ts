/** Reads the logs of a broker in memory, read_committed, one fetch at a time for all partitions. */
import type { TopicPartition } from '../../../src/batch.ts'
import { brokerError } from '../../../src/broker/broker-errors.ts'
import type { Reader, ReaderEvents, ReaderOptions } from '../../../src/broker/port.ts'
import { decodeRecordBatches } from '../../../src/broker/record-columns.ts'
import { refusal } from '../../../src/broker/refusal.ts'
import { EnricherError, messageOf } from '../../../src/errors.ts'
import type { MemoryKafka } from '../memory-broker.ts'
import { Bell } from './bell.ts'
import { kafkaError } from './kafka-errors.ts'
import type { FetchedBytes } from './partition-log.ts'
import { soon } from './retries.ts'

interface Position extends TopicPartition {
  offset: number
  paused: boolean
  readonly topicId: string | null
  /** Where the partition ended, and was stable, at the last answer. */
  told: string
}

interface Answer extends FetchedBytes {
  readonly position: Position
  readonly lastStableOffset: number
  readonly highWatermark: number
  readonly error: unknown
}

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`
const NOTHING: FetchedBytes = { records: Buffer.alloc(0), aborted: [] }

export class MemoryReader implements Reader {
  readonly #kafka: MemoryKafka
  readonly #clientId: string
  readonly #options: ReaderOptions
  readonly #events: ReaderEvents
  readonly #positions = new Map<string, Position>()
  /** Topics that have been there: metadata are asked for all at once, and one that is missing holds up the others. */
  readonly #known = new Set<string>()
  readonly #bell = new Bell()
  readonly #onNews = (): void => this.#bell.ring()
  #closed = false

  constructor(kafka: MemoryKafka, clientId: string, options: ReaderOptions, events: ReaderEvents) {
    this.#kafka = kafka
    this.#clientId = clientId
    this.#options = options
    this.#events = events
    kafka.logListeners.add(this.#onNews)
    void this.#run()
  }

  add({ topic, partition }: TopicPartition, offset: number, topicId: string | null = null): void {
    const position = { topic, partition, offset, paused: false, topicId, told: '' }
    this.#positions.set(keyOf(position), position)
    this.#bell.ring()
  }

  remove(partition: TopicPartition): void {
    this.#positions.delete(keyOf(partition))
  }

  pause(partition: TopicPartition): void {
    const position = this.#positions.get(keyOf(partition))
    if (position !== undefined) position.paused = true
  }

  resume(partition: TopicPartition): void {
    const position = this.#positions.get(keyOf(partition))
    if (position === undefined) return
    position.paused = false
    this.#bell.ring()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#positions.clear()
    this.#kafka.logListeners.delete(this.#onNews)
    this.#bell.ring()
  }

  async #run(): Promise<void> {
    let answered = this.#now
    while (!this.#closed) {
      const asked = [...this.#positions.values()].filter(({ paused }) => !paused)
      const isLate = this.#now - answered >= this.#options.maxWaitMs
      const answers: Answer[] = asked.length === 0 ? [] : await this.#fetch(asked, isLate)
      // Told of at once, when all are decoded, as the broker's reader does.
      const decoded = await Promise.all(answers.map((answer) => this.#decode(answer)))
      for (const tell of decoded) tell?.()
      if (asked.length === 0 || answers.length > 0) answered = this.#now
      if (answers.length === 0) await this.#news(asked.length > 0)
    }
  }

  /** Of the clock on the wall and of the broker's: either lets a fetch wait too long. */
  get #now(): number {
    return performance.now() + this.#kafka.clock.now
  }

  /** @param isAsking whether a fetch waits, which is answered after a while also where there is none */
  async #news(isAsking: boolean): Promise<void> {
    const { maxWaitMs } = this.#options
    const timer = isAsking ? setTimeout(this.#onNews, maxWaitMs).unref() : undefined
    await this.#bell.heard()
    clearTimeout(timer)
  }

  async #fetch(asked: readonly Position[], isLate: boolean): Promise<Answer[]> {
    try {
      await this.#learnTopics(asked)
      return await this.#kafka.request(this.#clientId, 'Fetch', () => this.#answers(asked, isLate))
    } catch (error) {
      if (brokerError(error)?.meaning !== 'refused') {
        await soon()
        this.#bell.ring()
        return []
      }
      return asked.map((position) => failed(position, error))
    }
  }

  async #learnTopics(asked: readonly Position[]): Promise<void> {
    if (asked.every(({ topic }) => this.#known.has(topic))) return
    await this.#kafka.request(this.#clientId, 'Metadata', () => {
      for (const { topic } of asked) this.#kafka.topics.get(topic)
    })
    for (const { topic } of asked) this.#known.add(topic)
  }

  /** @param isLate also where there is nothing new */
  #answers(asked: readonly Position[], isLate: boolean): Answer[] {
    let left = this.#options.maxBytes
    const answers: Answer[] = []
    for (const position of asked) {
      const answer = this.#answerTo(position, left)
      left -= answer.records.length
      const isNew = answer.error !== undefined || answer.records.length > 0
      const ends = `${answer.lastStableOffset}/${answer.highWatermark}`
      if (isNew || isLate || ends !== position.told) answers.push(answer)
    }
    return answers
  }

  #answerTo(position: Position, left: number): Answer {
    const { topics } = this.#kafka
    try {
      const topic = topics.get(position.topic)
      if (position.topicId !== null && position.topicId !== topic.id) {
        throw kafkaError('UNKNOWN_TOPIC_ID', position.topic)
      }
      const log = topics.log(position)
      const maxBytes = Math.min(left, this.#options.maxBytesPerPartition)
      const { stable: lastStableOffset, end: highWatermark } = log
      // What no longer fits comes with the next answer.
      const bytes = maxBytes > 0 ? log.read(position.offset, maxBytes) : NOTHING
      return { ...bytes, position, lastStableOffset, highWatermark, error: undefined }
    } catch (error) {
      return failed(position, error)
    }
  }

  /** @returns tells of it; undefined where there is nothing to tell */
  async #decode(answer: Answer): Promise<(() => void) | undefined> {
    const { position, records, aborted, lastStableOffset, highWatermark, error } = answer
    // Removed, or moved by another `add`, while the answer was under way.
    const isCurrent = (): boolean => this.#positions.get(keyOf(position)) === position
    if (!isCurrent()) return undefined
    if (error !== undefined) {
      await this.#refused(position, error)
      return undefined
    }
    const { topic, partition } = position
    try {
      const columns = await decodeRecordBatches(records, position.offset, aborted)
      return () => {
        if (!isCurrent()) return
        position.offset = columns.nextOffset
        position.told = `${lastStableOffset}/${highWatermark}`
        try {
          this.#events.onFetched({ topic, partition, columns, lastStableOffset, highWatermark })
        } catch (fault) {
          this.#fail(position, fault)
        }
      }
    } catch (fault) {
      this.#fail(position, fault)
      return undefined
    }
  }

  async #refused(position: Position, error: unknown): Promise<void> {
    const { topic, partition, offset } = position
    const { name, meaning } = brokerError(error) ?? {}
    if (name === 'OFFSET_OUT_OF_RANGE') {
      const message = `The offset ${offset} of ${topic}-${partition} is no longer there`
      const fields = { topic, partition }
      this.#fail(position, new EnricherError('OFFSET_OUT_OF_RANGE', message, { fields }))
    } else if (meaning === 'refused') {
      this.#fail(position, refusal(error, { topic, operation: 'Read' }))
    } else if (meaning === 'again') {
      this.#events.onUnknownTopic?.(topic)
      await soon()
      this.#bell.ring()
    } else {
      throw new Error(`The log has failed: ${messageOf(error)}`)
    }
  }

  #fail(position: Position, error: unknown): void {
    this.remove(position)
    this.#events.onError(position, error)
  }
}

const failed = (position: Position, error: unknown): Answer => ({
  ...NOTHING,
  position,
  error,
  lastStableOffset: -1,
  highWatermark: -1,
})
