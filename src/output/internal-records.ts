/**
 * Records of an internal topic between two stages. Each carries a header of ours in front of its own:
 *
 *     origin := partition i32 (-1: it was joined, and was nowhere), offset f64, timestamp f64, key length i32 (-1: none), key, own header section
 *     mark   := partition u32, time f64
 *
 * A record has `origin`, where it was in its input; its value ends with the count of the record's own headers, so that what
 * follows the rest of the value is the header section as it was, and taking ours away is a step forward. A mark has
 * neither key nor value: it says how far the stream time of a source partition is behind what it stands after.
 */
import type { RecordBytes, RecordColumns } from '../batch.ts'
import type { RecordBatchWriter } from '../broker/record-batch-writer.ts'
import { readHeaders } from '../broker/record-columns.ts'
import { type Bytes, bytesOf, copyBytes } from '../bytes.ts'
import type { HeaderSection } from './match-headers.ts'

const ORIGIN = 'origin'
/** Copied: a text would be a call into Node for each record. */
const ORIGIN_TEXT = bytesOf(Buffer.from(ORIGIN))
const MARK = 'mark'
/** Of an origin, before the key. */
const FIXED_BYTES = 4 + 8 + 8 + 4
const MARK_BYTES = 4 + 8
/** Of a count of headers, the name, and the value's length, at most. */
const MOST_AROUND = 5 + 1 + ORIGIN.length + 5

/** The partition, and the offset, of what was joined. */
export const NOWHERE = -1

/** Where a record was before a stage took it here. */
export interface Origin {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
}

/** A source partition's stream time, in ms. */
export interface Mark {
  readonly partition: number
  readonly time: number
}

/** Writes the header sections of records that go to an internal topic. */
export class OriginHeaders {
  /** The section of the last record, from 0 on. */
  buffer: Bytes = bytesOf(Buffer.allocUnsafe(1024))

  /**
   * Writes the section of record `i`.
   * @param partition of its input. @param told headers in place of its own; null: it has these
   * @returns how many bytes it has
   */
  write(
    columns: RecordColumns,
    i: number,
    partition: number,
    told: HeaderSection | null = null,
  ): number {
    const { buffer: source, keyStarts, keyEnds, headerStarts, headerEnds } = columns
    const hasKey = keyEnds[i] >= 0
    const keyBytes = hasKey ? keyEnds[i] - keyStarts[i] : 0
    const from = told?.buffer ?? source
    const headers = told?.headersStart ?? headerStarts[i]
    const headersEnd = told?.headersEnd ?? headerEnds[i]
    this.#reserve(MOST_AROUND + FIXED_BYTES + keyBytes + headersEnd - headers)
    const countBytes = varintBytes(from, headers)
    let at = this.#begin(readVarint(from, headers) + 1, FIXED_BYTES + keyBytes + countBytes)
    const { view } = this.buffer
    view.setUint32(at, partition)
    view.setFloat64(at + 4, columns.offsets[i])
    view.setFloat64(at + 12, columns.timestamps[i])
    view.setInt32(at + 20, hasKey ? keyBytes : -1)
    at += FIXED_BYTES
    if (hasKey) at = copyBytes(source, keyStarts[i], keyEnds[i], this.buffer, at)
    return copyBytes(from, headers, headersEnd, this.buffer, at)
  }

  /** The same of a record that was joined, and so was nowhere. @param time its own, in ms */
  writeJoined({ buffer: from, headersStart, headersEnd }: HeaderSection, time: number): number {
    const isBare = headersEnd === headersStart
    const count = isBare ? 0 : readVarint(from, headersStart)
    const countBytes = isBare ? 0 : varintBytes(from, headersStart)
    this.#reserve(MOST_AROUND + FIXED_BYTES + headersEnd - headersStart)
    const at = this.#begin(count + 1, FIXED_BYTES + (isBare ? 1 : countBytes))
    const { view } = this.buffer
    view.setInt32(at, NOWHERE)
    view.setFloat64(at + 4, NOWHERE)
    view.setFloat64(at + 12, time)
    view.setInt32(at + 20, -1)
    if (!isBare) {
      return copyBytes(from, headersStart, headersEnd, this.buffer, at + FIXED_BYTES)
    }
    this.buffer[at + FIXED_BYTES] = 0
    return at + FIXED_BYTES + 1
  }

  /** The count of headers, our name, and the length of its value. @returns where that begins */
  #begin(count: number, valueBytes: number): number {
    const { buffer } = this
    let at = writeVarint(buffer, 0, count)
    at = writeVarint(buffer, at, ORIGIN.length)
    at = copyBytes(ORIGIN_TEXT, 0, ORIGIN_TEXT.length, buffer, at)
    return writeVarint(buffer, at, valueBytes)
  }

  #reserve(bytes: number): void {
    if (bytes > this.buffer.length) this.buffer = bytesOf(Buffer.allocUnsafe(2 * bytes))
  }
}

