import { type Bytes, bytesOf, copyBytes, type hashBytes, NO_BYTES } from '../bytes.ts'
import type { Arrivals } from './arrivals.ts'
import type { EachEntry, RowTable } from './row-table.ts'
import {
  countOf,
  isRoot,
  lastUpTo,
  numberOf,
  rowEnd,
  rowStart,
  stampAt,
  type Version,
} from './version-page.ts'
import { VersionPages } from './version-pages.ts'
import { isDeletedVersion, VERSION_STAMP_BYTES, versionTime } from './version-stamp.ts'

const NEVER = Number.POSITIVE_INFINITY
/** Bytes of keys and pages that a sweep looks at: a millisecond or so. */
const SWEPT_BYTES = 1 << 20

const scratch = (bytes: number): Bytes => bytesOf(Buffer.allocUnsafe(bytes))

/**
 * A dimension's rows with what they were before: a row is valid from its time until that of the key's next version, and a
 * deletion is a version without a row (`FOR SYSTEM_TIME AS OF` of SQL:2011).
 *
 * A key's versions are on pages (see there): its head is its only leaf, or a root above several.
 */
export class VersionTable implements RowTable {
  arrivals: Arrivals | null = null
  readonly stampBytes = VERSION_STAMP_BYTES
  readonly hash: typeof hashBytes
  rowBuffer: Bytes = NO_BYTES
  rowStart = 0
  rowEnd = 0
  /** The time, in ms, of which `find` finds a row; a list, so that setting it makes no object. */
  readonly at = new Float64Array([NEVER])
  /** The greatest time of which a row was looked up for a fact: a row of that time, or before it, is late. */
  readonly lookedUpTo = new Float64Array([-NEVER])
  readonly #historyMs: number
  readonly #pages: VersionPages
  /** Bytes of the place that each row has before it. */
  #placeBytes = 0
  /** The greatest time of a row. */
  #streamTime = -NEVER
  /** Where the next sweep goes on. */
  #swept = 0
  /** A key and a version, put together. */
  #entry = scratch(1024)

  /**
   * @param historyMs how long a version is kept after it has ended, by the rows' own times; infinite: for ever
   * @param claim called before memory is taken, with its bytes; throws where there must not be more
   */
  constructor(historyMs: number, claim: (bytes: number) => void = () => {}) {
    this.#historyMs = historyMs
    this.#pages = new VersionPages(claim)
    this.hash = this.#pages.heads.hash
  }

  /** Keys, also those that are deleted, until their deletions are forgotten. */
  get size(): number {
    return this.#pages.heads.size
  }

  /** How many versions are held, deletions included. */
  get versions(): number {
    return this.#pages.count
  }

  get bytes(): number {
    return this.#pages.heads.bytes + this.#pages.leaves.bytes
  }

  /** Whether `at` is a time before which versions may have been forgotten. */
  get isBeforeHistory(): boolean {
    return this.at[0] < this.#pages.edge
  }

  lookAhead(hashes: Int32Array, count: number): number {
    return this.#pages.heads.lookAhead(hashes, count)
  }

  /** Whether the key has a row at the time `at`. */
  find(hash: number, key: Bytes, start: number, end: number): boolean {
    const { heads, leaves, edge } = this.#pages
    if (!heads.find(hash, key, start, end)) return false
    let page = heads.rowBuffer
    let from = heads.rowStart
    let next = NEVER
    if (isRoot(page, from)) {
      const place = Math.max(0, lastUpTo(page, from, this.at))
      if (place + 1 < countOf(page, from)) next = versionTime(page, stampAt(from, place + 1))
      leaves.open(key, start, end, numberOf(page, from, place))
      page = leaves.page
      from = leaves.start
    }
    const i = lastUpTo(page, from, this.at)
    if (i < 0 || isDeletedVersion(page, stampAt(from, i))) return false
    if (i + 1 < countOf(page, from)) next = versionTime(page, stampAt(from, i + 1))
    // Whether it was dropped from memory by now must not matter.
    if (next < edge) return false
    this.rowBuffer = page
    this.rowStart = rowStart(page, from, i) + this.#placeBytes
    this.rowEnd = rowEnd(page, from, i)
    return true
  }

