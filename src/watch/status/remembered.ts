import { setTimeout as sleep } from 'node:timers/promises'

/** Where the value is only a part of an answer, the answer waits for it no longer than this. */
const MOMENT_MS = 1000

/** A value that takes time to get: many who ask share one. */
export class Remembered<T> {
  readonly #none: T
  readonly #get: () => Promise<T>
  readonly #maxAgeMs: number
  #last: T
  /** When the last value was got, by the monotonic clock. */
  #gotAt = Number.NEGATIVE_INFINITY
  #getting: Promise<T> | undefined

  /** @param none what is told where it is not known */
  constructor(none: T, maxAgeMs: number, get: () => Promise<T>) {
    this.#none = none
    this.#last = none
    this.#maxAgeMs = maxAgeMs
    this.#get = get
  }

  /** A value that is not older than `maxAgeMs`, or, where none can be got in a moment, `none`. */
  async recent(): Promise<T> {
    if (performance.now() - this.#gotAt <= this.#maxAgeMs) return this.#last
    const fresh = this.fresh().catch(() => this.#none)
    return Promise.race([fresh, sleep(MOMENT_MS, this.#none, { ref: false })])
  }

  /** Waits for a value that is got now, or is just being got. */
  fresh(): Promise<T> {
    this.#getting ??= this.#get()
      .then((value) => {
        this.#gotAt = performance.now()
        return (this.#last = value)
      })
      .finally(() => {
        this.#getting = undefined
      })
    return this.#getting
  }
}
