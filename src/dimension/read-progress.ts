import type { Fetched } from '../broker/port.ts'

/** Records that nobody may read yet: a transaction is open, and committed ones may lie behind its beginning. */
export interface OpenTransaction {
  readonly partition: number
  /** Where it begins: the last stable offset. */
  readonly offset: number
  /** Offsets from there to the end. */
  readonly behind: number
  /** For how long reading has stood there, as of the last answer. */
  readonly ms: number
}

/** One partition. */
class Position {
  next: number
  /** The end at the start, transactions that were open included. */
  readonly end: number
  /** As of the last answer. */
  stable: number
  high: number
  /** All that was there at this time has been read (Unix ms) … */
  currentAt: number
  /** … and once this end is reached, all that was there at that time. */
  #sampledEnd: number
  #sampledAt: number
  /** Since when reading has stood before an open transaction, by `performance.now`; 0: it does not. */
  #stoodSince = 0
  #answeredAt = 0

  constructor(next: number, end: number, currentAt: number, askedMs: number) {
    this.next = next
    this.end = this.stable = this.high = this.#sampledEnd = end
    this.#sampledAt = askedMs
    this.currentAt = next >= end ? askedMs : currentAt
  }

  took(next: number, stable: number, high: number): void {
    const now = Date.now()
    if (next >= high) this.#sample(now, now, high)
    else if (next >= this.#sampledEnd) this.#sample(this.#sampledAt, now, high)
    this.#answeredAt = performance.now()
    const stands = next >= stable && high > stable
    if (!stands) this.#stoodSince = 0
    else if (this.#stoodSince === 0 || stable !== this.stable) this.#stoodSince = this.#answeredAt
    this.next = next
    this.stable = stable
    this.high = high
  }

  get stoodMs(): number {
    return this.#stoodSince === 0 ? 0 : this.#answeredAt - this.#stoodSince
  }

  get stands(): boolean {
    return this.#stoodSince > 0
  }

  #sample(currentAt: number, at: number, end: number): void {
    this.currentAt = Math.max(this.currentAt, currentAt)
    this.#sampledAt = at
    this.#sampledEnd = end
  }
}

/** How far a dimension's topic is read: to its ends at the start, and on behind them. Lists are by partition. */
export class ReadProgress {
  /** When reading began, by `performance.now`, and the offsets that it had before it. */
  readonly begunMs = performance.now()
  readonly total: number
  readonly #partitions: Position[]

  /**
   * @param positions the next offsets to read
   * @param ends of the partitions, as of `askedMs`: once they are reached, all is there that was then
   * @param currentAt all that was there at this time lies before the positions, or is read from its head
   */
  constructor(
    positions: readonly number[],
    ends: readonly number[],
    currentAt: number,
    askedMs: number,
  ) {
    this.#partitions = positions.map((next, p) => new Position(next, ends[p], currentAt, askedMs))
    this.total = this.remaining
  }

  /** A partition more, to be read from its head: it is no part of the start. */
  add(head: number, askedMs: number): void {
    this.#partitions.push(new Position(head, head, askedMs, askedMs))
  }

  took({ partition, columns, lastStableOffset, highWatermark }: Fetched): void {
    this.#partitions[partition].took(columns.nextOffset, lastStableOffset, highWatermark)
  }

  /** The next offsets to read: rows before them are in the table. */
  get positions(): readonly number[] {
    return this.#partitions.map(({ next }) => next)
  }

  /** Offsets that were there at the start and have not been read yet. */
  get remaining(): number {
    return this.remainingByPartition.reduce((sum, offsets) => sum + offsets, 0)
  }

  get remainingByPartition(): number[] {
    return this.#partitions.map(({ end, next }) => Math.max(0, end - next))
  }

  /** Offsets between what was read and what could be read at the last look. */
  get lag(): number {
    return this.#partitions.reduce((sum, { stable, next }) => sum + Math.max(0, stable - next), 0)
  }

  /** Offsets from the beginning of an open transaction on, of all partitions: nobody may read them yet. */
  get undecided(): number {
    return this.#partitions.reduce((sum, { high, stable }) => sum + Math.max(0, high - stable), 0)
  }

  /** The one at which reading has stood longest. */
  get openTransaction(): OpenTransaction | undefined {
    return this.#standing(() => true)
  }

  /** The same, of those that what was there at the start lies behind. */
  get waitsFor(): OpenTransaction | undefined {
    return this.#standing(({ next, end }) => next < end)
  }

  /** All that was in the topic at this time has been read, or was compacted away (Unix ms). */
  get currentAt(): number {
    return Math.min(Date.now(), ...this.#partitions.map(({ currentAt }) => currentAt))
  }

  /** How long ago the table, once ready, is known to have had all that was in the topic, in ms. */
  get stalenessMs(): number {
    return Date.now() - this.currentAt
  }

  #standing(counts: (position: Position) => boolean): OpenTransaction | undefined {
    let longest: OpenTransaction | undefined
    for (const [partition, position] of this.#partitions.entries()) {
      const { stands, stoodMs: ms, stable: offset, high } = position
      if (!stands || !counts(position) || ms < (longest?.ms ?? 0)) continue
      longest = { partition, offset, behind: high - offset, ms }
    }
    return longest
  }
}
