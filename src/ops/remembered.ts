/** A value that takes time to get: the last one is given at once, and a newer one is got behind it. */
export class Remembered<T> {
  readonly #get: () => Promise<T>
  readonly #maxAgeMs: number
  #last: T
  #gotAt = 0
  #getting: Promise<T> | undefined

  constructor(first: T, maxAgeMs: number, get: () => Promise<T>) {
    this.#last = first
    this.#maxAgeMs = maxAgeMs
    this.#get = get
  }

  /** Never waits; where getting fails it stays as it was. */
  get last(): T {
    if (Date.now() - this.#gotAt > this.#maxAgeMs) void this.fresh().catch(() => {})
    return this.#last
  }

  /** Waits for a newer one, which many may share. */
  fresh(): Promise<T> {
    this.#getting ??= this.#get()
      .then((value) => (this.#last = value))
      .finally(() => {
        this.#gotAt = Date.now()
        this.#getting = undefined
      })
    return this.#getting
  }
}
