import type { Log } from '../events.ts'

/** So long may epochs fail, one after the other, before it is an error: an outage of the brokers is shorter. */
const LONG_MS = 5 * 60_000
const REMIND_MS = 60_000

/** Epochs that have failed since the last that was committed. */
export class FailingEpochs {
  readonly #now: () => number
  count = 0
  /** Why the last of them has failed. */
  error: unknown
  #since = 0
  #said = Number.NEGATIVE_INFINITY

  /** @param now a monotonic clock, in ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Since the first of them, in ms; 0 where there is none. */
  get ms(): number {
    return this.count === 0 ? 0 : this.#now() - this.#since
  }

  failed(error: unknown, log: Log): void {
    const now = this.#now()
    if (this.count++ === 0) this.#since = now
    this.error = error
    if (this.ms < LONG_MS || now - this.#said < REMIND_MS) return
    this.#said = now
    log.event('epochs_failing', { err: error, epochs: this.count, ms: Math.round(this.ms) })
  }

  /** One was committed, or there is nothing to commit. */
  over(log: Log): void {
    if (this.#said > Number.NEGATIVE_INFINITY) {
      log.event('epochs_work', { epochs: this.count, ms: Math.round(this.ms) })
    }
    this.count = 0
    this.error = undefined
    this.#said = Number.NEGATIVE_INFINITY
  }
}
