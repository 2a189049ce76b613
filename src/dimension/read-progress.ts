import type { Fetched } from '../broker/port.ts'

/** How far a dimension's topic is read: to its ends at the start, and on behind them. Lists are by partition. */
export class ReadProgress {
  /** When reading began (Unix ms), and the offsets that it had before it. */
  readonly begunMs = Date.now()
  readonly total: number
  readonly #positions: number[]
  /** The ends at the start. */
  readonly #ends: readonly number[]
  /** Last stable offsets as of the last answers. */
  readonly #stable: number[]
  /** When its end was last seen to have been reached (Unix ms). */
  readonly #currentAt: number[]

  /** @param askedMs when the ends were asked for: once they are reached, all is there that was then */
  constructor(positions: readonly number[], ends: readonly number[], askedMs: number) {
    this.#positions = [...positions]
    this.#ends = ends
    this.#stable = [...ends]
    this.#currentAt = positions.map(() => askedMs)
    this.total = this.remaining
  }

  took({ partition, columns: { nextOffset }, lastStableOffset }: Fetched): void {
    this.#positions[partition] = nextOffset
    if (nextOffset >= lastStableOffset) this.#currentAt[partition] = Date.now()
    this.#stable[partition] = lastStableOffset
  }

  /** The next offsets to read: rows before them are in the table. */
  get positions(): readonly number[] {
    return this.#positions
  }

  /** Offsets that were there at the start and have not been read yet. */
  get remaining(): number {
    return this.remainingByPartition.reduce((sum, offsets) => sum + offsets, 0)
  }

  get remainingByPartition(): number[] {
    return this.#ends.map((end, p) => Math.max(0, end - this.#positions[p]))
  }

  /** Offsets between what was read and what was there at the last look. */
  get lag(): number {
    return this.#stable.reduce((sum, end, p) => sum + Math.max(0, end - this.#positions[p]), 0)
  }

  /** How long ago the table, once ready, is known to have had all that was in the topic, in ms. */
  get stalenessMs(): number {
    return this.#currentAt.length === 0 ? 0 : Date.now() - Math.min(...this.#currentAt)
  }
}
