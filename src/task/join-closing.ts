import type { InputQueue } from '../input/input-queue.ts'
import type { TaskState } from '../state/task-state.ts'
import type { JoinWindow } from '../window/join-window.ts'
import type { Horizons } from './horizons.ts'

/** A task that joins. */
interface Joining {
  readonly window: JoinWindow
  readonly state: TaskState
  readonly queues: readonly InputQueue[]
}

/** What stream time, or silence, has passed by: it comes out of a join's window, or goes. */
export class JoinClosing {
  readonly #of: Joining
  readonly #horizons: Horizons | null
  readonly #idleMs: number
  readonly #elapsed: () => number
  /** When something has last come, by the clock for durations. */
  #lastInputAt: number

  /** @param horizons null: no side is repartitioned. @param elapsed a clock for durations, in ms */
  constructor(of: Joining, horizons: Horizons | null, idleMs: number, elapsed: () => number) {
    this.#of = of
    this.#horizons = horizons
    this.#idleMs = idleMs
    this.#elapsed = elapsed
    this.#lastInputAt = elapsed()
  }

  restartIdle(): void {
    this.#lastInputAt = this.#elapsed()
  }

  /** @param full asked again and again: whether the rest has to wait for the next epoch */
  async close(full: () => boolean): Promise<void> {
    await this.#of.window.outer.close(full)
    this.#of.state.expire()
  }

  /**
   * Where records come out without a match, inputs that have ended, or have been silent for `join.idle`, close the windows.
   * Stream time moves with it and is part of the epoch, so that a replay decides the same.
   * @returns whether they are to be closed now
   */
  fallIdle(): boolean {
    const { window, state, queues } = this.#of
    const { outer } = window
    if (outer.pending === 0) return false
    if (queues.some(({ caughtUp }) => !caughtUp) || this.#horizons?.areIdle === false) return false
    const ended = queues.every((queue) => queue.ended)
    if (!ended && this.#elapsed() - this.#lastInputAt < this.#idleMs) return false
    state.clock.streamTime = Math.max(state.clock.streamTime, outer.closedAt)
    return true
  }
}
