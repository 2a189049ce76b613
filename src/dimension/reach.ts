import type { Fetched } from '../broker/port.ts'
import type { Extent } from './extent.ts'

/** One partition of the topic. */
interface Place {
  /** The greatest time of its records that are taken, in ms; -∞ before the first. */
  latest: number
  /** Behind them, and where the partition ended at the last answer. */
  next: number
  end: number
  /** Answers that have come, and those whose records are taken. */
  seen: number
  taken: number
}

/** A time of which it is to be made sure that nothing from before it is ahead. */
interface Wish {
  readonly time: number
  /** By partition: how many answers have to be taken. */
  readonly answers: readonly number[]
}

/** How far a dimension's topic is read, by the times of its records. */
export class Reach {
  #places: Place[] = []
  #wish: Wish | undefined

  /** A reading of the topic begins. @param positions the next offsets. @param ends by partition */
  begin(positions: readonly number[], ends: readonly number[]): void {
    this.#places = positions.map((next, p) => place(next, ends[p]))
    this.#wish = undefined
  }

  /** The partitions that have come since are read from their heads. */
  grow({ heads, ends }: Pick<Extent, 'heads' | 'ends'>): void {
    for (let p = this.#places.length; p < heads.length; p++) {
      this.#places.push(place(heads[p], ends[p]))
    }
    this.#wish = undefined
  }

  /** An answer has come, and its records are not taken yet. */
  saw({ partition, highWatermark }: Fetched): void {
    const one = this.#places[partition]
    one.end = highWatermark
    one.seen++
  }

  /** All records of an answer are taken. */
  took({ partition, columns }: Fetched): void {
    const one = this.#places[partition]
    one.next = columns.nextOffset
    one.taken++
    for (let i = 0; i < columns.length; i++) {
      if (columns.timestamps[i] > one.latest) one.latest = columns.timestamps[i]
    }
  }

  /** Of all partitions, in ms; -∞ before the first record. */
  get latest(): number {
    return this.#places.reduce((most, { latest }) => Math.max(most, latest), -Infinity)
  }

  /** Whether each partition is read past a time, or to where its end was when it was looked at last. */
  isPast(time: number): boolean {
    return this.#places.every(({ latest, next, end }) => latest > time || next >= end)
  }

  /**
   * The same, and the ends are those of answers to questions that were asked since this was asked of the time first: of two
   * that come behind it the second is.
   */
  isSurelyPast(time: number): boolean {
    if (this.#wish?.time !== time) {
      this.#wish = { time, answers: this.#places.map(({ seen }) => seen + 2) }
    }
    const { answers } = this.#wish
    return (
      this.isPast(time) &&
      this.#places.every(({ latest, taken }, p) => latest > time || taken >= answers[p])
    )
  }
}

const place = (next: number, end: number): Place => {
  return { latest: -Infinity, next, end, seen: 0, taken: 0 }
}
