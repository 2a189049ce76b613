import { type Bytes, copyBytes, hashBytes, varintBytes, writeVarint } from '../bytes.ts'
import type { WindowCounts } from '../counts/counts.ts'
import { EntryCursor, isMarks, LEFT, markedSide, type Page, RIGHT } from '../state/page.ts'
import type { PageLog } from '../state/page-log.ts'
import { readPages } from '../state/page-reader.ts'
import { PageWriter } from '../state/page-writer.ts'
import type { StateStore, StreamClock } from '../state/task-state.ts'
import { COLD_FIELDS, ColdMatches, otherOf, pagesWanted } from './cold-matches.ts'
import type { Entries } from './entries.ts'
import { JoinClock } from './join-clock.ts'
import { isClosed, isInside, isLate } from './lateness.ts'
import { LookAhead } from './look-ahead.ts'
import { OuterSides } from './outer-sides.ts'
import type { OwnLayout } from './own-layout.ts'
import { restoreEntries } from './restore-entries.ts'
import type { SegmentIndex } from './segment-index.ts'
import { Segments, type WindowTimes, withEntries } from './segments.ts'
import type { JoinSink, WindowOptions } from './window-options.ts'
import { WindowQueries } from './window-queries.ts'

/** Matches whose pages have to be read are resolved this many at a time, so that memory stays bounded. */
const READ_AT_ONCE = 4096

/**
 * The two sides of one task's window: pages and their index. `insert` a record, then `probe` the
 * other side; matches whose page is not in memory wait until `resolveCold`.
 */
export class JoinWindow implements StateStore {
  readonly times: WindowTimes
  readonly number: number
  readonly segments: Segments
  readonly queries: WindowQueries
  readonly ahead: LookAhead
  /** What comes out without a match. */
  readonly outer: OuterSides
  readonly #isOuter: boolean
  readonly clock: JoinClock
  /** The task's. */
  readonly #stream: StreamClock
  /** How far behind the task's the join's stream time is, in ms. */
  readonly #delayMs: number
  readonly #log: PageLog
  readonly #writer: PageWriter
  readonly #hash: typeof hashBytes
  readonly #sink: JoinSink
  readonly #layout: OwnLayout | null
  readonly #counts: WindowCounts
  /** The join's stream time at the record whose matches are looked at. A field, as a number among arguments would be boxed. */
  takenAt = Number.NEGATIVE_INFINITY
  readonly #cold = new ColdMatches()
  readonly #own = new EntryCursor()
  readonly #other = new EntryCursor()
  #ownIndex: SegmentIndex | undefined
  #ownPage: Page | undefined
  #ownPosition = 0
  #ownEntry = 0
  #ownEntries: Entries | undefined

