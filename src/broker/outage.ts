import { messageOf } from '../errors.ts'
import type { BrokerLog } from './port.ts'

/** What is over sooner is not worth a line: a leader moves, a coordinator loads. */
const WORTH_MS = 1000
const REMIND_MS = 30_000

/** Something that is tried again until it works: one log line when it does not, reminders, one when it does. */
export class Outage {
  readonly #log: BrokerLog
  readonly #what: string
  #since = 0
  #warned = 0

  /** @param what is tried, as the beginning of a sentence: `Fetching` */
  constructor(log: BrokerLog, what: string) {
    this.#log = log
    this.#what = what
  }

  failed(error: unknown): void {
    const now = Date.now()
    if (this.#since === 0) this.#since = now
    if (now - this.#since < WORTH_MS || now - this.#warned < REMIND_MS) return
    this.#warned = now
    const message = `${this.#what} fails and is tried again: ${messageOf(error)}`
    this.#log.warn({ err: error, ms: now - this.#since }, message)
  }

  over(): void {
    if (this.#since === 0) return
    const ms = Date.now() - this.#since
    if (this.#warned > 0) this.#log.info({ ms }, `${this.#what} works again`)
    this.#since = this.#warned = 0
  }
}
