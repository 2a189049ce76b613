import type { RecordBytes, RecordColumns } from '../batch.ts'
import { bytesOf } from '../bytes.ts'
import { crc32c } from '../checksum.ts'
import { EnricherError } from '../errors.ts'
import { acquireColumns, type ColumnArrays } from './column-arrays.ts'
import { decompress } from './compression.ts'

/**
 * Record batches of format v2 (magic 2) → columns.
 * https://kafka.apache.org/documentation/#recordbatch
 */
export const BATCH_HEADER = 61
const LENGTH_AT = 8
const MAGIC_AT = 16
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const RECORDS_AT = 57
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
const LOG_APPEND_TIME = 0x08

export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

interface Batch {
  readonly at: number
  readonly end: number
  readonly baseOffset: number
  readonly attributes: number
  readonly firstTimestamp: number
  readonly maxTimestamp: number
  readonly records: number
}

const readInt64 = (buffer: Buffer, at: number): number =>
  buffer.readInt32BE(at) * 4294967296 + buffer.readUInt32BE(at + 4)

/**
 * Decodes a Fetch answer's record batches; a last batch that was cut off is left for the next fetch.
 * Without compression the columns are positions over `buffer` itself.
 * Throws CORRUPT_BATCH where a checksum or a length is wrong.
 */
export function decodeRecordBatches(
  buffer: Buffer,
  fetchOffset: number,
  aborted: readonly AbortedTransaction[],
): ColumnArrays | Promise<ColumnArrays> {
  const { batches, nextOffset, compressed } = scan(buffer, fetchOffset, aborted)
  if (compressed) return inflate(buffer, batches, fetchOffset, nextOffset)
  return decodeAll(buffer, batches, fetchOffset, nextOffset)
}

/** Finds the batches that hold records to be read: no control batches, none of an aborted transaction. */
function scan(buffer: Buffer, fetchOffset: number, aborted: readonly AbortedTransaction[]) {
  const pending = [...aborted].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1))
  const open = new Set<bigint>()
  const batches: Batch[] = []
  let nextOffset = fetchOffset
  let compressed = false
  for (let at = 0; at + BATCH_HEADER <= buffer.length; ) {
    const end = at + 12 + buffer.readInt32BE(at + LENGTH_AT)
    const baseOffset = readInt64(buffer, at)
    if (end > buffer.length) break
    checkBatch(buffer, at, end, baseOffset)
    const attributes = buffer.readInt16BE(at + ATTRIBUTES_AT)
    const lastOffset = baseOffset + buffer.readInt32BE(at + 23)
    const producerId = buffer.readBigInt64BE(at + 43)
    while (pending.length > 0 && pending[0].firstOffset <= lastOffset) {
      open.add(pending.shift()!.producerId)
    }
    if (attributes & CONTROL) {
      if (isAbortMarker(buffer, at)) open.delete(producerId)
    } else if (lastOffset >= fetchOffset && !(attributes & TRANSACTIONAL && open.has(producerId))) {
      compressed ||= (attributes & 7) !== 0
      const firstTimestamp = readInt64(buffer, at + 27)
      const maxTimestamp = readInt64(buffer, at + 35)
      const records = buffer.readInt32BE(at + RECORDS_AT)
      batches.push({ at, end, baseOffset, attributes, firstTimestamp, maxTimestamp, records })
    }
    nextOffset = Math.max(nextOffset, lastOffset + 1)
    at = end
  }
  return { batches, nextOffset, compressed }
}

function checkBatch(buffer: Buffer, at: number, end: number, baseOffset: number): void {
  if (buffer[at + MAGIC_AT] !== 2 || end < at + BATCH_HEADER) {
    throw corrupt(baseOffset, 'is not of message format v2')
  }
  if (crc32c(buffer.subarray(at + ATTRIBUTES_AT, end)) !== buffer.readUInt32BE(at + CRC_AT)) {
    throw corrupt(baseOffset, 'has a wrong checksum')
  }
}

function corrupt(baseOffset: number, what: string): EnricherError {
  return new EnricherError('CORRUPT_BATCH', `The record batch at offset ${baseOffset} ${what}`, {
    fields: { baseOffset },
  })
}

/**
 * A control batch has one record; its key is version i16, type i16 (0 abort, 1 commit). Compaction leaves it
 * without one where it is the producer's last, or the last of a cleaned segment: such a batch ends nothing.
 */
function isAbortMarker(buffer: Buffer, at: number): boolean {
  if (buffer.readInt32BE(at + RECORDS_AT) === 0) return false
  // length, attributes, timestamp delta, offset delta, key length: one byte each in a control record
  return buffer.readInt16BE(at + BATCH_HEADER + 7) === 0
}

