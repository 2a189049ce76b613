/** Keys that are remembered: what comes between two turns of a task, and more only while a topic is read anew. */
const MOST = 1 << 14

/**
 * Which rows have come into a table lately, for whoever waits for some of them: the hashes of their keys. Each reader
 * knows up to where it has read.
 */
export class Arrivals {
  readonly #hashes = new Int32Array(MOST)
  /** How many have come since the start. */
  count = 0

  /** @param hash of the key of a row that is new, or changed */
  add(hash: number): void {
    this.#hashes[this.count++ & (MOST - 1)] = hash
  }

  /**
   * Calls `each` with the hashes that have come since there were `seen`.
   * @returns false: those were more than are remembered, and none was told
   */
  since(seen: number, each: (hash: number) => void): boolean {
    if (this.count - seen > MOST) return false
    for (let n = seen; n < this.count; n++) each(this.#hashes[n & (MOST - 1)])
    return true
  }
}
