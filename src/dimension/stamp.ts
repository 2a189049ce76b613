/**
 * What a row has before its bytes in a topic of several partitions, where a key may lie on more than one: it does once
 * partitions were added, for a key's later records then go to another one than its earlier ones.
 *
 *     stamp := flags and partition u8 | flags and partition u16 | flags and partition u16, time u48
 *     flags := deleted, swept: the two highest bits
 *
 * In a topic of one partition there is none. Where no key was seen on two partitions it has no time: whoever meets one
 * has to read the topic again, with times. A deleted row has a stamp, and nothing behind it.
 */
import type { Bytes } from '../bytes.ts'

const DELETED = 0x80
/** A sweep has found it deleted: the next one takes it away. */
const SWEPT = 0x40
const PARTITION = 0x3f
/** Partitions that the short stamp can tell apart. */
const SHORT = 64
/** Bytes of a stamp with a time. */
export const TIMED = 8
const MOST_TIME = 2 ** 48 - 1

/** Bytes of a stamp without a time, of a topic with so many partitions. */
export const stampBytes = (partitions: number): number =>
  partitions <= 1 ? 0 : partitions <= SHORT ? 1 : 2

/** Of one where a key may be on any partition from the first record on: with times at once, lest it be read twice. */
export const firstStampBytes = (partitions: number, isScattered: boolean): number =>
  isScattered && partitions > 1 ? TIMED : stampBytes(partitions)

/** @param time of the record, in ms since 1970; one that has none, -1, counts as 0 */
export function writeStamp(
  row: Bytes,
  bytes: number,
  partition: number,
  time: number,
  isDeleted: boolean,
): void {
  const flags = isDeleted ? DELETED : 0
  if (bytes === 0) return
  if (bytes === 1) {
    row[0] = flags | partition
    return
  }
  row[0] = flags | (partition >> 8)
  row[1] = partition & 255
  if (bytes === TIMED) writeTime(row, time)
}

export const isDeleted = (row: Bytes, at: number): boolean => (row[at] & DELETED) !== 0

export const isSwept = (row: Bytes, at: number): boolean => (row[at] & SWEPT) !== 0

export function sweep(row: Bytes, at: number): void {
  row[at] |= SWEPT
}

/**
 * Whether the record that `row` begins with the stamp of takes the place of the one whose stamp lies in `held`.
 * Of one partition the later one does, whatever its time; of several the partition that has the key's newest
 * record has the key. So the outcome does not depend on the order in which partitions are read. At the same time
 * the higher partition wins: adding partitions mostly moves keys up, and to a multiple of their number always.
 * undefined: there are no times, so nobody can tell.
 */
export function takesPlace(
  row: Bytes,
  held: Bytes,
  at: number,
  bytes: number,
): boolean | undefined {
  const partition = partitionOf(row, 0, bytes)
  const other = partitionOf(held, at, bytes)
  if (bytes !== TIMED) return partition === other ? true : undefined
  const time = timeOf(row, 0)
  const since = timeOf(held, at)
  if (partition !== other) return time === since ? partition > other : time > since
  // It keeps what its partition has the key by.
  if (time < since) writeTime(row, since)
  return true
}

/** @param bytes of the stamp */
export function partitionOf(row: Bytes, at: number, bytes: number): number {
  const high = row[at] & PARTITION
  return bytes === 1 ? high : (high << 8) | row[at + 1]
}

function timeOf({ view }: Bytes, at: number): number {
  return view.getUint16(at + 2) * 2 ** 32 + view.getUint32(at + 4)
}

function writeTime({ view }: Bytes, time: number): void {
  const whole = Math.min(Math.max(0, time), MOST_TIME)
  view.setUint16(2, Math.floor(whole / 2 ** 32))
  view.setUint32(4, whole >>> 0)
}
