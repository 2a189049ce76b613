import type { Rejected } from './reject.ts'

/** How many rejects there are of an input and a kind, and the first of them. */
export interface Tally<Kind extends string> {
  readonly topic: string
  readonly kind: Kind
  count: number
  readonly example: Rejected
}

export class Tallies<Kind extends string> {
  readonly #tallies = new Map<string, Tally<Kind>>()

  add(kind: Kind, rejected: Rejected): void {
    const { topic } = rejected
    const tally = this.#tallies.get(`${kind} ${topic}`)
    if (tally !== undefined) tally.count++
    else this.#tallies.set(`${kind} ${topic}`, { topic, kind, count: 1, example: rejected })
  }

  /** The most first. */
  get all(): readonly Tally<Kind>[] {
    return [...this.#tallies.values()].sort((a, b) => b.count - a.count)
  }

  get total(): number {
    return this.all.reduce((sum, { count }) => sum + count, 0)
  }
}
