import { type Bytes, bytesOf, copyBytes, NO_BYTES } from '../bytes.ts'
import type { Counts } from '../counts/counts.ts'

/** Says of a completed record's value whether it is to come out. */
export interface Judge {
  /** Of the value in `buffer[0, end)`. */
  judge(buffer: Bytes, end: number): 'taken' | 'filtered' | 'failed'
  /** Why the last one has failed. */
  readonly failure: string
}

/** The condition on completed records: `output.where`. Each is put together once for it, in memory of its own. */
export class Condition {
  readonly #judge: Judge
  readonly #topic: string
  readonly #counts: Counts
  #buffer = NO_BYTES
  #end = 0

  /** @param topic of the output */
  constructor(judge: Judge, topic: string, counts: Counts) {
    this.#judge = judge
    this.#topic = topic
    this.#counts = counts
  }

  get failure(): string {
    return this.#judge.failure
  }

  /** Begins a value that has at most so many bytes. @returns where its parts go, by `append` or by hand */
  begin(bytes: number): Bytes {
    if (this.#buffer.length < bytes) this.#buffer = bytesOf(Buffer.allocUnsafeSlow(2 * bytes))
    this.#end = 0
    return this.#buffer
  }

  append(source: Bytes, start: number, end: number): void {
    this.#end = copyBytes(source, start, end, this.#buffer, this.#end)
  }

  /** The place behind what was appended. */
  get end(): number {
    return this.#end
  }

  /** @param end of the value */
  judge(end: number): 'taken' | 'filtered' | 'failed' {
    const fate = this.#judge.judge(this.#buffer, end)
    if (fate === 'filtered') this.#counts.filtered.add(this.#topic)
    return fate
  }
}
