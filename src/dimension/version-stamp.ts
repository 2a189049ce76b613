/**
 * What a version of a row has before its bytes. Versions of a key are in the order of their stamps.
 *
 *     stamp := time f64, deleted (the highest bit) and partition u16
 *
 * Of one partition the later one of two at the same time takes the place of the earlier one, so that stamps need no
 * offset. On several partitions, as keys may lie once partitions were added, the higher one is taken for the later one, so
 * that the order in which they are read does not matter.
 */
import type { Bytes } from '../bytes.ts'

export const VERSION_STAMP_BYTES = 10
const TIME_BYTES = 8
const DELETED = 0x8000
const PARTITION = 0x7fff

/** @param time in ms since 1970 */
export function writeVersionStamp(
  { view }: Bytes,
  at: number,
  time: number,
  partition: number,
  isDeleted: boolean,
): void {
  view.setFloat64(at, time)
  view.setUint16(at + TIME_BYTES, (isDeleted ? DELETED : 0) | partition)
}

export const versionTime = ({ view }: Bytes, at: number): number => view.getFloat64(at)

export const isDeletedVersion = ({ view }: Bytes, at: number): boolean =>
  (view.getUint16(at + TIME_BYTES) & DELETED) !== 0

/** Negative: the stamp in `a` is the earlier one; 0: they are of the same version. */
export function compareStamps(a: Bytes, aAt: number, b: Bytes, bAt: number): number {
  const time = versionTime(a, aAt)
  const other = versionTime(b, bAt)
  if (time !== other) return time < other ? -1 : 1
  return partitionOf(a, aAt) - partitionOf(b, bAt)
}

export const partitionOf = ({ view }: Bytes, at: number): number =>
  view.getUint16(at + TIME_BYTES) & PARTITION
