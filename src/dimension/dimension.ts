import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RecordColumns, RejectReason } from '../batch.ts'
import type { Admin, Fetched, Reader, ReaderEvents } from '../broker/port.ts'
import { bytesOf } from '../bytes.ts'
import type { KeyReader, TopicCodec } from '../codec/port.ts'
import type { DimensionConfig } from '../config/pipeline.ts'
import type { Log } from '../events.ts'
import type { Store } from '../level.ts'
import { DimensionStore } from './dimension-store.ts'
import { DimensionTable, LARGEST_ROW } from './table.ts'

export interface DimensionPorts {
  readonly config: DimensionConfig
  readonly codec: TopicCodec
  readonly key: KeyReader
  readonly layout: string
  readonly store: Store
  readonly admin: Admin
  createReader(events: ReaderEvents): Reader
  onReject(
    columns: RecordColumns,
    i: number,
    partition: number,
    reason: RejectReason,
    error: string,
  ): void
  /**
   * Awaited after each fetched batch, so that rejects do not pile up.
   * @param all the store is about to be written up to here: what was rejected must not be lost any more
   */
  room(all: boolean): Promise<void>
  /** Called before the table takes memory, with its bytes; throws where there must not be more. */
  claim(bytes: number): void
  onFatal(error: unknown): void
  readonly log: Log
}

/** Kafka's default of delete.retention.ms. */
const DAY_MS = 86_400_000
const FLUSH_MS = 1000
const FLUSH_BYTES = 32 * 1024 * 1024
const QUEUE_BYTES = 16 * 1024 * 1024
/** Rows between two looks at the event loop. */
const TURN = 10_000

/**
 * A dimension, whole, in memory: loaded from its store, read to the end offsets taken at the start
 * (the position counts, for transaction markers and compaction leave gaps), then followed.
 */
export class Dimension {
  readonly table: DimensionTable
  /** Of the bootstrap under way, or the last one. */
  ready: Promise<void>
  readonly #ports: DimensionPorts
  readonly #store: DimensionStore
  readonly #queue: Fetched[] = []
  #queuedBytes = 0
  #reader: Reader | undefined
  #positions: number[] = []
  #ends: number[] = []
  #row = bytesOf(Buffer.allocUnsafe(1024))
  #work: Promise<void> | undefined
  #dirty = false
  #flushed = Date.now()
  #isReady = false
  /** Last stable offsets as of the last answers, by partition. */
  #stable: number[] = []
  #closed = false
  /** The latest timestamp of a record, in ms: how fresh the rows are. 0 before the first. */
  lastUpdateMs = 0
  /** When the bootstrap began, and the offsets that it had before it. */
  begunMs = Date.now()
  total = 0
  /** By partition: when its end was last seen to have been reached (Unix ms). */
  #currentAt: number[] = []
  /** Read from the topic since the start; bytes are of record batches, decompressed. */
  readonly read = { records: 0, bytes: 0 }
  /** The same, as it was when all was read that had been there at the start. */
  restored = { records: 0, bytes: 0, ms: 0 }
  readonly #begun = performance.now()
  #resolveReady: () => void = () => {}

  constructor(ports: DimensionPorts) {
    this.#ports = ports
    this.table = new DimensionTable(undefined, ports.claim)
    this.#store = new DimensionStore(ports.store)
    this.ready = this.#untilReady()
  }