  constructor(options: WindowOptions) {
    const { times, kind, number, log, clock, earlier = null, sink, counts, layout = null } = options
    this.times = times
    this.number = number
    this.#log = log
    this.clock = new JoinClock(clock, earlier)
    this.#stream = clock
    this.#delayMs = this.clock.delayMs
    this.#hash = options.hash ?? hashBytes
    this.#sink = sink
    this.#layout = layout
    this.#counts = counts
    this.#writer = new PageWriter(log, number)
    this.segments = new Segments(times.segmentMs)
    const { segments } = this
    this.outer = new OuterSides(kind, { ...options, layout, segments, clock: this.clock })
    this.#isOuter = this.outer.all.length > 0
    this.queries = new WindowQueries(segments, log, this.#hash, layout)
    this.ahead = new LookAhead(times, segments, log.recent)
  }

  /** Where the body of the record just inserted has to be written. */
  get bodyBuffer(): Bytes {
    return this.#own.buffer
  }

  /** Matches wait for their pages. */
  get hasCold(): boolean {
    return !this.#cold.isEmpty
  }

  /** So many matches wait for their pages that `resolveCold` has to come first. */
  get coldFull(): boolean {
    return this.#cold.isFull
  }

  /** Adds a record to its side; the caller then writes `bodyBytes` into `bodyBuffer` from the position returned. */
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
    if (this.#isOuter) this.outer.of[side]?.closing.add(time, index.start, this.#ownEntry)
    return own.bodyStart
  }

  /** Looks for partners of the record just inserted, body and all. @returns whether the other side's segments in reach have its hash */
  probe(side: number, hash: number): boolean {
    this.takenAt = this.#stream.streamTime - this.#delayMs
    return this.probeAsTaken(side, hash)
  }

  /** `probe` at a stream time that is given: that of `takenAt`. */
  probeAsTaken(side: number, hash: number): boolean {
    const { beforeMs, afterMs, segmentMs } = this.times
    const time = this.#own.time
    const from = time - (side === LEFT ? beforeMs : afterMs)
    const to = time + (side === LEFT ? afterMs : beforeMs)
    const { segments } = this
    const { recent } = this.#log
    let hit = false
    const middle = this.#ownIndex!.number
    // No segment is shorter than the window reaches to either side.
    for (let number = middle - 1; number <= middle + 1; number++) {
      const index = segments.numbered(number)
      if (index === undefined || index.start + segmentMs <= from || index.start > to) continue
      const other = index.sides[1 - side]
      for (let entry = index.first(1 - side, hash); entry >= 0; entry = other.next(entry)) {
        hit = true
        const place = recent.find(other.page(entry))
        if (place < 0 || (this.#isOuter && !this.#cold.isEmpty)) this.#wait(side, other, entry)
        else this.#consider(side, other, entry, recent.bufferAt(place), recent.startAt(place))
      }
    }
    return hit
  }

  /** Completes the matches whose pages had to be read from LevelDB. @param between awaited after each part of them */
  async resolveCold(between?: () => Promise<void>): Promise<void> {
    if (this.#cold.isEmpty) return
    const cold = this.#cold.drain()
    for (let from = 0; from < cold.length; from += READ_AT_ONCE * COLD_FIELDS) {
      await this.#resolve(cold.subarray(from, from + READ_AT_ONCE * COLD_FIELDS))
      await between?.()
    }
  }

  seal(): void {
    this.outer.seal(this.#writer)
    this.#writer.seal()
  }

  /** Drops the segments that hold nothing any more; returns their starts. */
  expire(): number[] {
    // What has closed unmatched is emitted first.
    const before = Math.min(this.clock.settled - this.times.heldMs, ...this.outer.closedBefore)
    const gone = this.segments.expire(before)
    if (gone.length > 0) this.#ownIndex = undefined
    for (const side of [LEFT, RIGHT]) {
      this.#counts.segmentsExpired[side] += withEntries(gone, side)
    }
    return gone.map(({ start }) => start)
  }

  hasSegment(start: number): boolean {
    return this.segments.get(start) !== undefined
  }

  get closedBefore(): readonly number[] {
    return this.outer.closedBefore
  }

  restore(page: Page): void {
    if (isMarks(page.kind)) {
      this.outer.of[markedSide(page.kind)]?.restoreMarks(page)
      return
    }
    const outer = this.outer.of[page.kind]
    restoreEntries(page, this.segments, this.#hash, (time, entry) => {
      outer?.closing.add(time, page.segment, entry)
    })
  }

  restored(closedBefore: readonly number[]): void {
    this.outer.restored(closedBefore)
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
    if (!isInside(times, distance) || isLate(times, other.time, this.takenAt)) return
    if (!other.sameKey(own.buffer, own.keyStart, own.keyEnd)) return
    if (this.#isOuter) {
      const theirs = this.outer.of[1 - side]
      if (theirs !== undefined) {
        if (this.#isOver(1 - side, entries, entry, other.time)) return
        theirs.mark(entries, entry)
      }
      this.outer.of[side]?.mark(this.#ownEntries!, this.#ownEntry)
    }
    const { matchDelays } = this.#counts
    if (distance < 0) matchDelays[RIGHT].add(-distance)
    else matchDelays[LEFT].add(distance)
    const layout = this.#layout
    if (layout?.isNeeded === true) layout.match(side, own, other, entries.page(entry), this.#sink)
    else this.#sink.match(left, right)
  }

  /** The record, of a side whose records come out without a match, has come out so already, or is about to. */
  #isOver(side: number, entries: Entries, entry: number, time: number): boolean {
    if (entries.isMatched(entry) || !isClosed(this.times, side, time, this.takenAt)) return false
    this.#counts.closedMatches++
    return true
  }

  /**
   * For its page; where records come out without a match also for those that wait already: whether a record has
   * come out depends on whether one of them has matched it.
   */
  #wait(side: number, { start }: Entries, entry: number): void {
    const { number, segment } = this.#ownPage!
    const ownEntry = this.#ownEntry
    this.#cold.add(side, number, this.#ownPosition, segment, ownEntry, start, entry, this.takenAt)
  }

  async #resolve(cold: Float64Array): Promise<void> {
    const { segments } = this
    const { recent, read } = this.#log
    const wanted = pagesWanted(cold, segments)
    const pages = new Map<number, Page>()
    const missing = (): number[] =>
      wanted.filter((number) => !pages.has(number) && !recent.has(number))
    // Asked for in the very turn in which they are used: while some are read, an older epoch's pages may leave the memory.
    for (let next = missing(); next.length > 0; next = missing()) {
      for (const [number, page] of await readPages(read, next)) pages.set(number, page)
    }
    const own = this.#own
    for (let i = 0; i < cold.length; i += COLD_FIELDS) {
      const side = cold[i] | 0
      const entry = cold[i + 6] | 0
      const entries = otherOf(cold, i, segments)
      // Our own record is of the running epoch, so its page is in memory.
      const ownPlace = recent.find(cold[i + 1])
      const segment = cold[i + 3]
      own.read(recent.bufferAt(ownPlace), recent.startAt(ownPlace) + (cold[i + 2] | 0), segment)
      this.#ownEntries = segments.get(segment)!.sides[side]
      this.#ownEntry = cold[i + 4] | 0
      this.takenAt = cold[i + 7]
      const number = entries.page(entry)
      const page = pages.get(number)
      const place = page === undefined ? recent.find(number) : -1
      const buffer = page?.buffer ?? recent.bufferAt(place)
      this.#consider(side, entries, entry, buffer, page?.start ?? recent.startAt(place))
    }
  }
}
