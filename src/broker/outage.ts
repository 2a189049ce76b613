import type { Log } from '../events.ts'

/** What is over sooner is not worth a line: a leader moves, a coordinator loads. */
const WORTH_MS = 1000
const REMIND_MS = 30_000

/** Something that is tried again until it works: one log line when it does not, reminders, one when it does. */
export class Outage {
  readonly #log: Log
  readonly #what: string
  #since = 0
  #warned = 0

  /** @param what is tried, as the beginning of a sentence: `Fetching` */
  constructor(log: Log, what: string) {
    this.#log = log
    this.#what = what
  }

  failed(error: unknown): void {
    const now = Date.now()
    if (this.#since === 0) this.#since = now
    if (now - this.#since < WORTH_MS || now - this.#warned < REMIND_MS) return
    this.#warned = now
    this.#log.event('broker_failing', { err: error, what: this.#what, ms: now - this.#since })
  }

  over(): void {
    if (this.#since === 0) return
    const ms = Date.now() - this.#since
    if (this.#warned > 0) this.#log.event('broker_works', { what: this.#what, ms })
    this.#since = this.#warned = 0
  }
}
