import type { MissingKey } from '../../counts/missing-keys.ts'
import type { LookUps } from './figures.ts'
import { type Report, Trouble } from './trouble.ts'

/** So many look-ups are judged at a time: of fewer, all may miss by chance. */
const ENOUGH = 200
/** Where this part of them misses, it is not a few unknown customers. */
const NEARLY_ALL = 0.99

/** Whether (nearly) all look-ups in a dimension find no row. */
export class Misses {
  /** The figures at the end of what was judged; what is judged next comes after them. */
  #judged: LookUps
  /** Misses and look-ups of all that was judged to be in trouble. */
  #count = 0
  #among = 0
  readonly #trouble: Trouble

  constructor(first: LookUps, at: number) {
    this.#judged = first
    this.#trouble = new Trouble({ at, count: 0, among: 0 }, Number.POSITIVE_INFINITY)
  }

  look(now: LookUps, at: number): Report | undefined {
    const misses = now.misses + now.nulls - this.#judged.misses - this.#judged.nulls
    const all = misses + now.hits - this.#judged.hits
    if (all < ENOUGH) return this.#say(at)
    this.#judged = now
    if (misses < NEARLY_ALL * all) return this.#trouble.end()
    this.#count += misses
    this.#among += all
    return this.#say(at)
  }

  #say(at: number): Report | undefined {
    return this.#trouble.look({ at, count: this.#count, among: this.#among })
  }
}

/** Tells which keys were missed most since the last time that it was asked. */
export class MostMissed {
  #before = new Map<string, number>()

  /** The most frequent first. */
  since(top: readonly MissingKey[]): string[] {
    const before = this.#before
    this.#before = new Map(top.map(({ key, count }) => [key, count]))
    return top
      .map(({ key, count, error }) => ({ key, grown: count - (before.get(key) ?? error) }))
      .filter(({ grown }) => grown > 0)
      .sort((a, b) => b.grown - a.grown)
      .map(({ key }) => key)
  }
}
