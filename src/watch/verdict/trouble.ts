/** The least time between two lines about one trouble, in ms. */
const SAY_MS = 60_000
/** A trouble is over where nothing of it has come for so long. */
export const OVER_MS = 120_000

/** A line to be written: `count` of `among` since the line before, or, at the end, since the beginning. */
export interface Report {
  readonly what: 'begins' | 'goes on' | 'ends'
  readonly count: number
  readonly among: number
  readonly ms: number
}

/** What was counted up to a look. */
interface Mark {
  readonly at: number
  readonly count: number
  readonly among: number
}

/**
 * When to tell of something that should not be counted: at once, then once a minute while it goes on,
 * and when it is over. All times are monotonic, in ms; counts are since the start.
 */
export class Trouble {
  readonly #overMs: number
  /** What the last look has seen. */
  #last: Mark
  #begun: Mark | undefined
  #said: Mark
  #grewAt = 0

  /**
   * @param before what was counted before the first look
   * @param overMs how long none may have come until it is over; without it, `end` says so
   */
  constructor(before: Mark, overMs = OVER_MS) {
    this.#last = this.#said = before
    this.#overMs = overMs
  }

  look(now: Mark): Report | undefined {
    const last = this.#last
    this.#last = now
    const grows = now.count > last.count
    if (grows) this.#grewAt = now.at
    if (this.#begun === undefined) return grows ? this.#begin(last, now) : undefined
    if (now.at - this.#grewAt >= this.#overMs) return this.end()
    if (now.at - this.#said.at < SAY_MS || now.count === this.#said.count) return undefined
    return this.#say('goes on', this.#said, now)
  }

  /** It is over, as of the last look; undefined: there was none. */
  end(): Report | undefined {
    if (this.#begun === undefined) return undefined
    const report = this.#say('ends', this.#begun, { ...this.#last, at: this.#grewAt })
    this.#begun = undefined
    return report
  }

  #begin(before: Mark, now: Mark): Report {
    this.#begun = before
    return this.#say('begins', before, now)
  }

  #say(what: Report['what'], from: Mark, to: Mark): Report {
    this.#said = to
    const count = to.count - from.count
    // Rejects may be counted a moment before the batch that they are of.
    const among = Math.max(count, to.among - from.among)
    return { what, count, among, ms: to.at - from.at }
  }
}
