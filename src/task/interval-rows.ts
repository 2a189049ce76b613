import { type Bytes, NO_BYTES } from '../bytes.ts'
import type { Interval, Times } from '../input/interval.ts'
import type { Entry, TaskOutput } from '../output/task-output.ts'
import type { Stage } from '../plan/plan.ts'
import { LEFT } from '../state/page.ts'

type Rows = Pick<TaskOutput, 'match' | 'unmatched'>

/** Of a row of the interval; 0: it is of none. */
const OF_INTERVAL = 1
const MARK_BYTES = 1

const isInside = ({ from, to }: Times, time: number): boolean => from <= time && time < to

/**
 * Passes on the rows of an interval, so that each row belongs to one: to the time of its fact or, where it has none, of
 * its right record of the earliest join. What else was taken is there to tell which right records have no match.
 */
export class IntervalRows implements Rows {
  readonly #times: Times
  readonly #output: Rows
  readonly #isMarked: boolean
  readonly #bare = new UnmarkedEntry()

  /** What takes what comes out of a stage, for `output`: that itself, where the run has no bounds. */
  static of(stage: Stage, output: Rows, interval: Interval | undefined): Rows {
    if (interval === undefined) return output
    return new IntervalRows(interval.rows, output, areMarked(stage, stage.joins.length - 1))
  }

  /** @param isMarked whether left records come from another join, with `RowMarks` */
  private constructor(times: Times, output: Rows, isMarked: boolean) {
    this.#times = times
    this.#output = output
    this.#isMarked = isMarked
  }

  match(left: Entry, right: Entry): void {
    if (!this.#isMarked) {
      if (isInside(this.#times, left.time)) this.#output.match(left, right)
    } else if (isOfInterval(left)) this.#output.match(this.#bare.of(left), right)
  }

  unmatched(side: number, record: Entry): void {
    if (!this.#isMarked || side !== LEFT) {
      if (isInside(this.#times, record.time)) this.#output.unmatched(side, record)
    } else if (isOfInterval(record)) this.#output.unmatched(side, this.#bare.of(record))
  }
}

/**
 * Of a bounded run with several joins: what one gives to the next, of its task or of the next stage, has a mark in front of its
 * body, which says whether its row is of the interval. The next one's left records have the times of matches, and so the
 * fact's is known no more.
 */
export class RowMarks {
  readonly #times: Times
  readonly #isMarked: boolean
  readonly #bare = new UnmarkedEntry()

  /** Of what the stage's join `j` gives; null: the run has no bounds. */
  static of(stage: Stage, j: number, interval: Interval | undefined): RowMarks | null {
    return interval === undefined ? null : new RowMarks(interval.rows, areMarked(stage, j))
  }

  /** @param isMarked whether the left records of the join that gives them have marks themselves, which they bring along */
  private constructor(times: Times, isMarked: boolean) {
    this.#times = times
    this.#isMarked = isMarked
  }

  /** Of the mark of what is made of this left record; null: it has none. */
  bytes(left: Entry | null): number {
    return this.#isMarked && left !== null ? 0 : MARK_BYTES
  }

  /** @param first the left record, or without one the right. @returns the position behind the mark, if there is one to write */
  write(left: Entry | null, { time }: Entry, body: Bytes, at: number): number {
    const bytes = this.bytes(left)
    if (bytes > 0) body[at] = isInside(this.#times, time) ? OF_INTERVAL : 0
    return at + bytes
  }

  /** A left record of the join that gives without its mark, if it has one; valid until the next call. */
  ofLeft(left: Entry): Entry {
    return this.#isMarked ? this.#bare.of(left) : left
  }

  /** The same of what it gives. */
  ofGiven(record: Entry): Entry {
    return this.#bare.of(record)
  }
}

/** Whether the left records of a stage's join come from another one. @param j the join's number in the stage */
const areMarked = ({ sources: [left] }: Stage, j: number): boolean => j > 0 || left.isJoined

const isOfInterval = ({ buffer, bodyStart }: Entry): boolean => buffer[bodyStart] === OF_INTERVAL

/** An entry without the mark in front of its body. */
class UnmarkedEntry implements Entry {
  buffer: Bytes = NO_BYTES
  keyStart = 0
  keyEnd = 0
  time = 0
  headersStart = 0
  headersEnd = 0
  bodyStart = 0
  bodyEnd = 0

  of(marked: Entry): this {
    this.buffer = marked.buffer
    this.keyStart = marked.keyStart
    this.keyEnd = marked.keyEnd
    this.time = marked.time
    this.headersStart = marked.headersStart
    this.headersEnd = marked.headersEnd
    this.bodyStart = marked.bodyStart + MARK_BYTES
    this.bodyEnd = marked.bodyEnd
    return this
  }
}
