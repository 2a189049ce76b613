/**
 * How a fact lies on a page while it waits:
 *
 *     fact := number u32, event time f64, timestamp f64, offset f64, parked at f64 (stream time), parked at f64 (wall
 *             clock), key bytes i32 (-1: null), value bytes i32, header bytes i32, own headers i32, key, value, headers
 *
 * Times are ms, numbers little endian. The value is framed as it came, the headers are the whole section that follows it
 * in the batch; the record's own begin at `own headers` in it, behind those that a stage before has added.
 */
import type { RecordColumns } from '../batch.ts'
import { type Bytes, copyBytes } from '../bytes.ts'

export const HEAD_BYTES = 60

/** When a fact has begun to wait, in ms. */
export interface ParkedAt {
  readonly streamTime: number
  /** By the wall clock. */
  readonly wall: number
}

/** What is known of a fact without its key, value and headers. */
export interface ParkedHead extends ParkedAt {
  /** Its number in its segment. */
  readonly entry: number
  /** Its event time, in ms. */
  readonly time: number
  /** Of all that it has on the page. */
  readonly bytes: number
}

/** Bytes that record `i` takes. */
export const parkedBytes = (columns: RecordColumns, i: number): number =>
  HEAD_BYTES +
  Math.max(0, columns.keyEnds[i] - columns.keyStarts[i]) +
  columns.headerEnds[i] -
  columns.valueStarts[i]

/** Writes record `i`, which has a value. @returns the position behind it */
export function writeParked(
  to: Bytes,
  position: number,
  entry: number,
  columns: RecordColumns,
  i: number,
  time: number,
  at: ParkedAt,
): number {
  const { buffer, keyStarts, keyEnds, valueStarts, valueEnds, headerStarts, headerEnds } = columns
  const { view } = to
  view.setUint32(position, entry, true)
  view.setFloat64(position + 4, time, true)
  view.setFloat64(position + 12, columns.timestamps[i], true)
  view.setFloat64(position + 20, columns.offsets[i], true)
  view.setFloat64(position + 28, at.streamTime, true)
  view.setFloat64(position + 36, at.wall, true)
  view.setInt32(position + 44, keyEnds[i] < 0 ? -1 : keyEnds[i] - keyStarts[i], true)
  view.setInt32(position + 48, valueEnds[i] - valueStarts[i], true)
  view.setInt32(position + 52, headerEnds[i] - valueEnds[i], true)
  view.setInt32(position + 56, headerStarts[i] - valueEnds[i], true)
  const start = position + HEAD_BYTES
  const value = keyEnds[i] < 0 ? start : copyBytes(buffer, keyStarts[i], keyEnds[i], to, start)
  return copyBytes(buffer, valueStarts[i], headerEnds[i], to, value)
}

export function readHead({ view }: Bytes, position: number): ParkedHead {
  const keyBytes = Math.max(0, view.getInt32(position + 44, true))
  const rest = view.getInt32(position + 48, true) + view.getInt32(position + 52, true)
  return {
    entry: view.getUint32(position, true),
    time: view.getFloat64(position + 4, true),
    streamTime: view.getFloat64(position + 28, true),
    wall: view.getFloat64(position + 36, true),
    bytes: HEAD_BYTES + keyBytes + rest,
  }
}

/** Columns with room for so many records, in a buffer of their own. */
export function emptyColumns(length: number, buffer: Bytes): RecordColumns {
  const doubles = (): Float64Array => new Float64Array(length)
  const integers = (): Int32Array => new Int32Array(length)
  return {
    buffer,
    length,
    timestamps: doubles(),
    offsets: doubles(),
    keyStarts: integers(),
    keyEnds: integers(),
    valueStarts: integers(),
    valueEnds: integers(),
    headerStarts: integers(),
    headerEnds: integers(),
    nextOffset: -1,
  }
}

/**
 * Makes record `i` of the fact that lies at `position`.
 * @param at where it is put in the columns' buffer. @returns the position behind it
 */
export function readParked(
  from: Bytes,
  position: number,
  columns: RecordColumns,
  i: number,
  at: number,
): number {
  const { view } = from
  const keyBytes = view.getInt32(position + 44, true)
  const valueStart = at + Math.max(0, keyBytes)
  const valueEnd = valueStart + view.getInt32(position + 48, true)
  const end = valueEnd + view.getInt32(position + 52, true)
  columns.timestamps[i] = view.getFloat64(position + 12, true)
  columns.offsets[i] = view.getFloat64(position + 20, true)
  columns.keyStarts[i] = at
  columns.keyEnds[i] = keyBytes < 0 ? -1 : valueStart
  columns.valueStarts[i] = valueStart
  columns.valueEnds[i] = valueEnd
  columns.headerStarts[i] = valueEnd + view.getInt32(position + 56, true)
  columns.headerEnds[i] = end
  const start = position + HEAD_BYTES
  return copyBytes(from, start, start + end - at, columns.buffer, at)
}
