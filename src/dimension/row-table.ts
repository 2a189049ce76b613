import type { Bytes, hashBytes } from '../bytes.ts'
import type { Arrivals } from './arrivals.ts'

export type EachEntry = (buffer: Bytes, keyStart: number, rowStart: number, rowEnd: number) => void

/**
 * The rows of a dimension, by their keys: as they are now (`DimensionTable`), or with what they were before
 * (`VersionTable`). A value that is put begins with a stamp.
 */
export interface RowTable {
  /** Is told of the rows that are put; null: nobody waits for one. */
  arrivals: Arrivals | null
  /** By which `find` looks a key up. */
  readonly hash: typeof hashBytes
  /** How many rows there are; of a table with versions how many keys. */
  readonly size: number
  /** Bytes of memory. */
  readonly bytes: number
  /** Bytes of the stamp that each value begins with. */
  readonly stampBytes: number
  /** The row that `find` has found last, until the next put, delete or clear. */
  readonly rowBuffer: Bytes
  readonly rowStart: number
  readonly rowEnd: number
  /** Brings the rows of these keys near. @returns nothing of use */
  lookAhead(hashes: Int32Array, count: number): number
  /** Whether there is a row with this key; it is then between `rowStart` and `rowEnd` of `rowBuffer`. */
  find(hash: number, key: Bytes, start: number, end: number): boolean
  /** Throws RangeError for a value over 4 MiB. */
  put(
    key: Bytes,
    keyStart: number,
    keyEnd: number,
    row: Bytes,
    rowStart: number,
    rowEnd: number,
  ): void
  /** The key goes; without stamps. */
  delete(key: Bytes, start: number, end: number): void
  /** Forgets some of what is not needed any more. @param share of the deletions, which are kept for a round or two */
  sweep(share: number): void
  /**
   * @param stampBytes of the values that come, where it is not always the same
   * @param placeBytes of their rows' places, which are behind the stamps
   */
  clear(stampBytes?: number, placeBytes?: number): void
  /**
   * Calls `each` with what was put and still counts: its buffer, where the key starts, where the value starts, where
   * it ends; until entries of so many bytes were visited, or the last.
   * @param from 0, or what the call before has returned; the table is the same still
   * @returns where to go on; -1: all were visited
   */
  forSome(from: number, bytes: number, each: EachEntry): number
  /** Some of the keys, which ones is left to chance. */
  someKeys(most: number): Buffer[]
}
