import { graceOf, type Lateness, type LatenessConfig, latenessOf } from './lateness.ts'
import { SegmentIndex } from './segment-index.ts'

/** The window's figures, in ms; all follow from the pipeline file. */
export interface WindowTimes extends Lateness {
  readonly segmentMs: number
  /** Records of a side close together by slices of event time of this length. */
  readonly sliceMs: number
}

const MOST_SLICES = 3600
const MOST_SEGMENTS = 1000

export function windowTimes(join: LatenessConfig): WindowTimes {
  const window = Math.max(join.beforeMs, join.afterMs)
  const reach = window + graceOf(join)
  // Fine enough that a record closes soon after its time; in a window of days not too many.
  const fine = Math.min(1000, Math.max(10, Math.floor(reach / 20)))
  const lateness = latenessOf(join)
  return {
    ...lateness,
    // Short enough that expiry follows closely, long enough that a probe meets three segments at most, and that
    // they are not too many where records are held for long.
    segmentMs: Math.max(window, 1000, Math.ceil(lateness.heldMs / MOST_SEGMENTS)),
    sliceMs: Math.max(fine, Math.floor(reach / MOST_SLICES)),
  }
}

const LAST = 8

/** A window's segments, by number: their start in segments' lengths. V8 does not box it, as it would the start. */
export class Segments {
  readonly #segmentMs: number
  readonly #live = new Map<number, SegmentIndex>()
  /** Those looked up last, there or not, by the low bits of their number: cheaper than a map. */
  readonly #lastNumbers = new Float64Array(LAST).fill(Number.NaN)
  readonly #last: (SegmentIndex | undefined)[] = new Array(LAST).fill(undefined)

  constructor(segmentMs: number) {
    this.#segmentMs = segmentMs
  }

  /** @param time any in it, in ms */
  get(time: number): SegmentIndex | undefined {
    return this.numbered(this.#numberOf(time))
  }

  /** It begins where it was not there. */
  at(time: number): SegmentIndex {
    const number = this.#numberOf(time)
    return this.numbered(number) ?? this.#begin(number)
  }

  numbered(number: number): SegmentIndex | undefined {
    const slot = number & (LAST - 1)
    if (this.#lastNumbers[slot] === number) return this.#last[slot]
    return this.#keep(number, this.#live.get(number))
  }

  #numberOf(time: number): number {
    return Math.floor(time / this.#segmentMs)
  }

  #keep(number: number, index: SegmentIndex | undefined): SegmentIndex | undefined {
    const slot = number & (LAST - 1)
    this.#lastNumbers[slot] = number
    this.#last[slot] = index
    return index
  }

  #begin(number: number): SegmentIndex {
    // Probably as many as in the segment before.
    const expected = this.#live.get(number - 1)?.hashes
    const index = new SegmentIndex(number, number * this.#segmentMs, expected)
    this.#live.set(number, index)
    this.#keep(number, index)
    return index
  }

  get all(): SegmentIndex[] {
    return [...this.#live.values()]
  }

  newestFirst(): SegmentIndex[] {
    return this.all.sort((a, b) => b.start - a.start)
  }

  /** Drops the segments that end before `time`, and returns them. */
  expire(time: number): SegmentIndex[] {
    const gone = this.all.filter(({ start }) => start + this.#segmentMs <= time)
    if (gone.length === 0) return gone
    for (const { number } of gone) this.#live.delete(number)
    this.#lastNumbers.fill(Number.NaN)
    this.#last.fill(undefined)
    return gone
  }

  /** With entries of this side. */
  count(side: number): number {
    return withEntries(this.all, side)
  }

  entries(side: number): number {
    let entries = 0
    for (const { sides } of this.#live.values()) entries += sides[side].count
    return entries
  }

  get bytes(): number {
    let bytes = 0
    for (const index of this.#live.values()) bytes += index.bytes
    return bytes
  }
}

/** How many of these have entries of a side. */
export const withEntries = (segments: readonly SegmentIndex[], side: number): number =>
  segments.filter(({ sides }) => sides[side].count > 0).length
