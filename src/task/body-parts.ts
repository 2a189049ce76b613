import { type Bytes, copyBytes } from '../bytes.ts'
import type { Entry, MissingParts } from '../output/task-output.ts'

/** Writes what a join completes, of the two stored parts, or of one and what stands in place of the other. */
export class BodyParts {
  readonly #between: Bytes
  readonly #noLeft: Bytes
  readonly #noRight: Bytes

  /** @param between the two parts. @param missing in place of a side that is missing */
  constructor(between: Bytes, missing: MissingParts) {
    this.#between = between
    this.#noLeft = missing[0]
    this.#noRight = missing[1]
  }

  /** @param left @param right null: it is missing */
  bytes(left: Entry | null, right: Entry | null): number {
    const leftBytes = left === null ? this.#noLeft.length : left.bodyEnd - left.bodyStart
    const rightBytes = right === null ? this.#noRight.length : right.bodyEnd - right.bodyStart
    return leftBytes + this.#between.length + rightBytes
  }

  /** Exactly as many bytes as `bytes` says, from `start` on. */
  write(left: Entry | null, right: Entry | null, body: Bytes, start: number): void {
    const between = this.#between
    let at = writePart(left, this.#noLeft, body, start)
    if (between.length > 0) at = copyBytes(between, 0, between.length, body, at)
    writePart(right, this.#noRight, body, at)
  }
}

/** @param instead where it is missing. @returns the position behind it */
const writePart = (of: Entry | null, instead: Bytes, body: Bytes, at: number): number =>
  of === null
    ? copyBytes(instead, 0, instead.length, body, at)
    : copyBytes(of.buffer, of.bodyStart, of.bodyEnd, body, at)
