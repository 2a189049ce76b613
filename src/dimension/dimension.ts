import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Fetched, Reader } from '../broker/port.ts'
import { codeOf } from '../errors.ts'
import { asCorrupt } from '../level.ts'
import { DimensionStore, isUsable } from './dimension-store.ts'
import type { DimensionPorts } from './ports.ts'
import { ReadProgress } from './read-progress.ts'
import { RowReader } from './row-reader.ts'
import { DimensionTable } from './table.ts'

/** Kafka's default of delete.retention.ms. */
const DAY_MS = 86_400_000

/** What a dimension's topic held at a moment. */
export interface Extent {
  /** When it was asked for, in ms since 1970. */
  readonly asked: number
  readonly stable: ReadonlyMap<number, number>
  readonly heads: ReadonlyMap<number, number>
  /** How long tombstones stay in the topic. */
  readonly keepMs: number
}
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
  /** Of the bootstrap under way, or the last one, and of what followed. */
  progress = new ReadProgress([], [], Date.now())
  /** Resolves when that bootstrap has ended. */
  ready: Promise<void>
  readonly #ports: DimensionPorts
  readonly #store: DimensionStore
  readonly #rows: RowReader
  readonly #queue: Fetched[] = []
  #queuedBytes = 0
  #reader: Reader | undefined
  #work: Promise<void> | undefined
  #dirty = false
  #flushed = Date.now()
  #isReady = false
  #closed = false
  /** The latest timestamp of a record, in ms: how fresh the rows are. 0 before the first. */
  lastUpdateMs = 0
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
    this.#rows = new RowReader(ports, this.table, this.#store)
    this.ready = this.#untilReady()
  }

  #untilReady(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolveReady = resolve
    })
  }

  /** Asks what there is to read. Fails where no broker answers. */
  async look(): Promise<Extent> {
    const { topic } = this
    const { admin } = this.#ports
    const asked = Date.now()
    const [stable, heads, described] = await Promise.all([
      admin.offsets(topic, 'stable'),
      admin.offsets(topic, 'earliest'),
      admin.describeTopics([topic]),
    ])
    const keepMs = Number(described.get(topic)?.config.get('delete.retention.ms') ?? DAY_MS)
    return { asked, stable, heads, keepMs }
  }

  /** Loads the store and starts to read; `ready` tells when the end has been reached. */
  async start(extent?: Extent): Promise<void> {
    const { asked, stable, heads, keepMs } = extent ?? (await this.look())
    const { createReader, onFatal } = this.#ports
    const { topic } = this
    const count = stable.size
    const ends = Array.from({ length: count }, (_, p) => stable.get(p) ?? 0)
    const first = Array.from({ length: count }, (_, p) => heads.get(p) ?? 0)
    const positions = (await this.#loadStore(first, ends, keepMs)) ?? first
    this.progress = new ReadProgress(positions, ends, asked)
    this.#reader = createReader({
      onFetched: (fetched) => this.#fetched(fetched),
      onError: (_partition, error) => onFatal(error),
    })
    this.#checkReady()
    for (const [partition, offset] of positions.entries()) {
      this.#reader.add({ topic, partition }, offset)
    }
  }

  get topic(): string {
    return this.#ports.config.topic
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /**
   * Empties table and store and reads the topic again. Look-ups would miss until it resolves.
   * @param extent of `look`, which comes first: nothing is emptied that cannot be read again
   */
  async rebuild(extent: Extent): Promise<void> {
    this.#isReady = false
    this.ready = this.#untilReady()
    await this.#reader?.close()
    this.#queue.length = 0
    await this.#work
    this.#queuedBytes = 0
    if (this.#closed) return
    this.table.clear()
    await this.#store.clear()
    await this.start(extent)
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

  async #unlessDamaged<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read()
    } catch (error) {
      if (codeOf(asCorrupt(error)) !== 'STATE_CORRUPT') throw error
      return undefined
    }
  }

  /** undefined: nothing usable is stored, the topic is to be read from its head. */
  async #loadStore(
    first: readonly number[],
    ends: readonly number[],
    keepMs: number,
  ): Promise<readonly number[] | undefined> {
    const { config, layout, log } = this.#ports
    const checkpoint = await this.#unlessDamaged(() => this.#store.checkpoint())
    if (checkpoint === undefined) {
      await this.#store.clear()
      return undefined
    }
    const fits = isUsable(checkpoint, layout, first, ends, keepMs)
    if (fits && (await this.#unlessDamaged(() => this.#store.load(this.table)))) {
      this.lastUpdateMs = checkpoint.lastUpdateMs ?? 0
      return checkpoint.offsets
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
    this.progress.positions.forEach((_, partition) => {
      act({ topic, partition })
    })
  }

  async #drain(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (!(await this.#apply(next))) return
      this.#queuedBytes -= next.columns.buffer.length
      this.progress.took(next)
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
    if (this.#isReady || this.progress.remaining > 0) return
    this.#isReady = true
    this.restored = { ...this.read, ms: performance.now() - this.#begun }
    this.#resolveReady()
  }

  /** False: closed before the last row, so that the batch has to be read again. */
  async #apply({ columns, partition }: Fetched): Promise<boolean> {
    if (columns.length === 0) return true
    for (let i = 0; i < columns.length; i++) {
      while (!this.#rows.apply(columns, partition, i)) {
        await this.#rows.load(columns, i)
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

  async #flush(): Promise<void> {
    this.#dirty = false
    this.#flushed = Date.now()
    const { layout } = this.#ports
    const { lastUpdateMs } = this
    const offsets = [...this.progress.positions]
    const checkpoint = { layout, offsets, writtenAt: Date.now(), lastUpdateMs }
    await this.#store.flush(checkpoint, this.table)
  }
}
