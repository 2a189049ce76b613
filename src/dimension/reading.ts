import { setImmediate as nextTurn } from 'node:timers/promises'
import type { TopicPartition } from '../batch.ts'
import type { Fetched, Reader } from '../broker/port.ts'
import type { Extent } from './extent.ts'
import { type Mark, markOf } from './marks.ts'
import type { DimensionPorts } from './ports.ts'
import { ReadProgress } from './read-progress.ts'
import type { RowReader } from './row-reader.ts'

const QUEUE_BYTES = 16 * 1024 * 1024
/** Rows between two looks at the event loop. */
const TURN = 10_000

/** Where a reading goes on. */
export interface Start {
  readonly extent: Extent
  /** By partition. */
  readonly positions: readonly number[]
  /** See `ReadProgress`. */
  readonly currentAt: number
  readonly marks: readonly (Mark | null)[]
}

export interface ReadingEvents {
  /** An answer has come; its rows are not in the table yet. */
  onFetched(fetched: Fetched): void
  /** All rows of an answer are in the table. Awaited before those of the next one are. */
  onTaken(fetched: Fetched): Promise<void>
  /** A key lies on two partitions, and rows have no times: it goes no further. */
  onTimesNeeded(): void
  /** See `ReaderEvents`. */
  onError(error: unknown): void
}

/** One reading of a dimension's topic: from some offsets to its ends, and on behind them, until it is closed. */
export class Reading {
  readonly extent: Extent
  readonly progress: ReadProgress
  /** The record that was read last, by partition, where the topic has no id. */
  readonly marks: (Mark | null)[]
  readonly #ports: Pick<DimensionPorts, 'config' | 'codec' | 'onFatal' | 'room'>
  readonly #rows: RowReader
  readonly #events: ReadingEvents
  readonly #reader: Reader
  readonly #queue: Fetched[] = []
  #queuedBytes = 0
  #work: Promise<void> | undefined
  #closed = false

  constructor(ports: DimensionPorts, rows: RowReader, start: Start, events: ReadingEvents) {
    const { extent, positions, currentAt, marks } = start
    this.extent = extent
    this.progress = new ReadProgress(positions, extent.ends, currentAt, extent.asked)
    this.marks = positions.map((_, partition) => marks[partition] ?? null)
    this.#ports = ports
    this.#rows = rows
    this.#events = events
    this.#reader = ports.createReader({
      onFetched: (fetched) => this.#fetched(fetched),
      onError: (_partition, error) => {
        if (!this.#closed) events.onError(error)
      },
      onUnknownTopic: ports.onUnknownTopic,
    })
  }

  /** How many are read. */
  get partitions(): number {
    return this.marks.length
  }

  get isClosed(): boolean {
    return this.#closed
  }

  begin(): void {
    for (const [partition, offset] of this.progress.positions.entries()) {
      this.#reader.add(this.#place(partition), offset, this.extent.id)
    }
  }

  /** The partitions that have come since, from their heads. */
  addPartitions({ heads, asked }: Extent): void {
    for (let partition = this.partitions; partition < heads.length; partition++) {
      this.progress.add(heads[partition], asked)
      this.marks.push(null)
      this.#reader.add(this.#place(partition), heads[partition], this.extent.id)
    }
  }

  /** Resolves when no row comes any more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#queue.length = 0
    await this.#reader.close()
    await this.#work
  }

  #place(partition: number): TopicPartition {
    return { topic: this.#ports.config.topic, partition }
  }

  #fetched(fetched: Fetched): void {
    if (this.#closed) return
    this.#events.onFetched(fetched)
    this.#queue.push(fetched)
    this.#queuedBytes += fetched.columns.buffer.length
    if (this.#queuedBytes > QUEUE_BYTES) this.#eachPartition((place) => this.#reader.pause(place))
    this.#work ??= this.#drain()
      .catch(this.#ports.onFatal)
      .finally(() => {
        this.#work = undefined
      })
  }

  #eachPartition(act: (place: TopicPartition) => void): void {
    for (let partition = 0; partition < this.partitions; partition++) act(this.#place(partition))
  }

  async #drain(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const { columns } = next
      if (!(await this.#apply(next))) return
      this.#queuedBytes -= columns.buffer.length
      this.progress.took(next)
      await this.#events.onTaken(next)
      columns.release?.()
      if (this.#queue.length === 0 && !this.#closed)
        this.#eachPartition((place) => this.#reader.resume(place))
    }
  }

  /** False: it has ended before the last row, so that the batch has to be read again. */
  async #apply({ columns, partition }: Fetched): Promise<boolean> {
    if (columns.length === 0) return true
    for (let i = 0; i < columns.length; i++) {
      for (;;) {
        const applied = this.#rows.apply(columns, partition, i)
        if (applied === 'done') break
        if (applied === 'times needed') {
          this.#events.onTimesNeeded()
          return false
        }
        await this.#rows.load(columns, i)
        if (this.#closed) return false
      }
      if (i % TURN === TURN - 1) {
        await this.#ports.room()
        await nextTurn()
      }
    }
    if (this.extent.id === null) this.marks[partition] = markOf(columns, columns.length - 1)
    await nextTurn()
    return true
  }
}
