/** Time that passes only where a test lets it pass: sessions, rebalances and transactions time out by it. */

interface Timer {
  readonly at: number
  readonly run: () => void
}

export class VirtualClock {
  /** Milliseconds since 1970. */
  now: number
  #timers: Timer[] = []

  constructor(now: number) {
    this.now = now
  }

  /** @returns what cancels it */
  after(ms: number, run: () => void): () => void {
    const timer = { at: this.now + ms, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** What is due runs in its order, and may set further timers. */
  advance(ms: number): void {
    const until = this.now + ms
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter((other) => other !== due)
      this.now = Math.max(this.now, due.at)
      due.run()
    }
    this.now = until
  }
}
