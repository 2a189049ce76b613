import type { InputQueue } from '../input/input-queue.ts'
import type { Horizons } from './horizons.ts'
import type { JoinChain } from './join-chain.ts'

/** Whether silence closes the windows of a task that joins. */
export class JoinClosing {
  readonly #chain: JoinChain
  readonly #queues: readonly InputQueue[]
  readonly #horizons: Horizons | null
  readonly #elapsed: () => number
  /** When something has last come, by the clock for durations. */
  #lastInputAt: number

  /** @param horizons null: no side is repartitioned. @param elapsed a clock for durations, in ms */
  constructor(
    chain: JoinChain,
    queues: readonly InputQueue[],
    horizons: Horizons | null,
    elapsed: () => number,
  ) {
    this.#chain = chain
    this.#queues = queues
    this.#horizons = horizons
    this.#elapsed = elapsed
    this.#lastInputAt = elapsed()
  }

  restartIdle(): void {
    this.#lastInputAt = this.#elapsed()
  }

  /** Nothing will come. */
  get hasEnded(): boolean {
    return this.#queues.every(({ ended }) => ended)
  }

  /** Nothing is there to be taken, and no source partition of an earlier stage holds anything back that is waited for. */
  get isCaughtUp(): boolean {
    if (this.hasEnded) return true
    return this.#queues.every(({ caughtUp }) => caughtUp) && this.#horizons?.areIdle !== false
  }

  /**
   * Where records come out without a match, inputs that have ended, or have been silent for `idle`, close the windows.
   * Stream time moves with it and is part of the epoch, so that a replay decides the same.
   * @returns whether they are to be closed now
   */
  fallIdle(): boolean {
    if (this.#chain.pending === 0) return false
    if (!this.isCaughtUp) return false
    const silentMs = this.#elapsed() - this.#lastInputAt
    return this.#chain.moveIdle(this.hasEnded ? Number.POSITIVE_INFINITY : silentMs)
  }
}
