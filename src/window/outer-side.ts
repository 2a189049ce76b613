import type { Bytes } from '../bytes.ts'
import { EntryCursor, marksOf, PAGE_HEADER, type Page } from '../state/page.ts'
import type { PageLog } from '../state/page-log.ts'
import type { PageWriter } from '../state/page-writer.ts'
import type { StreamClock } from '../state/task-state.ts'
import { Closing } from './closing.ts'
import type { Entries } from './entries.ts'
import { readPages } from './page-reader.ts'
import type { Segments } from './segments.ts'

/** What it has in common with its window. */
interface OfWindow {
  readonly segments: Segments
  readonly log: PageLog
  readonly clock: StreamClock
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
  readonly #emit: (record: EntryCursor) => void
  readonly #record = new EntryCursor()
  /** Entries that have matched in the running epoch. */
  #marks = new Map<Entries, number[]>()

  /** @param emit takes a record that has closed without a match; it is valid until the call returns */
  constructor(
    side: number,
    openMs: number,
    sliceMs: number,
    window: OfWindow,
    emit: (record: EntryCursor) => void,
  ) {
    this.side = side
    this.#openMs = openMs
    this.closing = new Closing(sliceMs)
    this.#window = window
    this.#emit = emit
  }

  /** Whether `close` has anything to do. */
  get isDue(): boolean {
    return this.closing.isDue(this.#window.clock.streamTime - this.#openMs)
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
   * @returns how many
   */
  async close(full: () => boolean): Promise<number> {
    const { closing } = this
    let emitted = 0
    while (this.isDue && (closing.isOverdue || !full())) {
      for (const due of closing.drainSlice(this.#window.clock.streamTime - this.#openMs)) {
        for (let i = 0; i < due.length; i += READ_AT_ONCE) {
          emitted += await this.#emitUnmatched(due.segment, due.some(i, i + READ_AT_ONCE))
        }
      }
    }
    return emitted
  }

  /** Those in memory come out first: while the others are read, an older epoch's pages may leave it. */
  async #emitUnmatched(segment: number, due: Int32Array): Promise<number> {
    const { segments, log } = this.#window
    const entries = segments.get(segment)?.sides[this.side]
    if (entries === undefined) return 0
    const { recent } = log
    const wanted = new Set<number>()
    const cold: number[] = []
    let emitted = 0
    for (const entry of due) {
      if (entries.isMatched(entry)) continue
      emitted++
      const number = entries.page(entry)
      const place = recent.find(number)
      if (place >= 0) {
        const at = recent.startAt(place) + entries.position(entry)
        this.#emitAt(recent.bufferAt(place), at, entries.start)
      } else {
        wanted.add(number)
        cold.push(number, entries.position(entry))
      }
    }
    const pages = await readPages(log.read, [...wanted])
    for (let i = 0; i < cold.length; i += 2) {
      const page = pages.get(cold[i])!
      this.#emitAt(page.buffer, page.start + (cold[i + 1] | 0), page.segment)
    }
    return emitted
  }

  #emitAt(buffer: Bytes, position: number, segment: number): void {
    this.#record.read(buffer, position, segment)
    this.#emit(this.#record)
  }
}
