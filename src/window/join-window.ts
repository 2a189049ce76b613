import { SLICE } from '../batch.ts'
import { type Bytes, copyBytes, hashBytes, varintBytes, writeVarint } from '../bytes.ts'
import type { WindowCounts } from '../counts/counts.ts'
import { EnricherError } from '../errors.ts'
import {
  EntryCursor,
  LEFT,
  MATCHED,
  PAGE_HEADER,
  type Page,
  RIGHT,
  readPageHeader,
} from '../state/page.ts'
import { PageWriter } from '../state/page-writer.ts'
import { RecentPages } from '../state/recent-pages.ts'
import { Closing } from './closing.ts'
import { COLD_FIELDS, ColdMatches } from './cold-matches.ts'
import type { Entries } from './entries.ts'
import { isClosed, isInside, isLate } from './lateness.ts'
import type { SegmentIndex } from './segment-index.ts'
import { Segments, type WindowTimes, withEntries } from './segments.ts'
import { type ReadPages, WindowQueries } from './window-queries.ts'

/** Takes what the join finds. The cursors are valid until the call returns. */
export interface JoinSink {
  match(left: EntryCursor, right: EntryCursor): void
  unmatched(left: EntryCursor): void
}

export interface WindowOptions {
  readonly times: WindowTimes
  readonly kind: 'inner' | 'left'
  /** Memory for committed pages; asked at each commit. */
  readonly recentBytes: () => number
  readonly readPages: ReadPages
  readonly sink: JoinSink
  readonly counts: WindowCounts
  /** Of a key's bytes; tests provoke collisions with another one. */
  readonly hash?: typeof hashBytes
}

/** Records are read back this many at a time, so that memory stays bounded. */
const READ_AT_ONCE = 4096

/**
 * The two sides of one task's window: pages and their index. `insert` a record, then `probe` the
 * other side; matches whose page is not in memory wait until `resolveCold`.
 */
export class JoinWindow {
  readonly times: WindowTimes
  readonly closing: Closing
  readonly recent: RecentPages
  readonly #hash: typeof hashBytes
  readonly #left: boolean
  readonly #readPages: ReadPages
  readonly #sink: JoinSink
  readonly #counts: WindowCounts
  readonly segments: Segments
  readonly queries: WindowQueries
  readonly #writer: PageWriter
  /** Entries that have matched in the running epoch. */
  #marks = new Map<Entries, number[]>()
  /** The highest event time of the records that were accepted so far, in ms. */
  streamTime = Number.NEGATIVE_INFINITY
  /** Stream time at the record whose matches are looked at. A field, as a number among arguments would be boxed. */
  #takenAt = Number.NEGATIVE_INFINITY
  readonly #cold = new ColdMatches()
  readonly #own = new EntryCursor()
  readonly #other = new EntryCursor()
  readonly #entriesAhead = new Int32Array(SLICE)
  #ownIndex: SegmentIndex | undefined
  #ownPage: Page | undefined
  #ownPosition = 0
  #ownEntry = 0
  #ownEntries: Entries | undefined

