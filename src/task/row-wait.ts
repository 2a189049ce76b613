import type { Counts } from '../counts/counts.ts'
import type { RowLimit } from '../dimension/row-limit.ts'
import type { Block } from '../input/input-queue.ts'
import type { LookUp } from '../plan/plan.ts'
import type { TaskContext } from './task.ts'

/** Of a task whose next fact cannot be taken yet. */
export interface WaitForRows {
  /** The fact's event time, in ms since 1970. */
  readonly time: number
  /** For how long it has waited, in ms. */
  readonly ms: number
}

/**
 * Facts that are looked up as of their times wait until each dimension was read past these. While the first one waits
 * the task has nothing to do: whoever puts rows into the tables wakes the loop.
 */
export class RowWait {
  readonly #limit: RowLimit
  readonly #counts: Counts
  readonly #elapsed: () => number
  /** The time of the fact that waits, and since when it does, by the clock for durations; NaN: none waits. */
  #time = Number.NaN
  #since = Number.NaN

  private constructor(
    limit: RowLimit,
    { counts, elapsed }: Pick<TaskContext, 'counts' | 'elapsed'>,
  ) {
    this.#limit = limit
    this.#counts = counts
    this.#elapsed = elapsed
  }

  /** null: no look-up of the task's stage is as of a time. */
  static of(context: TaskContext, lookUps: readonly LookUp[]): RowWait | null {
    const { rowLimit } = context
    return rowLimit === null || lookUps.length === 0 ? null : new RowWait(rowLimit, context)
  }

  /** Behind the facts from `at` on that find their rows now, and not behind `most`. */
  endOf({ times, at }: Pick<Block, 'times' | 'at'>, most: number): number {
    const { limit } = this.#limit
    let end = at
    if (limit === Number.POSITIVE_INFINITY) end = most
    else while (end < most && times[end] < limit) end++
    if (end === at) this.#begin(times[at])
    else this.#end()
    return end
  }

  /** null: none waits. */
  get waiting(): WaitForRows | null {
    if (Number.isNaN(this.#since)) return null
    return { time: this.#time, ms: Math.round(this.#elapsed() - this.#since) }
  }

  #begin(time: number): void {
    if (!Number.isNaN(this.#since)) return
    this.#time = time
    this.#since = this.#elapsed()
  }

  #end(): void {
    const { waiting } = this
    if (waiting === null) return
    this.#counts.waitedForRowsMs += waiting.ms
    this.#since = Number.NaN
  }
}
