/** More ids than any topic has schemas. */
const MOST_IDS = 5000
/** Ids that the registry does not know: so many are asked for at once, and then so many a second. */
const BURST = 100
const PER_SECOND = 10

/**
 * What is known of schema ids. Bytes that are no frame may look like any of four billion: what is kept
 * of them is bounded, and so is how often the registry is asked in vain.
 */
export class KnownSchemas<T> {
  readonly #found = new Map<number, T>()
  readonly #missing = new Map<number, T>()
  #vain = 0
  #since = 0

  get(id: number): T | undefined {
    return this.#found.get(id) ?? this.#missing.get(id)
  }

  /** Of a schema that the registry has. */
  found(id: number, known: T): void {
    this.#missing.delete(id)
    put(this.#found, id, known)
  }

  /** Of one that it does not have, or was not asked for. */
  missing(id: number, known: T): void {
    put(this.#missing, id, known)
  }

  /** The registry has answered that it has no such schema. @param now ms of a clock that only goes forward */
  askedInVain(now: number): void {
    this.#vain = this.#left(now) + 1
    this.#since = now
  }

  /** Whether the registry may be asked for one more id. */
  mayAsk(now: number): boolean {
    return this.#left(now) < BURST
  }

  #left(now: number): number {
    return Math.max(0, this.#vain - ((now - this.#since) / 1000) * PER_SECOND)
  }
}

/** The one that was put first goes where there are too many. */
function put<T>(known: Map<number, T>, id: number, value: T): void {
  known.delete(id)
  known.set(id, value)
  if (known.size <= MOST_IDS) return
  for (const first of known.keys()) {
    known.delete(first)
    return
  }
}
