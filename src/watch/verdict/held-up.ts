/** Input that waits, in the log: a line once it does, and one when it goes on. */
import type { Log } from '../../events.ts'
import { type Finding, REASONS, type Reason } from './reasons.ts'

const HELD_UP: ReadonlySet<Reason> = new Set(['standstill', 'waiting', 'open_transaction'])

export class HeldUp {
  readonly #log: Log
  readonly #since = new Map<Reason, number>()

  constructor(log: Log) {
    this.#log = log
  }

  /** @param at monotonic, in ms */
  look(findings: readonly Finding[], at: number): void {
    const now = findings.filter(({ reason }) => HELD_UP.has(reason))
    for (const [reason, since] of this.#since) {
      if (now.some((one) => one.reason === reason)) continue
      this.#since.delete(reason)
      this.#log.event('input_goes_on', { reason, seconds: Math.round((at - since) / 1000) })
    }
    for (const { reason, text: why } of now) {
      if (this.#since.has(reason)) continue
      this.#since.set(reason, at)
      this.#log.event('input_held_up', { reason, why, remedy: REASONS[reason].action })
    }
  }
}
