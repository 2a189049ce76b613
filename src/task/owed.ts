import { LEFT } from '../state/page.ts'
import type { StreamClock } from '../state/task-state.ts'
import { reachMs } from '../window/join-clock.ts'
import type { JoinWindow } from '../window/join-window.ts'

/**
 * In a chain of joins, what an earlier join has not given yet to the next one: matches whose pages have to be read, and
 * records whose slice of time has closed. They are there once a turn ends; what comes meanwhile may be taken before them
 * as long as that changes nothing. So what comes out does not depend on where turns end.
 *
 * What join k owes has a time t that is not before S_{k+1} of the moment at which it was found, nor before what k has
 * closed already. Pairs in join k + 1 are made one by one, and the order matters only to a right record that finds a left
 * one closed without a match, or held no more: that is, at S_{k+1} > t + A_{k+1} + G_{k+1}. (A left record that comes in
 * time never finds what it may match closed: see `JoinClock`.) Up to there right records go first. One that is late, and
 * comes out at once, is in time for nothing, and waits for all that is owed.
 */
export class Owed {
  /** The last window owes nothing to another one. */
  readonly #windows: readonly JoinWindow[]
  readonly #clock: StreamClock
  /** As far as stream time may go, in ms, without anything having to be looked at. */
  #limit = Number.NEGATIVE_INFINITY

  constructor(windows: readonly JoinWindow[], clock: StreamClock) {
    this.#windows = windows
    this.#clock = clock
  }

  /** Whether what is owed has to come before the next record. */
  get isDue(): boolean {
    if (this.#clock.streamTime <= this.#limit) return false
    if (this.isOwed) return true
    this.#limit = this.#harmless()
    return false
  }

  /** Whether there is anything. */
  get isOwed(): boolean {
    let settled = this.#clock.streamTime
    for (const { hasCold, outer, times } of this.#windows.slice(0, -1)) {
      if (hasCold || outer.isOverdue) return true
      let next = settled - times.heldMs
      for (const { side, closing } of outer.all) {
        if (closing.isDue(settled - times.openMs[side])) return true
        next = Math.min(next, closing.closedBefore - reachMs(times, side))
      }
      settled = next
    }
    return false
  }

  /** Where nothing is owed: as far as stream time may go without harm, whatever becomes due meanwhile. */
  #harmless(): number {
    let limit = Number.POSITIVE_INFINITY
    for (const [k, next] of this.#windows.slice(1).entries()) {
      const openMs = next.times.openMs[LEFT]
      limit = Math.min(limit, this.#clock.streamTime + openMs)
      for (const { closing } of this.#windows[k].outer.all) {
        limit = Math.min(limit, closing.closedBefore + openMs + next.clock.delayMs)
      }
    }
    return limit
  }
}
