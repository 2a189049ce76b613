/**
 * Versions of one key on pages, in the order of their stamps, so that one of a time is found by halves.
 *
 *     page  := kind u8, count u32, entry (14 bytes) × count, then in a leaf the rows one after the other
 *     entry := stamp; in a leaf the end of its row u32, from where the rows begin; in a root the number of a leaf u32
 *
 * A root's entry has the stamp of its leaf's first version. What is before all of them belongs to the first leaf.
 */
import { type Bytes, copyBytes } from '../bytes.ts'
import { compareStamps, VERSION_STAMP_BYTES, versionTime } from './version-stamp.ts'

const LEAF = 0
const ROOT = 1
const HEADER = 5
const ENTRY = VERSION_STAMP_BYTES + 4

export const isRoot = (page: Bytes, start: number): boolean => page[start] === ROOT
export const countOf = ({ view }: Bytes, start: number): number => view.getUint32(start + 1)
/** Where the stamp of entry `i` lies. */
export const stampAt = (start: number, i: number): number => start + HEADER + i * ENTRY
/** The leaf's number, or the row's end. */
export const numberOf = ({ view }: Bytes, start: number, i: number): number =>
  view.getUint32(stampAt(start, i) + VERSION_STAMP_BYTES)

/** Where row `i` of a leaf begins. */
export function rowStart(page: Bytes, start: number, i: number): number {
  const rows = stampAt(start, countOf(page, start))
  return rows + (i === 0 ? 0 : numberOf(page, start, i - 1))
}

export const rowEnd = (page: Bytes, start: number, i: number): number =>
  stampAt(start, countOf(page, start)) + numberOf(page, start, i)

/** The last entry whose time is not after `time[0]`, which is a list so that no number is boxed; -1: there is none. */
export function lastUpTo(page: Bytes, start: number, time: Float64Array): number {
  let low = 0
  let high = countOf(page, start)
  while (low < high) {
    const middle = (low + high) >> 1
    if (versionTime(page, stampAt(start, middle)) <= time[0]) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** The first entry whose stamp is not before this one; the count: there is none. */
export function placeOf(page: Bytes, start: number, stamp: Bytes, at: number): number {
  let low = 0
  let high = countOf(page, start)
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareStamps(page, stampAt(start, middle), stamp, at) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** An entry's bytes to be written, from anywhere. */
export interface Version {
  readonly buffer: Bytes
  /** Where its stamp lies. */
  readonly stamp: number
  readonly rowStart: number
  readonly rowEnd: number
}

/** Those of a leaf. */
export const versionsOf = (page: Bytes, start: number): Version[] =>
  Array.from({ length: countOf(page, start) }, (_, i) => ({
    buffer: page,
    stamp: stampAt(start, i),
    rowStart: rowStart(page, start, i),
    rowEnd: rowEnd(page, start, i),
  }))

export const leafBytes = (versions: readonly Version[]): number =>
  versions.reduce((sum, { rowStart: from, rowEnd: to }) => sum + ENTRY + to - from, HEADER)

/** Writes a leaf of these versions at the target's beginning. @returns where it ends */
export function writeLeaf(target: Bytes, versions: readonly Version[]): number {
  writeHeader(target, LEAF, versions.length)
  const rows = stampAt(0, versions.length)
  let at = rows
  for (const [i, { buffer, stamp, rowStart: from, rowEnd: to }] of versions.entries()) {
    at = copyBytes(buffer, from, to, target, at)
    writeEntry(target, i, buffer, stamp, at - rows)
  }
  return at
}

/** An entry of a root. */
export interface LeafPlace {
  readonly buffer: Bytes
  readonly stamp: number
  readonly leaf: number
}

/** Those of a root. */
export const placesOf = (page: Bytes, start: number): LeafPlace[] =>
  Array.from({ length: countOf(page, start) }, (_, i) => ({
    buffer: page,
    stamp: stampAt(start, i),
    leaf: numberOf(page, start, i),
  }))

export const rootBytes = (leaves: number): number => HEADER + leaves * ENTRY

/** Writes a root of these leaves at the target's beginning. @returns where it ends */
export function writeRoot(target: Bytes, leaves: readonly LeafPlace[]): number {
  writeHeader(target, ROOT, leaves.length)
  for (const [i, { buffer, stamp, leaf }] of leaves.entries()) {
    writeEntry(target, i, buffer, stamp, leaf)
  }
  return rootBytes(leaves.length)
}

function writeHeader(target: Bytes, kind: number, count: number): void {
  target[0] = kind
  target.view.setUint32(1, count)
}

function writeEntry(target: Bytes, i: number, buffer: Bytes, stamp: number, number: number): void {
  const at = copyBytes(buffer, stamp, stamp + VERSION_STAMP_BYTES, target, stampAt(0, i))
  target.view.setUint32(at, number)
}
