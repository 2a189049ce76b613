/** Event times, in ms: from `from` on and before `to`. */
export interface Times {
  readonly from: number
  readonly to: number
}

/** Offsets of a partition: the first to read, and the one before which to stop. */
export interface Offsets {
  readonly from: number
  readonly to: number
}

/** What a bounded run takes of its inputs. Arrays are by source, in the plan's order. */
export interface Interval {
  /** Records outside of them move stream time, and do nothing else. */
  readonly times: readonly Times[]
  /** Of the rows that come out: the time of a row's fact, or of a right record without one. */
  readonly rows: Times
  /** Once stream time has passed this, whatever else is of the interval is late; infinite where nothing ever is. */
  readonly overAt: number
  /** By partition. */
  readonly offsets: readonly ReadonlyMap<number, Offsets>[]
}