  constructor(options: WindowOptions) {
    this.times = options.times
    this.#hash = options.hash ?? hashBytes
    this.#left = options.kind === 'left'
    this.#readPages = options.readPages
    this.#sink = options.sink
    this.#counts = options.counts
    this.recent = new RecentPages(options.recentBytes)
    this.#writer = new PageWriter(this.recent)
    this.segments = new Segments(this.times.segmentMs)
    this.closing = new Closing(this.times.sliceMs)
    this.queries = new WindowQueries(this.segments, this.recent, this.#readPages, this.#hash)
  }

  /** Where the body of the record just inserted has to be written. */
  get bodyBuffer(): Bytes {
    return this.#own.buffer
  }

  /** Memory of pages, those of the running epoch included. */
  get pageBytes(): number {
    return this.recent.bytes
  }

  /** Of both sides. */
  get records(): number {
    return this.segments.entries(LEFT) + this.segments.entries(RIGHT)
  }

  get indexBytes(): number {
    return this.segments.bytes
  }

  /** Memory of what the running epoch has added. */
  get epochBytes(): number {
    return this.#writer.bytes
  }

  get nextPage(): number {
    return this.#writer.nextPage
  }

  /** Of a store that has been loaded. */
  set nextPage(number: number) {
    this.#writer.nextPage = number
  }

  /** So many matches wait for their pages that `resolveCold` has to come first. */
  get coldFull(): boolean {
    return this.#cold.isFull
  }

  /**
   * Adds a record to its side; the caller then writes exactly `bodyBytes` of body into `bodyBuffer`
   * from the position returned.
   */
  insert(
    side: number,
    times: Float64Array,
    i: number,
    hash: number,
    key: Bytes,
    keyStart: number,
    keyEnd: number,
    headers: Bytes,
    headersStart: number,
    headersEnd: number,
    bodyBytes: number,
  ): number {
    const time = times[i]
    const { segmentMs } = this.times
    let index = this.#ownIndex
    // Mostly that of the record before. A call for each would box its time.
    if (index === undefined || time < index.start || time >= index.start + segmentMs) {
      index = this.#ownIndex = this.segments.at(time)
    }
    const entries = index.sides[side]
    const offset = time - index.start
    const keyBytes = keyEnd - keyStart
    const headerBytes = headersEnd - headersStart
    const head = varintBytes(keyBytes) + keyBytes + varintBytes(offset)
    const bytes = head + varintBytes(headerBytes) + headerBytes + varintBytes(bodyBytes) + bodyBytes
    const page = this.#writer.pageFor(side, entries, bytes)
    const buffer = page.buffer
    const own = this.#own
    own.buffer = buffer
    own.time = time
    own.keyStart = writeVarint(buffer, page.end, keyBytes)
    own.keyEnd = copyBytes(key, keyStart, keyEnd, buffer, own.keyStart)
    const afterTime = writeVarint(buffer, own.keyEnd, offset)
    own.headersStart = writeVarint(buffer, afterTime, headerBytes)
    own.headersEnd = copyBytes(headers, headersStart, headersEnd, buffer, own.headersStart)
    own.bodyStart = writeVarint(buffer, own.headersEnd, bodyBytes)
    own.bodyEnd = own.bodyStart + bodyBytes
    this.#ownPage = page
    this.#ownPosition = page.end - page.start
    page.end = own.bodyEnd
    page.count++
    this.#ownEntries = entries
    this.#ownEntry = index.add(side, hash, page.number, this.#ownPosition)
    if (this.#left && side === LEFT) this.closing.add(time, index.start, this.#ownEntry)
    return own.bodyStart
  }

  /**
   * Brings near what `insert` and `probe` of the next records, a slice at most, will read.
   * @param from @param to the earliest and the latest of their times
   */
  lookAhead(side: number, hashes: Int32Array, count: number, from: number, to: number): number {
    const { beforeMs, afterMs, segmentMs } = this.times
    const earliest = from - (side === LEFT ? beforeMs : afterMs)
    const latest = to + (side === LEFT ? afterMs : beforeMs)
    const entries = this.#entriesAhead
    const { recent } = this
    let touched = 0
    for (const index of this.segments.all) {
      if (index.start + segmentMs <= earliest || index.start > latest) continue
      const other = index.sides[1 - side]
      touched ^= index.lookAhead(hashes, count)
      touched ^= index.lookAheadEntries(1 - side, hashes, count, entries)
      for (let i = 0; i < count; i++) {
        if (entries[i] < 0) continue
        const place = recent.find(other.page(entries[i]))
        if (place < 0) continue
        touched ^= recent.bufferAt(place)[recent.startAt(place) + other.position(entries[i])]
      }
    }
    return touched
  }

  /**
   * Looks for partners of the record just inserted, whose body has been written.
   * @returns whether the other side has an entry with this hash inside the window's segments
   */
  probe(side: number, hash: number): boolean {
    const { beforeMs, afterMs, segmentMs } = this.times
    const time = this.#own.time
    const from = time - (side === LEFT ? beforeMs : afterMs)
    const to = time + (side === LEFT ? afterMs : beforeMs)
    const { segments, recent } = this
    this.#takenAt = this.streamTime
    let hit = false
    const middle = this.#ownIndex!.number
    // No segment is shorter than the window reaches to either side.
    for (let number = middle - 1; number <= middle + 1; number++) {
      const index = segments.numbered(number)
      if (index === undefined || index.start + segmentMs <= from || index.start > to) continue
      const other = index.sides[1 - side]
      for (let entry = index.first(1 - side, hash); entry >= 0; entry = other.next(entry)) {
        hit = true
        const place = recent.match(other.page(entry))
        if (place < 0 || (this.#left && !this.#cold.isEmpty)) this.#wait(side, other, entry)
        else this.#consider(side, other, entry, recent.bufferAt(place), recent.startAt(place))
      }
    }
    return hit
  }

  /** Completes the matches whose pages had to be read from LevelDB. */
  async resolveCold(): Promise<void> {
    if (this.#cold.isEmpty) return
    const cold = this.#cold.take()
    for (let from = 0; from < cold.length; from += READ_AT_ONCE * COLD_FIELDS) {
      await this.#resolve(cold.subarray(from, from + READ_AT_ONCE * COLD_FIELDS))
    }
  }

  /**
   * Emits the left records that have closed without a match.
   * @param full asked before each slice of time: whether the rest has to wait for the next epoch
   */
  async closeUnmatched(full: () => boolean): Promise<number> {
    const { closing } = this
    let emitted = 0
    while (this.isClosingDue && (closing.isOverdue || !full())) {
      for (const due of closing.take(this.streamTime - this.times.openMs)) {
        for (let i = 0; i < due.length; i += READ_AT_ONCE) {
          emitted += await this.#emitUnmatched(due.segment, due.some(i, i + READ_AT_ONCE))
        }
      }
    }
    return emitted
  }

  /** Whether `closeUnmatched` has anything to do. */
  get isClosingDue(): boolean {
    return this.#left && this.closing.isDue(this.streamTime - this.times.openMs)
  }

  /** Ends the epoch's pages: seals them and returns what it has added, oldest first. */
  take(): Page[] {
    for (const [of, entries] of this.#marks) this.#writer.marks(of, entries)
    this.#marks.clear()
    return this.#writer.take()
  }

  /** Drops the segments that hold nothing any more; returns their starts. */
  expire(): number[] {
    // What has closed unmatched is emitted first.
    const closed = this.#left ? this.closing.closedBefore : Number.POSITIVE_INFINITY
    const before = Math.min(this.streamTime - this.times.heldMs, closed)
    const gone = this.segments.expire(before)
    if (gone.length > 0) this.#ownIndex = undefined
    for (const side of [LEFT, RIGHT]) {
      this.#counts.segmentsExpired[side] += withEntries(gone, side)
    }
    return gone.map(({ start }) => start)
  }

  /** Takes a page from LevelDB or the changelog into the index; its bytes are not kept. */
  restore(page: Page): void {
    if (page.kind === MATCHED) {
      const left = this.segments.at(page.segment).sides[LEFT]
      for (let at = page.start + PAGE_HEADER; at < page.end; at += 4) {
        left.setMatched(page.buffer.readUInt32LE(at))
      }
      return
    }
    const index = this.segments.at(page.segment)
    const cursor = this.#other
    for (let position = PAGE_HEADER; page.start + position < page.end; ) {
      cursor.read(page.buffer, page.start + position, page.segment)
      const hash = this.#hash(cursor.buffer, cursor.keyStart, cursor.keyEnd)
      const entry = index.add(page.kind, hash, page.number, position)
      if (this.#left && page.kind === LEFT) this.closing.add(cursor.time, page.segment, entry)
      position = cursor.bodyEnd - page.start
    }
  }

  /** @param buffer @param start where the entry's page lies */
  #consider(side: number, entries: Entries, entry: number, buffer: Bytes, start: number): void {
    const own = this.#own
    const other = this.#other
    other.read(buffer, start + entries.position(entry), entries.start)
    const left = side === LEFT ? own : other
    const right = side === LEFT ? other : own
    const { times } = this
    const distance = right.time - left.time
    if (!isInside(times, distance) || isLate(times, other.time, this.#takenAt)) return
    if (!other.sameKey(own.buffer, own.keyStart, own.keyEnd)) return
    if (this.#left) {
      if (side === LEFT) this.#markMatched(this.#ownEntries!, this.#ownEntry)
      else if (this.#isOver(entries, entry, other.time)) return
      else this.#markMatched(entries, entry)
    }
    const { matchDelays } = this.#counts
    if (distance < 0) matchDelays[RIGHT].add(-distance)
    else matchDelays[LEFT].add(distance)
    this.#sink.match(left, right)
  }

  /** The left record has come out without a match already, or is about to. */
  #isOver(entries: Entries, entry: number, time: number): boolean {
    if (entries.isMatched(entry) || !isClosed(this.times, time, this.#takenAt)) return false
    this.#counts.closedMatches++
    return true
  }

  #markMatched(entries: Entries, entry: number): void {
    if (entries.isMatched(entry)) return
    entries.setMatched(entry)
    const marks = this.#marks.get(entries)
    if (marks === undefined) this.#marks.set(entries, [entry])
    else marks.push(entry)
  }

  /**
   * For its page; in a left join also for those that wait already: whether a record has closed
   * depends on whether one of them has matched it.
   */
  #wait(side: number, { start }: Entries, entry: number): void {
    const { number, segment } = this.#ownPage!
    const ownEntry = this.#ownEntry
    this.#cold.add(side, number, this.#ownPosition, segment, ownEntry, start, entry, this.#takenAt)
  }

  async #resolve(cold: Float64Array): Promise<void> {
    const { recent } = this
    const wanted = new Set<number>()
    for (let i = 0; i < cold.length; i += COLD_FIELDS) {
      wanted.add(this.#otherOf(cold, i).page(cold[i + 6] | 0))
    }
    const pages = new Map<number, Page>()
    // While some are read, an older epoch's pages may leave the memory.
    for (let missing = [...wanted]; missing.length > 0; ) {
      missing = missing.filter((number) => !recent.has(number))
      for (const [number, page] of await this.#fetchPages(missing)) pages.set(number, page)
      missing = [...wanted].filter((number) => !pages.has(number) && !recent.has(number))
    }
    const own = this.#own
    for (let i = 0; i < cold.length; i += COLD_FIELDS) {
      const side = cold[i] | 0
      const entry = cold[i + 6] | 0
      const entries = this.#otherOf(cold, i)
      // Our own record is of the running epoch, so its page is in memory.
      const ownPlace = recent.find(cold[i + 1])
      const segment = cold[i + 3]
      own.read(recent.bufferAt(ownPlace), recent.startAt(ownPlace) + (cold[i + 2] | 0), segment)
      this.#ownEntries = this.segments.get(segment)!.sides[side]
      this.#ownEntry = cold[i + 4] | 0
      this.#takenAt = cold[i + 7]
      const number = entries.page(entry)
      const page = pages.get(number)
      const place = page === undefined ? recent.find(number) : -1
      const buffer = page?.buffer ?? recent.bufferAt(place)
      this.#consider(side, entries, entry, buffer, page?.start ?? recent.startAt(place))
    }
  }

  /** The other side's entries, for the match that waits at `i`. */
  #otherOf(cold: Float64Array, i: number): Entries {
    return this.segments.get(cold[i + 5])!.sides[(1 - cold[i]) | 0]
  }

  /** Those in memory come out first: while the others are read, an older epoch's pages may leave it. */
  async #emitUnmatched(segment: number, due: Int32Array): Promise<number> {
    const left = this.segments.get(segment)?.sides[LEFT]
    if (left === undefined) return 0
    const { recent } = this
    const wanted = new Set<number>()
    const cold: number[] = []
    let emitted = 0
    for (const entry of due) {
      if (left.isMatched(entry)) continue
      emitted++
      const number = left.page(entry)
      const place = recent.find(number)
      if (place >= 0) {
        const at = recent.startAt(place) + left.position(entry)
        this.#emit(recent.bufferAt(place), at, left.start)
      } else {
        wanted.add(number)
        cold.push(number, left.position(entry))
      }
    }
    const pages = await this.#fetchPages([...wanted])
    for (let i = 0; i < cold.length; i += 2) {
      const { buffer, start, segment } = pages.get(cold[i])!
      this.#emit(buffer, start + (cold[i + 1] | 0), segment)
    }
    return emitted
  }

  #emit(buffer: Bytes, position: number, segment: number): void {
    this.#other.read(buffer, position, segment)
    this.#sink.unmatched(this.#other)
  }

  async #fetchPages(wanted: readonly number[]): Promise<Map<number, Page>> {
    const pages = new Map<number, Page>()
    if (wanted.length === 0) return pages
    const values = await this.#readPages(wanted)
    for (const [i, value] of values.entries()) {
      const page = value && readPageHeader(value, 0)
      if (page === undefined || page.number !== wanted[i]) {
        const message = `Page ${wanted[i]} is not in the store, or is damaged`
        throw new EnricherError('STATE_CORRUPT', message, { fields: { page: wanted[i] } })
      }
      pages.set(page.number, page)
    }
    return pages
  }
}
