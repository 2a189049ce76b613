/** Completes facts with the rows of their dimensions. */
import { SLICE } from '../batch.ts'
import { type Bytes, copyBytes } from '../bytes.ts'
import type { ValueReader } from '../codec/port.ts'
import type { Counts } from '../counts/counts.ts'
import type { DimensionTable } from './table.ts'

/** A look-up of facts. */
interface LookUpRule {
  /** Which key field of the fact's reader. */
  readonly key: number
  readonly missing: 'null' | 'drop' | 'reject'
}

/** What becomes of a fact that has no row: dropped, or rejected, by the look-up that misses it. */
export const DROPPED = -1
export const REJECTED = -2

export class Enricher {
  readonly #lookUps: readonly LookUpRule[]
  readonly #tables: readonly DimensionTable[]
  /** The columns of a dimension without a row. */
  readonly #missing: readonly Bytes[]
  readonly #counts: Counts
  /** By look-up and row. */
  readonly #hashes: readonly Int32Array[]
  /** By look-up: 1 where the fact has a row. */
  readonly #found: Uint8Array
  /** The look-up that `find` has just rejected the fact for. */
  rejectedBy = 0

  constructor(
    lookUps: readonly LookUpRule[],
    tables: readonly DimensionTable[],
    missing: readonly Bytes[],
    counts: Counts,
  ) {
    this.#lookUps = lookUps
    this.#tables = tables
    this.#missing = missing
    this.#counts = counts
    this.#hashes = lookUps.map(() => new Int32Array(SLICE))
    this.#found = new Uint8Array(lookUps.length)
  }

  /** Hashes the look-up keys of the value that was read into `row`. */
  hash(value: ValueReader, row: number): void {
    const lookUps = this.#lookUps
    if (lookUps.length === 0) return
    value.select(row)
    for (let d = 0; d < lookUps.length; d++) {
      const { key } = lookUps[d]
      const end = value.keyEnd(key)
      if (end < 0) continue
      this.#hashes[d][row] = this.#tables[d].hash(value.keyBuffer(key), value.keyStart(key), end)
    }
  }

  /** Brings the rows of so many facts near. @returns nothing of use, so that the reads are not optimized away */
  lookAhead(count: number): number {
    let touched = 0
    for (let d = 0; d < this.#tables.length; d++) {
      touched ^= this.#tables[d].lookAhead(this.#hashes[d], count)
    }
    return touched
  }

  /**
   * Finds the fact's rows. A look-up field that is null has none, as in a left join of SQL.
   * @returns bytes of their columns; DROPPED or REJECTED
   */
  find(value: ValueReader, row: number): number {
    let bytes = 0
    for (let d = 0; d < this.#lookUps.length; d++) {
      const found = this.#findRow(value, row, d)
      this.#found[d] = found ? 1 : 0
      if (found) {
        bytes += this.#tables[d].rowEnd - this.#tables[d].rowStart
        continue
      }
      const { missing } = this.#lookUps[d]
      if (missing === 'null') bytes += this.#missing[d].length
      else if (missing === 'drop') {
        this.#counts.droppedMissing++
        return DROPPED
      } else {
        this.rejectedBy = d
        return REJECTED
      }
    }
    return bytes
  }

  #findRow(value: ValueReader, row: number, d: number): boolean {
    const counts = this.#counts
    const { key } = this.#lookUps[d]
    const end = value.keyEnd(key)
    if (end < 0) {
      counts.lookupNulls[d]++
      return false
    }
    const hash = this.#hashes[d][row]
    const buffer = value.keyBuffer(key)
    const start = value.keyStart(key)
    if (this.#tables[d].find(hash, buffer, start, end)) {
      counts.lookupHits[d]++
      return true
    }
    counts.lookupMisses[d]++
    counts.missingKeys[d].add(hash, buffer, start, end)
    return false
  }

  /** Writes the columns of the rows that `find` has found, in output form. @returns the position behind them */
  write(target: Bytes, position: number): number {
    let at = position
    for (let d = 0; d < this.#tables.length; d++) {
      const { rowBuffer, rowStart, rowEnd } = this.#tables[d]
      if (this.#found[d] === 0) at += this.#missing[d].copy(target, at)
      else at = copyBytes(rowBuffer, rowStart, rowEnd, target, at)
    }
    return at
  }
}
