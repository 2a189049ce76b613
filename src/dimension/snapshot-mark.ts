/**
 * Which snapshot a row is of, behind its stamp where the dimension is loaded as a whole:
 *
 *     mark := u48
 *
 * A time, in ms since 1970: one at which its snapshot began, or of a row that is of no snapshot its own.
 */
import type { Bytes } from '../bytes.ts'

export const MARK_BYTES = 6
const MOST = 2 ** 48 - 1

/** A record's time as a mark; one that has none, -1, counts as 0. */
export const markOf = (time: number): number => Math.min(Math.max(0, time), MOST)

export function writeMark({ view }: Bytes, at: number, mark: number): void {
  view.setUint16(at, Math.floor(mark / 2 ** 32))
  view.setUint32(at + 2, mark >>> 0)
}

export const markAt = ({ view }: Bytes, at: number): number =>
  view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2)
