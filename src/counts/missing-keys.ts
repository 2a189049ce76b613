/** Keys that are kept at a time. */
const CAPACITY = 64
/** A key's text may be long; its beginning tells enough. */
const MOST_BYTES = 128

export interface MissingKey {
  readonly key: string
  /** At most this often; at least `count - error` times. */
  readonly count: number
  readonly error: number
}

/**
 * The keys that were looked up in vain most often, in bounded memory: Space-Saving (Metwally, Agrawal,
 * El Abbadi 2005). A new key takes the place of the rarest one and inherits its count as its error, so
 * whatever makes up more than 1/64 of the misses is in here. Keys are told apart by their hash.
 */
export class MissingKeys {
  readonly #hashes = new Int32Array(CAPACITY)
  readonly #counts = new Float64Array(CAPACITY)
  readonly #errors = new Float64Array(CAPACITY)
  readonly #keys: string[] = new Array(CAPACITY).fill('')

  add(hash: number, key: Buffer, start: number, end: number): void {
    const hashes = this.#hashes
    const counts = this.#counts
    let rarest = 0
    for (let i = 0; i < CAPACITY; i++) {
      if (hashes[i] === hash && counts[i] > 0) {
        counts[i]++
        return
      }
      if (counts[i] < counts[rarest]) rarest = i
    }
    hashes[rarest] = hash
    this.#errors[rarest] = counts[rarest]++
    this.#keys[rarest] = key.toString('utf8', start, Math.min(end, start + MOST_BYTES))
  }

  /** The most frequent first. */
  top(): MissingKey[] {
    return this.#keys
      .map((key, i) => ({ key, count: this.#counts[i], error: this.#errors[i] }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count)
  }
}
