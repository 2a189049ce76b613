/**
 * The windowed join as docs/joins.md words it, over every record that has come so far: what the window
 * has to agree with. With B = before, A = after, G = grace, and S = stream time.
 */

import type { JoinKind } from '../../src/config/join-kind.ts'

export const LEFT = 0
export const RIGHT = 1

export interface ModelRecord {
  readonly side: number
  /** Event time in ms. */
  readonly time: number
  readonly key: string
  readonly id: number
  /** Something else is wrong with it. */
  readonly isRejected?: boolean
}

export type LatePolicy = 'emit' | 'drop' | 'reject'

export interface ModelTimes {
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
  readonly kind: JoinKind
  /** By side. Without it: emit where a side's unmatched records come out, else drop. */
  readonly late?: readonly [LatePolicy, LatePolicy]
}

/** A match, or a record that came out without one. */
export interface ModelRow {
  readonly left: ModelRecord | undefined
  readonly right: ModelRecord | undefined
}

interface Entry {
  readonly record: ModelRecord
  isMatched: boolean
  /** It has come out unmatched. */
  isOut: boolean
}

export class NaiveJoin {
  readonly rows: ModelRow[] = []
  /** Those that were late and did not come out: dropped or rejected. */
  readonly late: ModelRecord[] = []
  /** Matches that were not made, for one of the two had come out unmatched. */
  closedMatches = 0
  /** S: the latest event time of the records that were accepted. */
  streamTime = Number.NEGATIVE_INFINITY
  readonly #times: ModelTimes
  readonly #entries: Entry[] = []

  constructor(times: ModelTimes) {
    this.#times = times
  }

  /** @param closes whether what has closed by then comes out, too; else that is left to `moveTo` */
  take(record: ModelRecord, closes = true): void {
    if (record.isRejected) return
    if (!this.#isHeld(record)) {
      this.#takeLate(record)
      return
    }
    const own: Entry = { record, isMatched: false, isOut: false }
    for (const other of this.#entries) {
      if (!this.#isHeld(other.record) || !this.#fits(record, other.record)) continue
      if (other.isOut) {
        this.closedMatches++
        continue
      }
      own.isMatched = true
      other.isMatched = true
      this.#emit(record, other.record)
    }
    this.#entries.push(own)
    // One that has closed already comes out at once: it is among those that have closed.
    if (closes) this.moveTo(record.time)
    else this.streamTime = Math.max(this.streamTime, record.time)
  }

  /** Stream time moves forward, and what has closed unmatched comes out. */
  moveTo(time: number): void {
    this.streamTime = Math.max(this.streamTime, time)
    for (const entry of this.#entries) {
      if (entry.isMatched || entry.isOut || this.streamTime <= this.closesAfter(entry.record))
        continue
      if (!this.#comesOutAlone(entry.record.side)) continue
      entry.isOut = true
      this.#emit(entry.record)
    }
  }

  /** Both inputs have been silent for `join.idle`: everything that is open closes. */
  closeAll(): void {
    const open = this.#entries.filter(
      ({ record, isMatched, isOut }) => !isMatched && !isOut && this.#comesOutAlone(record.side),
    )
    for (const { record } of open) this.moveTo(this.closesAfter(record) + 1)
  }

  /** An unmatched record has closed once stream time is greater. */
  closesAfter({ side, time }: ModelRecord): number {
    const { beforeMs, afterMs, graceMs } = this.#times
    return time + (side === LEFT ? afterMs : beforeMs) + graceMs
  }

  /** While it is held a record can be matched; one that is not held when it arrives is late. */
  #isHeld({ time }: ModelRecord): boolean {
    const { beforeMs, afterMs, graceMs } = this.#times
    return this.streamTime <= time + beforeMs + afterMs + graceMs
  }

  #fits(one: ModelRecord, other: ModelRecord): boolean {
    if (one.side === other.side || one.key !== other.key) return false
    const [left, right] = one.side === LEFT ? [one, other] : [other, one]
    const { beforeMs, afterMs } = this.#times
    return left.time - beforeMs <= right.time && right.time <= left.time + afterMs
  }

  #takeLate(record: ModelRecord): void {
    const policy = this.#times.late?.[record.side] ?? 'emit'
    if (policy === 'emit' && this.#comesOutAlone(record.side)) this.#emit(record)
    else this.late.push(record)
  }

  #comesOutAlone(side: number): boolean {
    const { kind } = this.#times
    return kind === 'outer' || kind === (side === LEFT ? 'left' : 'right')
  }

  #emit(one: ModelRecord, other?: ModelRecord): void {
    const [left, right] = one.side === LEFT ? [one, other] : [other, one]
    this.rows.push({ left, right })
  }
}

export const rowText = ({ left, right }: ModelRow): string => `${left?.id ?? ''}-${right?.id ?? ''}`

/** Pairs `left-right`, and `left-` or `-right` for a record that came out alone; in the end all windows close. Sorted. */
export function naiveJoin(records: readonly ModelRecord[], times: ModelTimes): string[] {
  const join = new NaiveJoin(times)
  for (const record of records) join.take(record)
  join.closeAll()
  return join.rows.map(rowText).sort()
}
