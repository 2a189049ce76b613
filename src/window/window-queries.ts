import type { Bytes, hashBytes } from '../bytes.ts'
import { EntryCursor, readPageHeader } from '../state/page.ts'
import type { PageLog } from '../state/page-log.ts'
import type { OwnLayout } from './own-layout.ts'
import type { Segments } from './segments.ts'

/** A record of the window; the body is in output form. */
export interface StoredRecord {
  readonly time: number
  readonly body: Buffer
}

/** What others may ask of a window while its task runs: the records of committed epochs. */
export class WindowQueries {
  readonly #segments: Segments
  readonly #log: PageLog
  readonly #hash: typeof hashBytes
  readonly #layout: OwnLayout | null

  constructor(segments: Segments, log: PageLog, hash: typeof hashBytes, layout: OwnLayout | null) {
    this.#segments = segments
    this.#log = log
    this.#hash = hash
    this.#layout = layout
  }

  /**
   * A key's records, newest segment first; at most `most` are looked at. A page that expires while
   * others are read is passed over.
   */
  async recordsOf(side: number, key: Bytes, most: number): Promise<StoredRecord[]> {
    const { recent, read } = this.#log
    const found: (StoredRecord | undefined)[] = []
    const cold: { at: number; number: number; position: number }[] = []
    for (const [number, position, segment] of this.#committed(side, key, most)) {
      const place = recent.find(number)
      if (place < 0) {
        cold.push({ at: found.length, number, position })
        found.push(undefined)
      } else {
        const at = recent.startAt(place) + position
        found.push(this.#copyOf(side, number, recent.bufferAt(place), at, segment, key))
      }
    }
    const pages = cold.length === 0 ? [] : await read(cold.map(({ number }) => number))
    for (const [i, { at, number, position }] of cold.entries()) {
      const page = pages[i] && readPageHeader(pages[i], 0)
      if (page === undefined) continue
      const { buffer, start, segment } = page
      found[at] = this.#copyOf(side, number, buffer, start + position, segment, key)
    }
    return found.filter((record) => record !== undefined)
  }

  /** Page numbers, positions and segments. */
  *#committed(side: number, key: Bytes, most: number): Generator<[number, number, number]> {
    const hash = this.#hash(key, 0, key.length)
    let left = most
    for (const index of this.#segments.newestFirst()) {
      const entries = index.sides[side]
      let entry = index.first(side, hash)
      for (; entry >= 0 && left > 0; entry = entries.next(entry)) {
        const number = entries.page(entry)
        if (!this.#log.recent.isCommitted(number)) continue
        left--
        yield [number, entries.position(entry), index.start]
      }
    }
  }

  /** undefined: the entry is of another key with the same hash, or cannot come out any more. */
  #copyOf(
    side: number,
    page: number,
    buffer: Bytes,
    position: number,
    segment: number,
    key: Bytes,
  ): StoredRecord | undefined {
    const stored = new EntryCursor()
    stored.read(buffer, position, segment)
    if (!stored.sameKey(key, 0, key.length)) return undefined
    const entry = this.#layout === null ? stored : this.#layout.of(side, page, stored)
    if (entry === null) return undefined
    const body = Buffer.from(entry.buffer.subarray(entry.bodyStart, entry.bodyEnd))
    return { time: entry.time, body }
  }
}
