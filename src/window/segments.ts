import type { JoinConfig } from '../config/pipeline.ts'
import { type Lateness, latenessOf } from './lateness.ts'
import { SegmentIndex } from './segment-index.ts'

/** The window's figures, in ms; all follow from the pipeline file. */
export interface WindowTimes extends Lateness {
  readonly segmentMs: number
  /** Facts close together by slices of event time of this length. */
  readonly sliceMs: number
}

const MOST_SLICES = 3600

export function windowTimes(
  join: Pick<JoinConfig, 'beforeMs' | 'afterMs' | 'graceMs'>,
): WindowTimes {
  const window = Math.max(join.beforeMs, join.afterMs)
  const reach = window + join.graceMs
  // Fine enough that a fact closes soon after its time; in a window of days not too many.
  const fine = Math.min(1000, Math.max(10, Math.floor(reach / 20)))
  return {
    ...latenessOf(join),
    // Short enough that expiry follows closely, long enough that a probe meets three segments at most.
    segmentMs: Math.max(window, 1000),
    sliceMs: Math.max(fine, Math.floor(reach / MOST_SLICES)),
  }
}

const LAST = 8

/** A window's segments: start time → index. */
export class Segments {
  readonly #segmentMs: number
  readonly #live = new Map<number, SegmentIndex>()
  /** Those looked up last, there or not, by the low bits of their number: cheaper than a map whose keys are doubles. */
  readonly #lastStarts = new Float64Array(LAST).fill(Number.NaN)
  readonly #last: (SegmentIndex | undefined)[] = new Array(LAST).fill(undefined)

  constructor(segmentMs: number) {
    this.#segmentMs = segmentMs
  }

  startOf(time: number): number {
    return Math.floor(time / this.#segmentMs) * this.#segmentMs
  }

  get(start: number): SegmentIndex | undefined {
    const slot = this.#slotOf(start)
    return this.#lastStarts[slot] === start ? this.#last[slot] : this.#find(start)
  }

  at(start: number): SegmentIndex {
    return this.get(start) ?? this.#begin(start)
  }

  #find(start: number): SegmentIndex | undefined {
    return this.#keep(start, this.#live.get(start))
  }

  #keep(start: number, index: SegmentIndex | undefined): SegmentIndex | undefined {
    const slot = this.#slotOf(start)
    this.#lastStarts[slot] = start
    this.#last[slot] = index
    return index
  }

  #slotOf(start: number): number {
    return (start / this.#segmentMs) & (LAST - 1)
  }

  #begin(start: number): SegmentIndex {
    // Probably as many as in the segment before.
    const index = new SegmentIndex(start, this.#live.get(start - this.#segmentMs)?.hashes)
    this.#live.set(start, index)
    this.#keep(start, index)
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
    for (const { start } of gone) this.#live.delete(start)
    this.#lastStarts.fill(Number.NaN)
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
