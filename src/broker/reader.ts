import { setTimeout as sleep } from 'node:timers/promises'
import type { TopicPartition } from '../batch.ts'
import { EnricherError, messageOf } from '../errors.ts'
import type { Log } from '../events.ts'
import { Outage } from '../retry/outage.ts'
import { pause } from '../retry/retry.ts'
import { errorOfCode } from './broker-errors.ts'
import { releaseBuffer } from './buffer-pool.ts'
import type { ColumnArrays } from './column-arrays.ts'
import { type FetchedPartition, fetchRequest } from './fetch-request.ts'
import type { BrokerNode, Cluster } from './kafkajs.ts'
import type { Reader, ReaderEvents, ReaderOptions } from './port.ts'
import { decodeRecordBatches } from './record-columns.ts'
import { isRefused, refusal } from './refusal.ts'
import { addTopics } from './target-topics.ts'
import { asError } from './topic-arrays.ts'

/** The leader of a partition, as metadata have it, while one is elected. */
const NO_LEADER = -1
/** An answer of a few records costs as much as one of thousands: after a small one more may gather. */
const SMALL_BYTES = 256 * 1024
const GATHER_MS = 5
/** The wait after a poll that has failed. */
const AGAIN_MS = 250

interface Position extends TopicPartition {
  offset: number
  paused: boolean
  readonly topicId: string | null
}

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`

/** What an answer has of a partition. */
interface Decoded {
  readonly answer: FetchedPartition
  readonly position: Position
  readonly columns: ColumnArrays
}

/** Reads partitions over a cluster connection of its own, with one long poll per leader at a time. */
export class ClusterReader implements Reader {
  readonly #cluster: Cluster
  readonly #options: ReaderOptions
  readonly #events: ReaderEvents
  readonly #outage: Outage
  readonly #positions = new Map<string, Position>()
  readonly #polling = new Set<number>()
  readonly #topics = new Set<string>()
  readonly #closed = new AbortController()
  #scheduled = false

  constructor(cluster: Cluster, options: ReaderOptions, events: ReaderEvents, log: Log) {
    this.#cluster = cluster
    this.#options = options
    this.#events = events
    this.#outage = new Outage(log, 'Fetching')
  }

  add(partition: TopicPartition, offset: number, topicId: string | null = null): void {
    const { topic, partition: number } = partition
    const position = { topic, partition: number, offset, paused: false, topicId }
    this.#positions.set(keyOf(partition), position)
    this.#schedule()
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
    this.#schedule()
  }

  async close(): Promise<void> {
    this.#closed.abort()
    this.#positions.clear()
    // The end is not waited for: it comes with the poll under way, whose answer nobody wants any more.
    void this.#cluster.disconnect().catch(() => {})
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed.signal.aborted) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      void this.#poll()
    })
  }

  /** Starts a poll for every leader that has something to read and no poll under way. */
  async #poll(): Promise<void> {
    if (this.#closed.signal.aborted) return
    try {
      await this.#learnTopics()
      const leaders = this.#byLeader()
      const leaderless = leaders.get(NO_LEADER)
      leaders.delete(NO_LEADER)
      for (const [leader, positions] of leaders) {
        if (this.#polling.has(leader)) continue
        this.#polling.add(leader)
        void this.#pollLeader(leader, positions)
      }
      if (leaderless !== undefined) throw new Error(`No leader for ${keyOf(leaderless[0])}`)
    } catch (error) {
      if (isRefused(error)) {
        const { topic } = error as { topic?: string }
        for (const position of [...this.#positions.values()]) {
          if (topic === undefined || topic === position.topic) this.#refused(position, error)
        }
      }
      await this.#backOff(error)
      this.#schedule()
    }
  }

  async #learnTopics(): Promise<void> {
    const unknown = [...this.#positions.values()].some(({ topic }) => !this.#topics.has(topic))
    if (!unknown) return
    await this.#cluster.connect()
    const topics = [...new Set([...this.#positions.values()].map(({ topic }) => topic))]
    await addTopics(this.#cluster, topics)
    for (const topic of topics) this.#topics.add(topic)
  }

  #byLeader(): Map<number, Position[]> {
    const leaders = new Map<number, Position[]>()
    for (const position of this.#positions.values()) {
      if (position.paused) continue
      const leader =
        this.#cluster
          .findTopicPartitionMetadata(position.topic)
          .find(({ partitionId }) => partitionId === position.partition)?.leader ?? NO_LEADER
      const list = leaders.get(leader)
      if (list === undefined) leaders.set(leader, [position])
      else list.push(position)
    }
    return leaders
  }

  async #pollLeader(leader: number, positions: readonly Position[]): Promise<void> {
    try {
      const node: BrokerNode = await this.#cluster.findBroker({ nodeId: leader })
      const answers = await node.connectionPool.send(
        fetchRequest(node, shuffled(positions), this.#options),
      )
      this.#outage.over()
      const byKey = new Map(positions.map((position) => [keyOf(position), position]))
      const lease = new FrameLease(answers.find(({ records }) => records.length > 0)?.records)
      await this.#deliver(answers, byKey, lease)
      const bytes = answers.reduce((sum, { records }) => sum + records.length, 0)
      if (bytes > 0 && bytes < SMALL_BYTES) await sleep(this.#options.gatherMs?.() ?? GATHER_MS)
    } catch (error) {
      await this.#backOff(error)
    } finally {
      this.#polling.delete(leader)
      this.#schedule()
    }
  }

  /**
   * All at once, when all are decoded: one that was told of alone could be worked off before what the broker had had
   * of the others when it answered, and these would be late.
   */
  async #deliver(
    answers: readonly FetchedPartition[],
    byKey: ReadonlyMap<string, Position>,
    lease: FrameLease,
  ): Promise<void> {
    const decoded: Decoded[] = []
    let fault: unknown
    for (const answer of answers) {
      const position = byKey.get(keyOf(answer))!
      try {
        const columns = await this.#decode(answer, position)
        if (columns !== undefined) decoded.push({ answer, position, columns })
      } catch (error) {
        fault = error
      }
    }
    for (const one of decoded) this.#tell(one, lease)
    lease.release()
    if (fault !== undefined) throw fault
  }

  /** A position may be removed, or moved by another `add`, while the fetch is under way. */
  #isCurrent(position: Position): boolean {
    return this.#positions.get(keyOf(position)) === position
  }

  /** @returns undefined where there is nothing to tell. Throws what a later poll may cure. */
  async #decode(answer: FetchedPartition, position: Position): Promise<ColumnArrays | undefined> {
    if (!this.#isCurrent(position)) return undefined
    const { errorCode, records, aborted } = answer
    if (errorCode !== 0) {
      this.#answered(errorCode, position)
      return undefined
    }
    const { topic, partition, offset } = position
    try {
      return await decodeRecordBatches(records, offset, aborted)
    } catch (cause) {
      const message = `${topic}-${partition}: ${messageOf(cause)}`
      const fields = { topic, partition, offset }
      this.#fail(position, new EnricherError('CORRUPT_BATCH', message, { cause, fields }))
      return undefined
    }
  }

  #tell({ answer, position, columns }: Decoded, lease: FrameLease): void {
    if (!this.#isCurrent(position)) return
    const { highWatermark, lastStableOffset } = answer
    const { topic, partition } = position
    position.offset = columns.nextOffset
    lease.hold(columns)
    try {
      this.#events.onFetched({ topic, partition, columns, highWatermark, lastStableOffset })
    } catch (error) {
      this.#fail(position, error)
    }
  }

  /** Judges a partition's error. Throws what a later poll may cure. */
  #answered(errorCode: number, position: Position): void {
    const { topic, partition, offset } = position
    const { name, meaning } = errorOfCode(errorCode)
    switch (name) {
      case 'OFFSET_OUT_OF_RANGE': {
        const message = `The offset ${offset} of ${topic}-${partition} is no longer there`
        const fields = { topic, partition }
        this.#fail(position, new EnricherError('OFFSET_OUT_OF_RANGE', message, { fields }))
        return
      }
      case 'UNKNOWN_TOPIC_OR_PARTITION':
      case 'UNKNOWN_TOPIC_ID':
      case 'INCONSISTENT_TOPIC_ID':
        this.#events.onUnknownTopic?.(topic)
        throw new Error(`The broker does not know the topic ${topic}, or not as it was`)
    }
    const error = asError(errorCode, topic)
    if (meaning !== 'refused') throw error
    this.#refused(position, error)
  }

  /** A right that was taken away does not come back by itself. */
  #refused(position: Position, error: unknown): void {
    this.#fail(position, refusal(error, { topic: position.topic, operation: 'Read' }))
  }

  #fail(position: Position, error: unknown): void {
    this.remove(position)
    this.#events.onError(position, error)
  }

  /** A leader has moved or a connection has broken: ask for metadata again, after a moment. */
  async #backOff(error: unknown): Promise<void> {
    const { signal } = this.#closed
    if (signal.aborted) return
    this.#outage.failed(error)
    await pause(AGAIN_MS, signal)
    if (!signal.aborted) await this.#cluster.refreshMetadata().catch(() => {})
  }
}

/** The positions, in a different order each time, so that no partition is always last when an answer is full (KIP-74). */
function shuffled(positions: readonly Position[]): Position[] {
  const cut = Math.floor(Math.random() * positions.length)
  return [...positions.slice(cut), ...positions.slice(0, cut)]
}

/** One answer's memory, which all its partitions' columns lie over; it is used again once the last has let go. */
class FrameLease {
  readonly #answer: Buffer | undefined
  #holders = 1

  /** @param answer any part of the answer */
  constructor(answer: Buffer | undefined) {
    this.#answer = answer
  }

  hold(columns: ColumnArrays): void {
    // Records that were decompressed lie elsewhere.
    if (columns.buffer.buffer !== this.#answer?.buffer) return
    this.#holders++
    columns.onRelease = () => this.release()
  }

  release(): void {
    if (--this.#holders === 0 && this.#answer !== undefined) releaseBuffer(this.#answer)
  }
}
