import { bytesOf } from '../bytes.ts'
import { DURABLE, empty, type Store, withChecksum, withoutChecksum } from '../state/level.ts'
import type { DimensionCheckpoint } from './checkpoint.ts'
import type { RowTable } from './row-table.ts'

const PAGE_BYTES = 64 * 1024
/** A rewrite takes so many bytes of rows at once: no more of them are in memory a second time. */
const REWRITTEN_BYTES = 4 * 1024 * 1024
const ROW_HEADER = 8
const CHECKPOINT_KEY = Buffer.from([0xff])

/**
 * A dimension in LevelDB: append-only pages of rows in the order in which they came, newest wins.
 *
 *     page  := row*
 *     row   := key length u32, value length + 1 u32 (0: deleted), key, value (of the table: stamp, row)
 *     value := page or checkpoint (JSON), CRC-32C u32
 *
 * Few large values load many times faster than one per row. When most of what is stored is dead the
 * whole table is written anew, a part at a time.
 */
export class DimensionStore {
  readonly #store: Store
  #pending: Buffer = Buffer.allocUnsafe(PAGE_BYTES)
  #at = 0
  #sealed: Buffer[] = []
  #pages = 0
  #storedBytes = 0
  /** A rewrite has failed on its way: what was put before it is in the table only. */
  #isHalfWritten = false

  constructor(store: Store) {
    this.#store = store
  }

  get pendingBytes(): number {
    return this.#at + this.#sealed.length * PAGE_BYTES
  }

  /** undefined: there is none, or it is damaged. */
  async checkpoint(): Promise<DimensionCheckpoint | undefined> {
    const stored = await this.#store.get(CHECKPOINT_KEY)
    const text = stored && withoutChecksum(stored)?.toString()
    if (text === undefined) return undefined
    // Earlier stores have the time of their writing.
    const { writtenAt, ...checkpoint } = JSON.parse(text)
    return { currentAt: writtenAt, ...checkpoint }
  }

  /** Fills the table with what is stored. False: a page is damaged. */
  async load(table: RowTable): Promise<boolean> {
    const pages = this.#store.values({ lt: CHECKPOINT_KEY, fillCache: false })
    try {
      for (;;) {
        const some = await pages.nextv(64)
        if (some.length === 0) return true
        for (const stored of some) {
          const page = withoutChecksum(stored)
          if (page === undefined || !loadPage(page, table)) return false
          this.#pages++
          this.#storedBytes += page.length
        }
      }
    } finally {
      await pages.close()
    }
  }

  put(
    key: Buffer,
    keyStart: number,
    keyEnd: number,
    row: Buffer,
    rowStart: number,
    rowEnd: number,
  ): void {
    this.#row(key, keyStart, keyEnd, row, rowStart, rowEnd, rowEnd - rowStart + 1)
  }

  delete(key: Buffer, keyStart: number, keyEnd: number): void {
    this.#row(key, keyStart, keyEnd, key, 0, 0, 0)
  }

  /** Writes what was put since the last flush, and the checkpoint, in one atomic batch. */
  async flush(checkpoint: DimensionCheckpoint, table: RowTable): Promise<void> {
    const isMostlyDead = this.#storedBytes > 2 * table.bytes + 64 * PAGE_BYTES
    if (isMostlyDead || this.#isHalfWritten) await this.#rewrite(table)
    await this.#write(checkpoint)
  }

  async #write(checkpoint?: DimensionCheckpoint): Promise<void> {
    this.#seal()
    const pages = this.#sealed
    const batch = pages.map((value, i) => ({
      type: 'put' as const,
      key: pageKey(this.#pages + i),
      value: withChecksum(value),
    }))
    if (checkpoint !== undefined) {
      const value = withChecksum(Buffer.from(JSON.stringify(checkpoint)))
      batch.push({ type: 'put', key: CHECKPOINT_KEY, value })
    }
    await this.#store.batch(batch, DURABLE)
    // Not before: the checkpoint of a later flush speaks of these pages, too.
    this.#sealed = []
    this.#pages += pages.length
    for (const page of pages) this.#storedBytes += page.length
  }

  async clear(): Promise<void> {
    this.#sealed = []
    this.#at = this.#pages = this.#storedBytes = 0
    this.#isHalfWritten = false
    await empty(this.#store)
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  /**
   * Writes the whole table behind the pages that are there, then deletes these, the first one first. A crash on
   * the way leaves the former checkpoint with rows that are newer than it says. They are put again, as the topic
   * is read on from there; a deleted row is not there without its deletion, which was written after it.
   */
  async #rewrite(table: RowTable): Promise<void> {
    this.#isHalfWritten = true
    const first = this.#pages
    const before = this.#storedBytes
    this.#sealed = []
    this.#at = 0
    let from = 0
    while (from >= 0) {
      from = table.forSome(from, REWRITTEN_BYTES, (buffer, keyStart, rowStart, rowEnd) => {
        this.put(buffer, keyStart, rowStart, buffer, rowStart, rowEnd)
      })
      await this.#write()
    }
    await this.#store.clear({ lt: pageKey(first) })
    this.#storedBytes -= before
    this.#isHalfWritten = false
  }

  #row(
    key: Buffer,
    keyStart: number,
    keyEnd: number,
    row: Buffer,
    rowStart: number,
    rowEnd: number,
    length: number,
  ): void {
    const bytes = ROW_HEADER + keyEnd - keyStart + rowEnd - rowStart
    if (this.#at + bytes > this.#pending.length) {
      this.#seal()
      this.#pending = Buffer.allocUnsafe(Math.max(PAGE_BYTES, bytes))
    }
    const page = this.#pending
    page.writeUInt32LE(keyEnd - keyStart, this.#at)
    page.writeUInt32LE(length, this.#at + 4)
    const afterKey = this.#at + ROW_HEADER + key.copy(page, this.#at + ROW_HEADER, keyStart, keyEnd)
    this.#at = afterKey + row.copy(page, afterKey, rowStart, rowEnd)
  }

  #seal(): void {
    if (this.#at === 0) return
    this.#sealed.push(this.#pending.subarray(0, this.#at))
    this.#pending = Buffer.allocUnsafe(PAGE_BYTES)
    this.#at = 0
  }
}

function pageKey(page: number): Buffer {
  const key = Buffer.allocUnsafe(4)
  key.writeUInt32BE(page)
  return key
}

function loadPage(bytes: Buffer, table: RowTable): boolean {
  const page = bytesOf(bytes)
  for (let at = 0; at < page.length; ) {
    if (at + ROW_HEADER > page.length) return false
    const key = at + ROW_HEADER
    const row = key + page.readUInt32LE(at)
    const length = page.readUInt32LE(at + 4)
    const end = row + Math.max(0, length - 1)
    if (end > page.length) return false
    if (length === 0) table.delete(page, key, row)
    else table.put(page, key, row, page, row, end)
    at = end
  }
  return true
}
