import type { Fetched } from '../broker/port.ts'
import type { Extent } from './extent.ts'

/** One partition of the topic. */
interface Place {
  /** The greatest time of its rows that are in the table, in ms; -∞ before the first. */
  latest: number
  /** Behind them, and where the partition ended at the last answer. */
  next: number
  end: number
}

/** The partition that facts wait for. */
export interface SlowestPartition {
  readonly partition: number
  /** Up to which time its rows are in the table, in ms; -∞ before the first. */
  readonly latest: number
  /** Offsets up to its end. */
  readonly behind: number
}

/**
 * How far the rows of a dimension are, by their times: a fact finds the row of its time once each partition was read past
 * that time, or to its end.
 */
export class RowHorizon {
  #places: Place[] = []

  /** A reading of the topic begins. @param positions the next offsets. @param ends by partition */
  begin(positions: readonly number[], ends: readonly number[]): void {
    this.#places = positions.map((next, p) => ({ latest: -Infinity, next, end: ends[p] }))
  }

  /** The partitions that have come since are read from their heads. */
  grow({ heads, ends }: Pick<Extent, 'heads' | 'ends'>): void {
    for (let p = this.#places.length; p < heads.length; p++) {
      this.#places.push({ latest: -Infinity, next: heads[p], end: ends[p] })
    }
  }

  /** An answer has come, and its rows are not in the table yet. */
  saw({ partition, highWatermark }: Fetched): void {
    this.#places[partition].end = highWatermark
  }

  /** A row of this time is in the table. */
  passed(partition: number, time: number): void {
    const place = this.#places[partition]
    if (time > place.latest) place.latest = time
  }

  /** All that the answer has is in the table. */
  took({ partition, columns }: Fetched): void {
    this.#places[partition].next = columns.nextOffset
  }

  /** Facts before this time, in ms, find their rows; infinite: all do. */
  get limit(): number {
    let limit = Number.POSITIVE_INFINITY
    for (const { latest, next, end } of this.#places) {
      if (next < end && latest < limit) limit = latest
    }
    return limit
  }

  /** What the limit is due to; undefined: there is none. */
  get slowest(): SlowestPartition | undefined {
    const { limit } = this
    const partition = this.#places.findIndex(
      ({ latest, next, end }) => next < end && latest === limit,
    )
    if (partition < 0) return undefined
    const { latest, next, end } = this.#places[partition]
    return { partition, latest, behind: end - next }
  }
}
