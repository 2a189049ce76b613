/**
 * How old the pages are that matches read: in pages written since, in buckets of a quarter of a power
 * of two. Old counts fade, so that a change of the streams' delay shows soon.
 */
const BUCKETS = 31 * 4
/** Too few to say anything. */
const LEAST = 2000
const FADE_AT = 200_000
/** A page read back costs as much as three records: for one match in 200 it is worth the memory saved. */
const KEPT_SHARE = 0.995

export class MatchAges {
  readonly #counts = new Int32Array(BUCKETS)
  #total = 0

  /** @param age pages written since the one that is read, from 0 */
  add(age: number): void {
    this.#counts[bucketOf(age)]++
    this.#total++
  }

  /** The age that all but a few matches stay under; Infinity while too few were seen. */
  get kept(): number {
    if (this.#total < LEAST) return Number.POSITIVE_INFINITY
    let seen = 0
    let bucket = 0
    for (; bucket < BUCKETS - 1; bucket++) {
      seen += this.#counts[bucket]
      if (seen >= this.#total * KEPT_SHARE) break
    }
    if (this.#total > FADE_AT) this.#fade()
    return endOf(bucket)
  }

  #fade(): void {
    this.#total = 0
    for (let b = 0; b < BUCKETS; b++) {
      // Integers: a fraction would change the hidden class, and throw away what V8 has optimized.
      this.#counts[b] >>= 1
      this.#total += this.#counts[b]
    }
  }
}

function bucketOf(age: number): number {
  if (age < 4) return age
  const power = 31 - Math.clz32(age)
  return power * 4 - 4 + ((age >>> (power - 2)) & 3)
}

/** The first age behind a bucket. */
function endOf(bucket: number): number {
  if (bucket < 4) return bucket + 1
  const power = (bucket >> 2) + 1
  return (4 + (bucket & 3) + 1) * 2 ** (power - 2)
}
