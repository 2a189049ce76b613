import type { RecordColumns, RejectReason } from '../batch.ts'
import { bytesOf } from '../bytes.ts'
import { FAILED, FILTERED, OTHER_TYPE } from '../codec/port.ts'
import { LARGEST_ROW } from './arena.ts'
import { placeBytes, writePlace } from './place.ts'
import type { DimensionPorts } from './ports.ts'
import type { Applied, RowWriter } from './row-writer.ts'

type RowPorts = Pick<
  DimensionPorts,
  'codec' | 'key' | 'keepsPlaces' | 'onReject' | 'onOtherType' | 'onFiltered'
>

/** Makes a row of table and store from a record, which is put, deleted, or rejected. */
export class RowReader {
  readonly #ports: RowPorts
  readonly #writer: RowWriter
  readonly #placeBytes: number
  #row = bytesOf(Buffer.allocUnsafe(1024))
  /** What the last record lacks is the schema of its key. */
  #needsKey = false

  constructor(ports: RowPorts, writer: RowWriter) {
    this.#ports = ports
    this.#writer = writer
    this.#placeBytes = placeBytes(ports)
  }

  /** `schema unknown`: `load` it and apply it again. */
  apply(columns: RecordColumns, partition: number, i: number): Applied {
    const { codec, key, onReject, onOtherType, onFiltered } = this.#ports
    const { buffer, keyStarts, keyEnds, valueStarts, valueEnds } = columns
    const headerStart = columns.headerStarts[i]
    const headerEnd = columns.headerEnds[i]
    const isNull = valueEnds[i] < 0
    const value = isNull
      ? null
      : codec.reader(buffer, valueStarts[i], valueEnds[i], headerStart, headerEnd)
    this.#needsKey = false
    if (value === null && !isNull) return 'schema unknown'
    if (value === OTHER_TYPE) {
      onOtherType()
      return 'done'
    }
    const reject = (reason: RejectReason, error: string): 'done' => {
      onReject(columns, i, partition, reason, error)
      return 'done'
    }
    if (keyEnds[i] < 0) return reject('null_key', 'The record has no key')
    if (!key.read(buffer, keyStarts[i], keyEnds[i], headerStart, headerEnd)) {
      this.#needsKey = key.reason === null
      return key.reason === null ? 'schema unknown' : reject(key.reason, key.fault)
    }
    const writer = this.#writer
    const timestamp = columns.timestamps[i]
    if (value === null) {
      const badTime = writer.readTime(timestamp, null)
      return badTime === null ? this.#put(0, partition) : reject(badTime, writer.fault)
    }
    if (typeof value === 'string') return reject(value, codec.fault)
    const fault = value.read(0, buffer, valueStarts[i], valueEnds[i])
    if (fault !== null) return reject(fault, value.fault)
    value.select(0)
    if (value.fate === FAILED) return reject('expression_failed', value.failure)
    const badTime = writer.readTime(timestamp, value)
    if (badTime !== null) return reject(badTime, writer.fault)
    if (value.fate === FILTERED) {
      onFiltered()
      return this.#put(0, partition)
    }
    const { stampBytes } = writer
    const bytes = key.end - key.start + value.projectedBytes
    if (bytes > LARGEST_ROW) {
      return reject('too_large', `The row has ${bytes} bytes; ${LARGEST_ROW} are possible`)
    }
    const headBytes = stampBytes + this.#placeBytes
    if (headBytes + value.projectedBytes > this.#row.length)
      this.#row = bytesOf(Buffer.allocUnsafe(headBytes + value.projectedBytes * 2))
    const end = value.project(this.#row, headBytes)
    if (this.#placeBytes > 0) writePlace(this.#row, stampBytes, partition, columns.offsets[i])
    return this.#put(end, partition)
  }

  /** @param end of the row; 0: its key is deleted */
  #put(end: number, partition: number): Applied {
    return this.#writer.put(this.#ports.key, this.#row, end, partition)
  }

  /** The schema that the record, which was just applied in vain, needs. */
  load(columns: RecordColumns, i: number): Promise<void> {
    const { buffer, keyStarts, keyEnds, valueStarts, valueEnds } = columns
    const { codec, key } = this.#ports
    const headerStart = columns.headerStarts[i]
    const headerEnd = columns.headerEnds[i]
    return this.#needsKey
      ? key.load(buffer, keyStarts[i], keyEnds[i], headerStart, headerEnd)
      : codec.load(buffer, valueStarts[i], valueEnds[i], headerStart, headerEnd)
  }
}