  #untilReady(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolveReady = resolve
    })
  }

  /** Loads the store and starts to read; `ready` tells when the end has been reached. */
  async start(): Promise<void> {
    const { admin, config, createReader, onFatal } = this.#ports
    const { topic } = config
    const asked = Date.now()
    const [ends, heads, described] = await Promise.all([
      admin.offsets(topic, 'stable'),
      admin.offsets(topic, 'earliest'),
      admin.describeTopics([topic]),
    ])
    const keepMs = Number(described.get(topic)?.config.get('delete.retention.ms') ?? DAY_MS)
    const count = ends.size
    this.#ends = Array.from({ length: count }, (_, p) => ends.get(p) ?? 0)
    const first = Array.from({ length: count }, (_, p) => heads.get(p) ?? 0)
    this.#positions = (await this.#loadStore(first, keepMs)) ?? first
    // Once it is ready it has all that was there when the ends were asked for.
    this.#currentAt = this.#positions.map(() => asked)
    this.begunMs = Date.now()
    this.total = this.remaining
    this.#stable = [...this.#ends]
    this.#reader = createReader({
      onFetched: (fetched) => this.#fetched(fetched),
      onError: (_partition, error) => onFatal(error),
    })
    this.#checkReady()
    for (const [partition, offset] of this.#positions.entries()) {
      this.#reader.add({ topic, partition }, offset)
    }
  }

  get topic(): string {
    return this.#ports.config.topic
  }

  /** Offsets that were there at the start and have not been read yet. */
  get remaining(): number {
    return this.remainingByPartition.reduce((sum, offsets) => sum + offsets, 0)
  }

  /** Offsets between what was read and what was there at the last look. */
  get lag(): number {
    return this.#stable.reduce((sum, end, p) => sum + Math.max(0, end - this.#positions[p]), 0)
  }

  /** Offsets that were there at the start and have not been read yet, by partition. */
  get remainingByPartition(): number[] {
    return this.#ends.map((end, p) => Math.max(0, end - this.#positions[p]))
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** The next offsets to read, by partition: rows before them are in the table. */
  get positions(): readonly number[] {
    return this.#positions
  }

  /** How long ago the table, once ready, is known to have had all that was in the topic, in ms. */
  get stalenessMs(): number {
    return this.#currentAt.length === 0 ? 0 : Date.now() - Math.min(...this.#currentAt)
  }

  /** Empties table and store and reads the topic again. Look-ups would miss until it resolves. */
  async rebuild(): Promise<void> {
    this.#isReady = false
    this.ready = this.#untilReady()
    await this.#reader?.close()
    this.#queue.length = 0
    await this.#work
    this.#queuedBytes = 0
    if (this.#closed) return
    this.table.clear()
    await this.#store.clear()
    await this.start()
    await this.ready
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#reader?.close()
    await this.#work
    // Also where no row has come: the checkpoint says when all deletions were seen.
    if (this.#isReady) await this.#flush()
    await this.#store.close()
  }

  /** undefined: nothing usable is stored, the topic is to be read from its head. */
  async #loadStore(first: readonly number[], keepMs: number): Promise<number[] | undefined> {
    const { config, layout, log } = this.#ports
    const checkpoint = await this.#store.checkpoint()
    if (checkpoint === undefined) {
      await this.#store.clear()
      return undefined
    }
    const fits =
      checkpoint.layout === layout &&
      checkpoint.offsets.length === first.length &&
      Date.now() - checkpoint.writtenAt < keepMs &&
      checkpoint.offsets.every((offset, p) => offset >= first[p] && offset <= this.#ends[p])
    if (fits && (await this.#store.load(this.table))) {
      this.lastUpdateMs = checkpoint.lastUpdateMs ?? 0
      return [...checkpoint.offsets]
    }
    log.event('dimension_store_unusable', { dimension: config.name })
    this.table.clear()
    await this.#store.clear()
    return undefined
  }

  #fetched(fetched: Fetched): void {
    this.#queue.push(fetched)
    this.#queuedBytes += fetched.columns.buffer.length
    if (this.#queuedBytes > QUEUE_BYTES)
      this.#eachPartition((partition) => this.#reader!.pause(partition))
    this.#work ??= this.#drain()
      .catch(this.#ports.onFatal)
      .finally(() => {
        this.#work = undefined
      })
  }

  #eachPartition(act: (partition: { topic: string; partition: number }) => void): void {
    const { topic } = this.#ports.config
    this.#positions.forEach((_, partition) => {
      act({ topic, partition })
    })
  }

  async #drain(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (!(await this.#apply(next))) return
      this.#queuedBytes -= next.columns.buffer.length
      this.#positions[next.partition] = next.columns.nextOffset
      if (next.columns.nextOffset >= next.lastStableOffset) {
        this.#currentAt[next.partition] = Date.now()
      }
      this.#stable[next.partition] = next.lastStableOffset
      this.read.records += next.columns.length
      this.read.bytes += next.columns.buffer.length
      next.columns.release?.()
      this.#checkReady()
      const due = Date.now() - this.#flushed > FLUSH_MS && this.#isReady
      const flushes = this.#dirty && (due || this.#store.pendingBytes > FLUSH_BYTES)
      await this.#ports.room(flushes)
      if (flushes) await this.#flush()
      if (this.#queue.length === 0 && !this.#closed)
        this.#eachPartition((p) => this.#reader!.resume(p))
    }
  }

  #checkReady(): void {
    if (this.#isReady || this.remaining > 0) return
    this.#isReady = true
    this.restored = { ...this.read, ms: performance.now() - this.#begun }
    this.#resolveReady()
  }

  /** False: closed before the last row, so that the batch has to be read again. */
  async #apply({ columns, partition }: Fetched): Promise<boolean> {
    const { codec } = this.#ports
    if (columns.length === 0) return true
    for (let i = 0; i < columns.length; i++) {
      while (!this.#applyRow(columns, partition, i)) {
        await codec.load(columns.buffer, columns.valueStarts[i])
        if (this.#closed) return false
      }
      if (i % TURN === TURN - 1) await nextTurn()
    }
    this.#dirty = true
    for (let i = 0; i < columns.length; i++) {
      if (columns.timestamps[i] > this.lastUpdateMs) this.lastUpdateMs = columns.timestamps[i]
    }
    await nextTurn()
    return true
  }

  /** False: the row's schema has to be loaded first. */
  #applyRow(columns: RecordColumns, partition: number, i: number): boolean {
    const { codec, key, onReject } = this.#ports
    const { buffer, keyStarts, keyEnds, valueStarts, valueEnds } = columns
    const reject = (reason: RejectReason, error: string): true => {
      onReject(columns, i, partition, reason, error)
      return true
    }
    if (keyEnds[i] < 0) return reject('null_key', 'The record has no key')
    if (!key.read(buffer, keyStarts[i], keyEnds[i])) {
      return reject('bad_key', 'The key is not in the key format that the pipeline file names')
    }
    if (valueEnds[i] < 0) {
      this.table.delete(key.buffer, key.start, key.end)
      this.#store.delete(key.buffer, key.start, key.end)
      return true
    }
    const value = codec.reader(buffer, valueStarts[i], valueEnds[i])
    if (value === null) return false
    if (typeof value === 'string') return reject(value, codec.fault)
    const fault = value.read(0, buffer, valueStarts[i], valueEnds[i])
    if (fault !== null) return reject(fault, value.fault)
    value.select(0)
    const bytes = key.end - key.start + value.projectedBytes
    if (bytes > LARGEST_ROW) {
      return reject('too_large', `The row has ${bytes} bytes; ${LARGEST_ROW} are possible`)
    }
    if (value.projectedBytes > this.#row.length)
      this.#row = bytesOf(Buffer.allocUnsafe(value.projectedBytes * 2))
    const end = value.project(this.#row, 0)
    this.table.put(key.buffer, key.start, key.end, this.#row, 0, end)
    this.#store.put(key.buffer, key.start, key.end, this.#row, 0, end)
    return true
  }

  async #flush(): Promise<void> {
    this.#dirty = false
    this.#flushed = Date.now()
    const { layout } = this.#ports
    const { lastUpdateMs } = this
    const offsets = [...this.#positions]
    const checkpoint = { layout, offsets, writtenAt: Date.now(), lastUpdateMs }
    await this.#store.flush(checkpoint, this.table)
  }
}
