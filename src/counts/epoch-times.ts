/** Epochs whose times are kept. */
const KEPT = 512

/** How long the last epochs took to commit. */
export class EpochTimes {
  readonly #times: number[] = []
  committed = 0
  /** Wall clock of the last commit, in ms; 0 before the first. */
  lastAt = 0
  /** When that was by the monotonic clock. */
  #last = 0

  add(milliseconds: number): void {
    this.#times[this.committed % KEPT] = milliseconds
    this.committed++
    this.lastAt = Date.now()
    this.#last = performance.now()
  }

  /** How long ago the last commit was, in ms; null before the first. */
  get sinceLastMs(): number | null {
    return this.committed === 0 ? null : Math.round(performance.now() - this.#last)
  }

  /** The time, in ms, below which so large a part of the last 512 lies; null before the first. */
  quantile(q: number): number | null {
    const sorted = [...this.#times].sort((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? null
  }
}
