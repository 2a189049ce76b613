import { idText, type SchemaId } from '../frame/schema-id.ts'

/** An id that the registry does not know is asked for again after this long. */
const AGAIN_MS = 60_000
/** Ids that are remembered; the oldest goes first. */
const MOST_IDS = 1000
/** Unknown ids that may be asked for at once … */
const BURST = 100
/** … and from then on one in this time. */
const EACH_MS = 1000
/** Unknown ids that may be waited for at once … */
const WAITS = 3
/** … and from then on one in this time. */
const WAIT_EACH_MS = 60_000

/** So many at once, and from then on one in `eachMs`. */
class Allowance {
  readonly #burst: number
  readonly #eachMs: number
  /** What was spent and has not come back yet, at `#at`. */
  #spent = 0
  #at = 0

  constructor(burst: number, eachMs: number) {
    this.#burst = burst
    this.#eachMs = eachMs
  }

  isLeft(now: number): boolean {
    return this.#spentAt(now) < this.#burst
  }

  spend(now: number): void {
    this.#spent = this.#spentAt(now) + 1
    this.#at = now
  }

  #spentAt(now: number): number {
    return Math.max(0, this.#spent - (now - this.#at) / this.#eachMs)
  }
}

/**
 * Schema ids that a registry does not know. A topic of garbage has another one in nearly every record,
 * and each would be a request that the task waits for: what is remembered, how many are asked for, and
 * how many are waited for, has a bound. Ids that turn out to be known cost nothing of it.
 */
export class UnknownIds {
  readonly #now: () => number
  readonly #known = new Map<SchemaId, { readonly fault: string; readonly until: number }>()
  readonly #requests = new Allowance(BURST, EACH_MS)
  readonly #waits = new Allowance(WAITS, WAIT_EACH_MS)

  /** @param now a clock in ms that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Why the id is not to be asked for now; undefined: it is. */
  fault(id: SchemaId): string | undefined {
    const now = this.#now()
    const known = this.#known.get(id)
    if (known !== undefined && now < known.until) return known.fault
    if (this.#requests.isLeft(now)) return undefined
    return `The schema ${idText(id)} is not known, and not asked for now: the registry did not know ${BURST} others of this topic, whose records are probably not framed`
  }

  /** Whether there is time to wait until the registry knows an id: not where that was in vain of late. */
  get mayWait(): boolean {
    return this.#waits.isLeft(this.#now())
  }

  /** The registry has no schema with the id, or does not give it. */
  add(id: SchemaId, fault: string): void {
    const now = this.#now()
    this.#requests.spend(now)
    if (this.#waits.isLeft(now)) this.#waits.spend(now)
    this.#known.delete(id)
    this.#known.set(id, { fault, until: now + AGAIN_MS })
    if (this.#known.size <= MOST_IDS) return
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest)
      break
    }
  }

  get size(): number {
    return this.#known.size
  }
}
