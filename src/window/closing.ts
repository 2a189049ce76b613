/**
 * Which left entries close when: the unmatched ones are emitted as stream time passes. Entries are
 * kept by slices of event time, so that closing looks at each of them once.
 */
export class Closing {
  readonly sliceMs: number
  readonly #slices = new Map<number, number[]>()
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
    let list = this.#slices.get(slice)
    if (list === undefined) {
      list = []
      this.#slices.set(slice, list)
    }
    list.push(segment, entry)
  }

  get pending(): number {
    let pending = 0
    for (const list of this.#slices.values()) pending += list.length / 2
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

  /** Whether `take` would take anything. */
  isDue(time: number): boolean {
    return this.isOverdue || this.#dueBefore(time) > this.closedBefore
  }

  /** Takes the entries of the earliest slice that ends at or before `time`: segment, entry, segment, entry … */
  take(time: number): number[] {
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
