const FIRST_ENTRIES = 16

/** A side's entries of one segment, outside the JavaScript heap: a window of days has many millions of them. */
export class SegmentEntries {
  readonly segment: number
  #entries = new Int32Array(FIRST_ENTRIES)
  length = 0

  constructor(segment: number) {
    this.segment = segment
  }

  push(entry: number): void {
    if (this.length === this.#entries.length) {
      const grown = new Int32Array(this.length * 2)
      grown.set(this.#entries)
      this.#entries = grown
    }
    this.#entries[this.length++] = entry
  }

  some(from: number, to: number): Int32Array {
    return this.#entries.subarray(from, Math.min(to, this.length))
  }
}

/**
 * Which entries of a side close when: the unmatched ones are emitted as stream time passes. Entries are
 * kept by slices of event time, so that closing looks at each of them once.
 */
export class Closing {
  readonly sliceMs: number
  /** By the slice's start; a slice lies in one segment, or in two. */
  readonly #slices = new Map<number, SegmentEntries[]>()
  /** Every slice before this time has been emitted, but for what has been added since. */
  closedBefore = Number.NEGATIVE_INFINITY
  /**
   * An entry of a slice that was emitted before it came. It has to be taken before the epoch ends, for a
   * restore knows only `closedBefore`.
   */
  isOverdue = false

  constructor(sliceMs: number) {
    this.sliceMs = sliceMs
  }

  add(time: number, segment: number, entry: number): void {
    const slice = Math.floor(time / this.sliceMs) * this.sliceMs
    if (slice < this.closedBefore) this.isOverdue = true
    let parts = this.#slices.get(slice)
    if (parts === undefined) {
      parts = []
      this.#slices.set(slice, parts)
    }
    let part = parts.find((one) => one.segment === segment)
    if (part === undefined) {
      part = new SegmentEntries(segment)
      parts.push(part)
    }
    part.push(entry)
  }

  get pending(): number {
    let pending = 0
    for (const parts of this.#slices.values()) for (const { length } of parts) pending += length
    return pending
  }

  /** Every pending entry's time is before this one. */
  get latest(): number {
    let latest = Number.NEGATIVE_INFINITY
    for (const slice of this.#slices.keys()) if (slice > latest) latest = slice
    return latest + this.sliceMs
  }

  /** After a restore, which has added entries from before `closedBefore` too. */
  restored(closedBefore: number): void {
    this.closedBefore = closedBefore
    this.isOverdue = false
    for (const slice of this.#slices.keys()) if (slice < closedBefore) this.#slices.delete(slice)
  }

  /** Whether `drainSlice` would give anything. */
  isDue(time: number): boolean {
    return this.isOverdue || this.#dueBefore(time) > this.closedBefore
  }

  /** Takes the entries of the earliest slice that ends at or before `time`. */
  drainSlice(time: number): readonly SegmentEntries[] {
    const due = Math.max(this.#dueBefore(time), this.closedBefore)
    let earliest = due
    for (const slice of this.#slices.keys()) if (slice < earliest) earliest = slice
    this.closedBefore = Math.max(this.closedBefore, Math.min(due, earliest + this.sliceMs))
    const taken = this.#slices.get(earliest)
    if (earliest === due || taken === undefined) return []
    this.#slices.delete(earliest)
    if (this.isOverdue) this.isOverdue = this.#hasBefore(this.closedBefore)
    return taken
  }

  #hasBefore(time: number): boolean {
    for (const slice of this.#slices.keys()) if (slice < time) return true
    return false
  }

  #dueBefore(time: number): number {
    return Math.floor(time / this.sliceMs) * this.sliceMs
  }
}