  /** Whether the key's latest version is a deletion. */
  isDeleted(key: Bytes, start: number, end: number): boolean {
    const { heads, leaves } = this.#pages
    if (!heads.find(heads.hash(key, start, end), key, start, end)) return false
    let page = heads.rowBuffer
    let from = heads.rowStart
    if (isRoot(page, from)) {
      leaves.open(key, start, end, numberOf(page, from, countOf(page, from) - 1))
      page = leaves.page
      from = leaves.start
    }
    return isDeletedVersion(page, stampAt(from, countOf(page, from) - 1))
  }

  /** Adds a version, which begins with its stamp; the one that has the same stamp goes. */
  put(key: Bytes, keyStart: number, keyEnd: number, row: Bytes, start: number, end: number): void {
    const time = versionTime(row, start)
    if (time > this.#streamTime) {
      this.#streamTime = time
      this.#pages.edge = time - this.#historyMs
    }
    const rowStart = start + VERSION_STAMP_BYTES
    const version = { buffer: row, stamp: start, rowStart, rowEnd: end }
    this.#pages.put({ buffer: key, start: keyStart, end: keyEnd }, version)
    this.arrivals?.add(this.hash(key, keyStart, keyEnd))
  }

  /** The key goes, with all its versions. */
  delete(key: Bytes, start: number, end: number): void {
    this.#pages.delete({ buffer: key, start, end })
  }

  /**
   * Looks at a share of the keys, round and round: forgets what has ended too long ago, and keys whose deletion is
   * older than that. A row that comes later still than that, with a time before the deletion, has nothing that ends it.
   */
  sweep(): void {
    const pages = this.#pages
    const due: Bytes[] = []
    const next = pages.heads.forSome(this.#swept, SWEPT_BYTES, (buffer, start, from) => {
      if (pages.isDue(buffer, from)) due.push(bytesOf(Buffer.from(buffer.subarray(start, from))))
    })
    this.#swept = Math.max(0, next)
    for (const key of due) pages.forget({ buffer: key, start: 0, end: key.length })
  }

  /** Stamps are always the same. */
  clear(_stampBytes?: number, placeBytes = 0): void {
    this.#placeBytes = placeBytes
    this.#pages.clear()
    this.#swept = 0
    this.#streamTime = this.lookedUpTo[0] = -NEVER
  }

  /** Versions of one key come together, however many there are. */
  forSome(from: number, bytes: number, each: EachEntry): number {
    return this.#pages.heads.forSome(from, bytes, (buffer, start, headStart) => {
      this.#pages.each({ buffer, start, end: headStart }, buffer, headStart, (version) => {
        const { rowStart: row, rowEnd: end, stamp } = version
        const most = headStart - start + VERSION_STAMP_BYTES + end - row
        if (most > this.#entry.length) this.#entry = scratch(2 * most)
        const value = copyBytes(buffer, start, headStart, this.#entry, 0)
        const { buffer: page } = version
        const at = copyBytes(page, stamp, stamp + VERSION_STAMP_BYTES, this.#entry, value)
        each(this.#entry, 0, value, copyBytes(page, row, end, this.#entry, at))
      })
    })
  }

  someKeys(most: number): Buffer[] {
    return this.#pages.heads.someKeys(most)
  }

  /** The versions of a key in their order, their rows without places, where they lie until the next put. */
  versionsOf(key: Bytes, start: number, end: number): Version[] {
    const pages = this.#pages
    const of = { buffer: key, start, end }
    const found: Version[] = []
    if (!pages.open(of)) return found
    const { rowBuffer: page, rowStart: from } = pages.heads
    const placed = this.#placeBytes
    pages.each(of, page, from, (version) => {
      const isDeleted = isDeletedVersion(version.buffer, version.stamp)
      found.push(isDeleted ? version : { ...version, rowStart: version.rowStart + placed })
    })
    return found
  }
}
