import type { Times } from '../input/interval.ts'
import type { Entry, TaskOutput } from '../output/task-output.ts'

type Rows = Pick<TaskOutput, 'match' | 'unmatched'>

/**
 * Passes on the rows of an interval, so that each row belongs to one: those of its facts, and its right records without
 * a match. What else was taken is there to tell which right records have none.
 */
export class IntervalRows implements Rows {
  readonly #times: Times
  readonly #output: Rows

  constructor(times: Times, output: Rows) {
    this.#times = times
    this.#output = output
  }

  match(left: Entry, right: Entry): void {
    if (this.#has(left)) this.#output.match(left, right)
  }

  unmatched(side: number, record: Entry): void {
    if (this.#has(record)) this.#output.unmatched(side, record)
  }

  #has({ time }: Entry): boolean {
    return this.#times.from <= time && time < this.#times.to
  }
}
