import { SLICE } from '../batch.ts'
import { LEFT } from '../state/page.ts'
import type { RecentPages } from '../state/recent-pages.ts'
import type { Lateness } from './lateness.ts'
import type { Segments } from './segments.ts'

/** Brings near what a window's `insert` and `probe` of the next records will read. */
export class LookAhead {
  readonly #times: Lateness & { readonly segmentMs: number }
  readonly #segments: Segments
  readonly #recent: RecentPages
  readonly #entries = new Int32Array(SLICE)

  constructor(
    times: Lateness & { readonly segmentMs: number },
    segments: Segments,
    recent: RecentPages,
  ) {
    this.#times = times
    this.#segments = segments
    this.#recent = recent
  }

  /**
   * @param hashes of the records' keys, a slice at most; so many of them
   * @param from @param to the earliest and the latest of their times
   * @returns nothing of use, so that the reads are not optimized away
   */
  touch(side: number, hashes: Int32Array, count: number, from: number, to: number): number {
    const { beforeMs, afterMs, segmentMs } = this.#times
    const earliest = from - (side === LEFT ? beforeMs : afterMs)
    const latest = to + (side === LEFT ? afterMs : beforeMs)
    const entries = this.#entries
    const recent = this.#recent
    let touched = 0
    for (const index of this.#segments.all) {
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
}
