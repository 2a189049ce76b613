import type { StreamClock } from '../state/task-state.ts'
import type { OuterSides } from './outer-sides.ts'
import type { WindowTimes } from './segments.ts'

/** A window that gives the next one its left records. */
export interface EarlierWindow {
  readonly times: WindowTimes
  readonly clock: JoinClock
  readonly outer: OuterSides
}

/**
 * The stream time that a join judges by. In a chain of joins, what join k finds or closes are left records of join k + 1.
 * With B, A and G of each join, and S of the task, join k judges by
 *
 *     S_k = S − D_k        D_1 = 0        D_{k+1} = D_k + B_k + A_k + G_k
 *
 * A record is held by join k while S_k ≤ t + B_k + A_k + G_k, and so whatever it gives then has, in join k + 1, a time that is
 * not before S_{k+1}: it is never late there, nor has what it may match closed.
 */
export class JoinClock {
  /** D, in ms. */
  readonly delayMs: number
  readonly #task: StreamClock
  readonly #earlier: EarlierWindow | null

  /** @param earlier the window before this one; null: this is the first */
  constructor(task: StreamClock, earlier: EarlierWindow | null) {
    this.#task = task
    this.#earlier = earlier
    this.delayMs = earlier === null ? 0 : earlier.clock.delayMs + earlier.times.heldMs
  }

  /** S_k, in ms. */
  get streamTime(): number {
    return this.#task.streamTime - this.delayMs
  }

  /**
   * Up to when, in S_k, all has come that earlier joins give in time: behind S_k where an earlier one has not closed
   * yet what it will. What closes here, or expires, goes by it.
   */
  get settled(): number {
    if (this.#earlier === null) return this.#task.streamTime
    const { clock, times, outer } = this.#earlier
    let settled = clock.settled - times.heldMs
    for (const { side, closing } of outer.all) {
      const before = closing.closedBefore - reachMs(times, side)
      if (before < settled) settled = before
    }
    return settled
  }
}

/**
 * How far behind its own time a record without a match is in the next join's stream time, at the moment when it may close:
 * S_k = t + A + G of a left one is S_{k+1} = t − B.
 */
export const reachMs = ({ heldMs, openMs }: WindowTimes, side: number): number =>
  heldMs - openMs[side]
