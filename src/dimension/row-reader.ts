import type { RecordColumns, RejectReason } from '../batch.ts'
import { bytesOf } from '../bytes.ts'
import { FAILED, FILTERED, OTHER_TYPE } from '../codec/port.ts'
import { LARGEST_ROW } from './arena.ts'
import type { DimensionStore } from './dimension-store.ts'
import { placeBytes, writePlace } from './place.ts'
import type { DimensionPorts } from './ports.ts'
import { takesPlace, writeStamp } from './stamp.ts'
import type { DimensionTable } from './table.ts'

/**
 * done; or the row's schema has to be loaded first; or its key lies on another partition as well, and nobody can
 * tell which is newer, for the table has no times: it has to be read again, with times.
 */
export type Applied = 'done' | 'schema unknown' | 'times needed'

type RowPorts = Pick<
  DimensionPorts,
  'codec' | 'key' | 'keepsPlaces' | 'onReject' | 'onOtherType' | 'onFiltered'
>

/** Makes a row of table and store from a record, which is put, deleted, or rejected. */
export class RowReader {
  readonly #ports: RowPorts
  readonly #table: DimensionTable
  readonly #store: DimensionStore
  readonly #placeBytes: number
  #row = bytesOf(Buffer.allocUnsafe(1024))
  /** What the last record lacks is the schema of its key. */
  #needsKey = false

  constructor(ports: RowPorts, table: DimensionTable, store: DimensionStore) {
    this.#ports = ports
    this.#table = table
    this.#store = store
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
    const { stampBytes } = this.#table
    const headBytes = stampBytes + this.#placeBytes
    const time = columns.timestamps[i]
    if (value === null) return this.#delete(partition, time)
    if (typeof value === 'string') return reject(value, codec.fault)
    const fault = value.read(0, buffer, valueStarts[i], valueEnds[i])
    if (fault !== null) return reject(fault, value.fault)
    value.select(0)
    if (value.fate === FAILED) return reject('expression_failed', value.failure)
    if (value.fate === FILTERED) {
      onFiltered()
      return this.#delete(partition, time)
    }
    const bytes = key.end - key.start + value.projectedBytes
    if (bytes > LARGEST_ROW) {
      return reject('too_large', `The row has ${bytes} bytes; ${LARGEST_ROW} are possible`)
    }
    if (headBytes + value.projectedBytes > this.#row.length)
      this.#row = bytesOf(Buffer.allocUnsafe(headBytes + value.projectedBytes * 2))
    const end = value.project(this.#row, headBytes)
    if (this.#placeBytes > 0) writePlace(this.#row, stampBytes, partition, columns.offsets[i])
    if (stampBytes > 0) return this.#putStamped(partition, time, end)
    this.#put(end)
    return 'done'
  }

  #delete(partition: number, time: number): Applied {
    const { key } = this.#ports
    if (this.#table.stampBytes > 0) return this.#putStamped(partition, time, 0)
    this.#table.delete(key.buffer, key.start, key.end)
    this.#store.delete(key.buffer, key.start, key.end)
    return 'done'
  }

  /** @param end of the row; 0: its key is deleted */
  #putStamped(partition: number, time: number, end: number): Applied {
    const { key } = this.#ports
    const { stampBytes } = this.#table
    writeStamp(this.#row, stampBytes, partition, time, end === 0)
    const at = this.#table.stampAt(key.buffer, key.start, key.end)
    if (at >= 0) {
      const takes = takesPlace(this.#row, this.#table.rowBuffer, at, stampBytes)
      if (takes === undefined) return 'times needed'
      if (!takes) return 'done'
    }
    this.#put(Math.max(end, stampBytes))
    return 'done'
  }

  #put(end: number): void {
    const { key } = this.#ports
    this.#table.put(key.buffer, key.start, key.end, this.#row, 0, end)
    this.#store.put(key.buffer, key.start, key.end, this.#row, 0, end)
  }

  /** The schema that the record, which was just applied in vain, needs. */
  load({ buffer, keyStarts, valueStarts }: RecordColumns, i: number): Promise<void> {
    const { codec, key } = this.#ports
    return this.#needsKey ? key.load(buffer, keyStarts[i]) : codec.load(buffer, valueStarts[i])
  }
}
