import type { Log } from '../events.ts'

/** An outage that is over sooner is not worth a line: a leader moves, a coordinator loads. */
const WORTH_MS = 1000
const REMIND_MS = 30_000

/** Something that is tried again until it works: one log line when it does not, reminders, one when it does. */
export class Outage {
  readonly #log: Log
  readonly #what: string
  /** Both moments are of the monotonic clock; undefined: it works, or nothing was told yet. */
  #since: number | undefined
  #warned: number | undefined

  /** @param what is tried, as the beginning of a sentence: `Fetching` */
  constructor(log: Log, what: string) {
    this.#log = log
    this.#what = what
  }

  failed(error: unknown): void {
    const now = performance.now()
    this.#since ??= now
    const ms = Math.round(now - this.#since)
    if (ms < WORTH_MS || (this.#warned !== undefined && now - this.#warned < REMIND_MS)) return
    this.#warned = now
    this.#log.event('broker_failing', { err: error, what: this.#what, ms })
  }

  over(): void {
    if (this.#since === undefined) return
    const ms = Math.round(performance.now() - this.#since)
    if (this.#warned !== undefined) this.#log.event('broker_works', { what: this.#what, ms })
    this.#since = this.#warned = undefined
  }
}
