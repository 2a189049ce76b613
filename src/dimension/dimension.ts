import type { Fetched, TopicIdentity } from '../broker/port.ts'
import { codeOf } from '../errors.ts'
import { atMost } from '../retry/at-most.ts'
import { retry } from '../retry/retry.ts'
import { ANEW_REASONS, type AnewReason } from './checkpoint.ts'
import { DimensionStore } from './dimension-store.ts'
import { type Extent, extentOf } from './extent.ts'
import { loadStore } from './load-store.ts'
import { placeBytes } from './place.ts'
import type { DimensionPorts } from './ports.ts'
import { ReadProgress } from './read-progress.ts'
import { Reading, type Start } from './reading.ts'
import { RowReader } from './row-reader.ts'
import type { RowTable } from './row-table.ts'
import { rowsOf, type Versions } from './rows.ts'
import { firstStampBytes, stampBytes, TIMED } from './stamp.ts'

const FLUSH_MS = 1000
const FLUSH_BYTES = 32 * 1024 * 1024
/** The wait between two tries to ask a broker that does not answer. */
const RETRY_MS = 1000
/** An open transaction is worth a line once a start has waited for it for so long; then again and again. */
const WAITED_MS = 5000
const REMIND_MS = 30_000
const NOTHING_READ = new ReadProgress([], [], 0, 0)

/**
 * A dimension, whole, in memory: loaded from its store, read to the ends that its topic had at the start (the position
 * counts, for transaction markers and compaction leave gaps; a transaction that is open there is waited for, as rows
 * that were committed before the start may lie behind its beginning), then followed. Where the topic is made anew, or
 * rows cannot be told apart as they are held, it is read again, whole, and facts wait meanwhile.
 */
export class Dimension {
  readonly table: RowTable
  /** Where rows are looked up as of a time; null: as they are now. */
  readonly versions: Versions | null
  /** Resolves when the bootstrap under way, or the last one, has ended. */
  ready: Promise<void>
  readonly #ports: DimensionPorts
  readonly #store: DimensionStore
  readonly #rows: RowReader
  #reading: Reading | undefined
  /** Readings that end, and the next ones: one after the other. */
  #restarts: Promise<void> = Promise.resolve()
  #growing = false
  #dirty = false
  #flushed = performance.now()
  #reminded = Number.NEGATIVE_INFINITY
  #isReady = false
  readonly #closed = new AbortController()
  /** The latest timestamp of a record, in ms: how fresh the rows are. 0 before the first. */
  lastUpdateMs = 0
  /** What was read from the topic since the start; bytes are of record batches, decompressed. */
  readonly read = { records: 0, bytes: 0 }
  /** The same, as it was when all was read that had been there at the start. */
  restored = { records: 0, bytes: 0, ms: 0 }
  readonly #begun = performance.now()
  #resolveReady: () => void = () => {}

