import type { Bytes } from '../bytes.ts'
import type { WindowCounts } from '../counts/counts.ts'
import { EntryCursor, marksOf, PAGE_HEADER, type Page } from '../state/page.ts'
import type { PageLog } from '../state/page-log.ts'
import { readPages } from '../state/page-reader.ts'
import type { PageWriter } from '../state/page-writer.ts'
import { Closing } from './closing.ts'
import type { Entries } from './entries.ts'
import type { JoinClock } from './join-clock.ts'
import type { OwnLayout } from './own-layout.ts'
import type { Segments, WindowTimes } from './segments.ts'
import type { JoinSink } from './window-options.ts'

/** What it has in common with its window. */
export interface OfWindow {
  readonly times: WindowTimes
  readonly segments: Segments
  readonly log: PageLog
  readonly layout: OwnLayout | null
  readonly clock: JoinClock
  readonly counts: WindowCounts
  /** Takes records that have closed without a match. */
  readonly sink: Pick<JoinSink, 'unmatched'>
}

/** Records are read back this many at a time, so that memory stays bounded. */
const READ_AT_ONCE = 4096

/**
 * A side of a window whose records come out without a match once they have closed: which of them have matched, and
 * which close when.
 */
export class OuterSide {
  readonly side: number
  readonly closing: Closing
  readonly #window: OfWindow
  /** How far stream time has passed a record by when it closes. */
  readonly #openMs: number
  readonly #record = new EntryCursor()
  /** Entries that have matched in the running epoch. */
  #marks = new Map<Entries, number[]>()

  constructor(side: number, window: OfWindow) {
    this.side = side
    this.#openMs = window.times.openMs[side]
    this.closing = new Closing(window.times.sliceMs)
    this.#window = window
  }

  /** Whether `close` has anything to do. */
  get isDue(): boolean {
    return this.closing.isDue(this.#window.clock.settled - this.#openMs)
  }

  /** The join's stream time at which everything that is pending has closed. */
  get closedAt(): number {
    return this.closing.latest + this.closing.sliceMs + this.#openMs
  }

  /** An entry has found a match. */
  mark(entries: Entries, entry: number): void {
    if (entries.isMatched(entry)) return
    entries.setMatched(entry)
    const marks = this.#marks.get(entries)
    if (marks === undefined) this.#marks.set(entries, [entry])
    else marks.push(entry)
  }

  /** The epoch ends: its marks go on pages. */
  seal(writer: PageWriter): void {
    for (const [of, entries] of this.#marks) writer.marks(marksOf(this.side), of, entries)
    this.#marks.clear()
  }

  restoreMarks(page: Page): void {
    const entries = this.#window.segments.at(page.segment).sides[this.side]
    for (let at = page.start + PAGE_HEADER; at < page.end; at += 4) {
      entries.setMatched(page.buffer.readUInt32LE(at))
    }
  }

  /**
   * Emits the records that have closed without a match.
   * @param full asked before each slice of time: whether the rest has to wait for the next epoch
   */
  async close(full: () => boolean): Promise<void> {
    const { closing } = this
    while (this.isDue && (closing.isOverdue || !full())) {
      for (const due of closing.drainSlice(this.#window.clock.settled - this.#openMs)) {
        for (let i = 0; i < due.length; i += READ_AT_ONCE) {
          await this.#emitUnmatched(due.segment, due.some(i, i + READ_AT_ONCE))
        }
      }
    }
  }

  /** Those in memory come out first: while the others are read, an older epoch's pages may leave it. */
  async #emitUnmatched(segment: number, due: Int32Array): Promise<void> {
    const { segments, log } = this.#window
    const entries = segments.get(segment)?.sides[this.side]
    if (entries === undefined) return
    const { recent } = log
    const wanted = new Set<number>()
    const cold: number[] = []
    for (const entry of due) {
      if (entries.isMatched(entry)) continue
      const number = entries.page(entry)
      const place = recent.find(number)
      if (place >= 0) {
        const at = recent.startAt(place) + entries.position(entry)
        this.#emitAt(number, recent.bufferAt(place), at, entries.start)
      } else {
        wanted.add(number)
        cold.push(number, entries.position(entry))
      }
    }
    const pages = await readPages(log.read, [...wanted])
    for (let i = 0; i < cold.length; i += 2) {
      const page = pages.get(cold[i])!
      this.#emitAt(page.number, page.buffer, page.start + (cold[i + 1] | 0), page.segment)
    }
  }

  /** @param page the number of the record's */
  #emitAt(page: number, buffer: Bytes, position: number, segment: number): void {
    const { sink, counts, layout } = this.#window
    const stored = this.#record
    stored.read(buffer, position, segment)
    counts.unmatched[this.side]++
    const record = layout?.isNeeded === true ? layout.take(this.side, page, stored) : stored
    if (record !== null) sink.unmatched(this.side, record)
  }
}