/** Bytes that a mark takes in a batch, its headers included. */
export const MARK_RECORD_BYTES = 32

/** @param timestamp of the record that carries it: wall clock, in ms */
export function writeMark(
  writer: RecordBatchWriter,
  timestamp: number,
  { partition, time }: Mark,
): void {
  const value = Buffer.alloc(MARK_BYTES)
  value.writeUInt32BE(partition, 0)
  value.writeDoubleBE(time, 4)
  const record: RecordBytes = { key: null, value: null, headers: [[MARK, value]] }
  writer.recordOf(timestamp, record)
}

/** The mark that record `i` is; undefined: it is none. */
export function markAt(columns: RecordColumns, i: number): Mark | undefined {
  const { buffer, valueEnds } = columns
  if (valueEnds[i] >= 0) return undefined
  const at = valueStart(MARK, buffer, sectionOf(columns, i))
  if (at < 0) return undefined
  return { partition: buffer.readUInt32BE(at), time: buffer.readDoubleBE(at + 4) }
}

/** Where the header section of record `i` begins without ours; as it is where a record has none of ours. */
export function ownHeaders(columns: RecordColumns, i: number): number {
  const { buffer, headerStarts } = columns
  const at = valueStart(ORIGIN, buffer, sectionOf(columns, i))
  if (at < 0) return headerStarts[i]
  return at + FIXED_BYTES + Math.max(0, buffer.view.getInt32(at + 20))
}

/** Where record `i` was; undefined: it does not say so, for something else has written it. */
export function originAt(columns: RecordColumns, i: number): Origin | undefined {
  const { buffer } = columns
  const at = valueStart(ORIGIN, buffer, sectionOf(columns, i))
  if (at < 0) return undefined
  const keyBytes = buffer.readInt32BE(at + 20)
  const keyAt = at + FIXED_BYTES
  return {
    partition: buffer.readInt32BE(at),
    offset: buffer.readDoubleBE(at + 4),
    timestamp: buffer.readDoubleBE(at + 12),
    key: keyBytes < 0 ? null : Buffer.from(buffer.subarray(keyAt, keyAt + keyBytes)),
  }
}

/** The same of where it was alone, without an object: where this begins in its bytes; -1: it does not say so. */
export const originStart = (columns: RecordColumns, i: number): number =>
  valueStart(ORIGIN, columns.buffer, sectionOf(columns, i))

export const originPartition = ({ view }: Bytes, start: number): number => view.getUint32(start)

export const originOffset = ({ view }: Bytes, start: number): number => view.getFloat64(start + 4)

/** Record `i` as it came from its input. */
export function originalAt(columns: RecordColumns, i: number, { key }: Origin): RecordBytes {
  const { buffer, valueStarts, valueEnds } = columns
  const value = valueEnds[i] < 0 ? null : Buffer.from(buffer.subarray(valueStarts[i], valueEnds[i]))
  return { key, value, headers: readHeaders(buffer, ownHeaders(columns, i)) }
}

/** The whole section follows the value; `headerStarts` may be behind our header already. */
const sectionOf = ({ valueStarts, valueEnds }: RecordColumns, i: number): number =>
  valueEnds[i] < 0 ? valueStarts[i] : valueEnds[i]

/** Where the value of the section's first header begins; -1: it has another name, or there is none. */
function valueStart(name: string, buffer: Bytes, section: number): number {
  if (readVarint(buffer, section) === 0) return -1
  let at = section + varintBytes(buffer, section)
  if (readVarint(buffer, at) !== name.length) return -1
  at++
  for (let c = 0; c < name.length; c++) if (buffer[at + c] !== name.charCodeAt(c)) return -1
  at += name.length
  return at + varintBytes(buffer, at)
}

function readVarint(buffer: Bytes, start: number): number {
  let result = 0
  for (let at = start, shift = 0; ; at++, shift += 7) {
    result |= (buffer[at] & 127) << shift
    if (buffer[at] < 128) return (result >>> 1) ^ -(result & 1)
  }
}

function varintBytes(buffer: Bytes, start: number): number {
  let at = start
  while (buffer[at] > 127) at++
  return at + 1 - start
}

/** Of a number that is not negative. @returns the position behind it */
function writeVarint(buffer: Bytes, start: number, value: number): number {
  let at = start
  let rest = value * 2
  for (; rest > 127; rest >>>= 7) buffer[at++] = (rest & 127) | 128
  buffer[at++] = rest
  return at
}