  constructor(ports: DimensionPorts) {
    this.#ports = ports
    this.#store = new DimensionStore(ports.store)
    const { table, writer, versions } = rowsOf(ports, this.#store)
    this.table = table
    this.versions = versions
    this.#rows = new RowReader(ports, writer)
    this.ready = this.#untilReady()
  }

  /** Of the first one in the file, where several have these rows. */
  get name(): string {
    return this.#ports.config.name
  }

  get topic(): string {
    return this.#ports.config.topic
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** How many partitions of the topic are read. */
  get partitions(): number {
    return this.#reading?.partitions ?? 0
  }

  /** How far the bootstrap under way, or the last one, is, and the reading that followed. */
  get progress(): ReadProgress {
    return this.#reading?.progress ?? NOTHING_READ
  }

  #untilReady(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolveReady = resolve
    })
  }

  /** Asks what there is to read. Fails where no broker answers. */
  look(): Promise<Extent> {
    return extentOf(this.#ports.admin, this.topic)
  }

  /** Loads the store and starts to read; `ready` tells when the end has been reached. */
  async start(): Promise<void> {
    const extent = await this.look()
    const stored = await loadStore(this.#ports, this.#store, this.table, extent)
    if (stored === undefined) {
      this.#readWhole(extent)
      return
    }
    const { offsets, currentAt, lastUpdateMs = 0, marks = [] } = stored
    this.lastUpdateMs = lastUpdateMs
    // Partitions that have come since are read from their heads.
    const positions = [...offsets, ...extent.heads.slice(offsets.length)]
    this.#readFrom({ extent, positions, currentAt, marks })
  }

  /** What a look at the topic has found. */
  seen({ id, partitions }: TopicIdentity): void {
    const reading = this.#reading
    if (reading === undefined || reading.isClosed) return
    const { id: known } = reading.extent
    if (id !== null && known !== null && id !== known) this.#readAnew('recreated')
    else if (partitions > reading.partitions) this.#grow(reading, partitions)
  }

  /**
   * Empties table and store and reads the topic again; facts wait until it resolves.
   * @param extent of `look`, which comes first: nothing is emptied that cannot be read again
   */
  rebuild(extent: Extent): Promise<void> {
    this.#restart(this.table.stampBytes === TIMED, extent)
    return this.ready
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#reading?.close()
    await atMost(RETRY_MS, this.#restarts)
    // The store is written also where no row has come: the checkpoint says when all deletions were seen.
    if (this.#isReady && this.#ports.rejects.areCommitted) await this.#flush()
    await this.#store.close()
  }

  #readWhole(extent: Extent): void {
    const { heads, asked } = extent
    this.#readFrom({ extent, positions: heads, currentAt: asked, marks: [] })
  }

  #readFrom(start: Start): void {
    this.versions?.horizon.begin(start.positions, start.extent.ends)
    this.#reading = new Reading(this.#ports, this.#rows, start, {
      onFetched: (fetched) => this.versions?.horizon.saw(fetched),
      onTaken: (fetched) => this.#taken(fetched),
      onTimesNeeded: () => this.#readAnew('moved_keys'),
      // Retention does this, or the end of a topic that was made anew and has no id.
      onError: (error) => {
        if (codeOf(error) === 'OFFSET_OUT_OF_RANGE') this.#readAnew('out_of_range')
        else this.#ports.onFatal(error)
      },
    })
    this.#checkReady()
    this.#reading.begin()
  }

  #readAnew(reason: AnewReason): void {
    const { config, log, onUnusable } = this.#ports
    const why = ANEW_REASONS[reason]
    log.event('dimension_read_anew', { dimension: config.name, topic: this.topic, reason, why })
    onUnusable(reason)
    const isTimed = reason === 'out_of_range' && this.table.stampBytes === TIMED
    // A topic that has more partitions now has keys on two of them, sooner or later.
    this.#restart(isTimed || reason === 'partitions' || reason === 'moved_keys')
  }

  /** @param isTimed whether rows get their times, by which those of several partitions are told apart */
  #restart(isTimed: boolean, extent?: Extent): void {
    const quiet = this.#isReady ? this.#holdFacts() : Promise.resolve()
    this.#isReady = false
    const closing = this.#reading?.close()
    this.#restarts = this.#restarts
      .then(() => Promise.all([quiet, closing]))
      .then(() => this.#begin(isTimed, extent))
      .catch((error) => {
        if (!this.#closed.signal.aborted) this.#ports.onFatal(error)
      })
  }

  /** Resolves when none is looked up any more; they go on once the dimension is ready. */
  #holdFacts(): Promise<void> {
    const ready = this.#untilReady()
    this.ready = ready
    return new Promise((resolve) => {
      void this.#ports.hold(() => {
        resolve()
        return ready
      })
    })
  }

  async #begin(isTimed: boolean, known: Extent | undefined): Promise<void> {
    const extent = known ?? (await this.#lookPatiently())
    if (extent === undefined || this.#closed.signal.aborted) return
    const isScattered = this.#ports.config.key.length > 0
    const stamps = isTimed ? TIMED : firstStampBytes(extent.heads.length, isScattered)
    this.table.clear(stamps, placeBytes(this.#ports))
    await this.#store.clear()
    if (!this.#closed.signal.aborted) this.#readWhole(extent)
  }

  /** What there is to read, once a broker answers; undefined: closed. */
  #lookPatiently(): Promise<Extent | undefined> {
    const policy = { wait: () => RETRY_MS, isCurable: () => true }
    return retry(() => this.look(), policy, this.#closed.signal).catch(() => undefined)
  }

  /** Rows without stamps do not say which partition they are of. */
  #grow(reading: Reading, partitions: number): void {
    if (this.table.stampBytes < stampBytes(partitions)) this.#readAnew('partitions')
    else void this.#addPartitions(reading)
  }

  async #addPartitions(reading: Reading): Promise<void> {
    if (this.#growing) return
    this.#growing = true
    const { config, log } = this.#ports
    const before = reading.partitions
    // Where no broker answers the next look at the topic tries again.
    const extent = await this.look().catch(() => undefined)
    this.#growing = false
    if (extent === undefined || extent.id !== reading.extent.id || reading.isClosed) return
    reading.addPartitions(extent)
    this.versions?.horizon.grow(extent)
    const { partitions } = reading
    const dimension = config.name
    log.event('dimension_partitions_added', { dimension, topic: this.topic, before, partitions })
  }

  async #taken(fetched: Fetched): Promise<void> {
    const { columns } = fetched
    this.read.records += columns.length
    this.read.bytes += columns.buffer.length
    if (columns.length > 0) this.#dirty = true
    for (let i = 0; i < columns.length; i++) {
      if (columns.timestamps[i] > this.lastUpdateMs) this.lastUpdateMs = columns.timestamps[i]
    }
    this.#checkReady()
    this.versions?.horizon.took(fetched)
    if (this.versions !== null || this.table.arrivals !== null) this.#ports.onRows()
    this.#tellOfTransaction()
    const { room, rejects } = this.#ports
    await room()
    const due = performance.now() - this.#flushed > FLUSH_MS && this.#isReady
    if (!this.#dirty || !(due || this.#store.pendingBytes > FLUSH_BYTES)) return
    await rejects.untilCommitted()
    if (rejects.areCommitted) await this.#flush()
  }

  #checkReady(): void {
    if (this.#isReady || this.#reading!.isClosed || this.progress.remaining > 0) return
    this.#isReady = true
    this.restored = { ...this.read, ms: performance.now() - this.#begun }
    this.#resolveReady()
  }

  /** A start that waits stands still, and looks like one that hangs. */
  #tellOfTransaction(): void {
    const open = this.progress.waitsFor
    const now = performance.now()
    if (open === undefined || open.ms < WAITED_MS || now - this.#reminded < REMIND_MS) return
    this.#reminded = now
    const { config, log } = this.#ports
    const { topic } = this
    log.event('dimension_waits_for_transaction', { dimension: config.name, topic, ...open })
  }

  async #flush(): Promise<void> {
    const { layout } = this.#ports
    const { lastUpdateMs, table } = this
    const { progress, extent, marks } = this.#reading!
    const { positions, currentAt } = progress
    const now = performance.now()
    // A deletion stays for about as long as the topic itself keeps it.
    if (this.#isReady) table.sweep((now - this.#flushed) / extent.keepMs)
    this.#dirty = false
    this.#flushed = now
    const checkpoint = {
      layout,
      offsets: positions,
      currentAt,
      lastUpdateMs,
      topicId: extent.id,
      stampBytes: table.stampBytes,
      ...(extent.id === null ? { marks } : {}),
    }
    await this.#store.flush(checkpoint, table)
  }
}