async function inflate(
  buffer: Buffer,
  batches: readonly Batch[],
  fetchOffset: number,
  nextOffset: number,
): Promise<ColumnArrays> {
  const parts: Buffer[] = []
  const moved: Batch[] = []
  let at = 0
  for (const batch of batches) {
    const section = buffer.subarray(batch.at + BATCH_HEADER, batch.end)
    const bytes = await decompress(batch.attributes & 7, section, batch.baseOffset)
    moved.push({ ...batch, at: at - BATCH_HEADER, end: at + bytes.length })
    parts.push(bytes)
    at += bytes.length
  }
  return decodeAll(Buffer.concat(parts), moved, fetchOffset, nextOffset)
}

function decodeAll(
  buffer: Buffer,
  batches: readonly Batch[],
  fetchOffset: number,
  nextOffset: number,
): ColumnArrays {
  let records = 0
  for (const batch of batches) records += batch.records
  const columns = acquireColumns(records)
  columns.buffer = bytesOf(buffer)
  columns.length = 0
  columns.nextOffset = nextOffset
  for (const batch of batches) decodeRecords(columns, batch, fetchOffset)
  return columns
}

function decodeRecords(columns: ColumnArrays, batch: Batch, fetchOffset: number): void {
  const { buffer: b, timestamps, offsets, keyStarts, keyEnds } = columns
  const { valueStarts, valueEnds, headerStarts, headerEnds } = columns
  const { baseOffset, firstTimestamp, maxTimestamp, end: batchEnd } = batch
  const logAppend = (batch.attributes & LOG_APPEND_TIME) !== 0
  let o = batch.at + BATCH_HEADER
  let i = columns.length
  for (let n = batch.records; n > 0; n--) {
    let x = b[o++]
    let r = x & 127
    for (let s = 7; x > 127; s += 7) {
      x = b[o++]
      r |= (x & 127) << s
    }
    const end = o + ((r >>> 1) ^ -(r & 1))
    o++ // attributes
    x = b[o++]
    r = x & 127
    // Multiplied, not shifted: a timestamp delta may have more than 31 bits.
    for (let unit = 128; x > 127; unit *= 128) {
      x = b[o++]
      r += (x & 127) * unit
    }
    timestamps[i] = logAppend ? maxTimestamp : firstTimestamp + (r % 2 === 0 ? r / 2 : -(r + 1) / 2)
    x = b[o++]
    r = x & 127
    for (let s = 7; x > 127; s += 7) {
      x = b[o++]
      r |= (x & 127) << s
    }
    const offset = baseOffset + ((r >>> 1) ^ -(r & 1))
    offsets[i] = offset
    x = b[o++]
    r = x & 127
    for (let s = 7; x > 127; s += 7) {
      x = b[o++]
      r |= (x & 127) << s
    }
    let size = (r >>> 1) ^ -(r & 1)
    keyStarts[i] = o
    keyEnds[i] = size < 0 ? -1 : (o += size)
    x = b[o++]
    r = x & 127
    for (let s = 7; x > 127; s += 7) {
      x = b[o++]
      r |= (x & 127) << s
    }
    size = (r >>> 1) ^ -(r & 1)
    valueStarts[i] = o
    valueEnds[i] = size < 0 ? -1 : (o += size)
    headerStarts[i] = o
    headerEnds[i] = end
    if (o >= end || end > batchEnd)
      throw corrupt(baseOffset, 'has records whose lengths do not add up')
    o = end
    if (offset >= fetchOffset) i++
  }
  columns.length = i
}

/** One record as an object, for the rare places that need one. Copies. */
export function recordAt(columns: RecordColumns, i: number): RecordBytes {
  const { buffer } = columns
  const part = (start: number, end: number): Buffer | null =>
    end < 0 ? null : Buffer.from(buffer.subarray(start, end))
  return {
    key: part(columns.keyStarts[i], columns.keyEnds[i]),
    value: part(columns.valueStarts[i], columns.valueEnds[i]),
    headers: readHeaders(buffer, columns.headerStarts[i]),
  }
}

/** Of a raw header section. Copies. */
export function readHeaders(buffer: Buffer, start: number): [string, Buffer | null][] {
  let at = start
  const varint = (): number => {
    let result = 0
    for (let shift = 0; ; shift += 7) {
      const byte = buffer[at++]
      result |= (byte & 127) << shift
      if (byte < 128) return (result >>> 1) ^ -(result & 1)
    }
  }
  const bytes = (length: number): Buffer => Buffer.from(buffer.subarray(at, (at += length)))
  const headers: [string, Buffer | null][] = []
  for (let count = varint(); count > 0; count--) {
    const name = bytes(varint()).toString()
    const length = varint()
    headers.push([name, length < 0 ? null : bytes(length)])
  }
  return headers
}
