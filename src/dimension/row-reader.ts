import type { RecordColumns, RejectReason } from '../batch.ts'
import { bytesOf } from '../bytes.ts'
import type { DimensionStore } from './dimension-store.ts'
import type { DimensionPorts } from './ports.ts'
import { type DimensionTable, LARGEST_ROW } from './table.ts'

/** From a record to a row of table and store: put, deleted, or rejected. */
export class RowReader {
  readonly #ports: Pick<DimensionPorts, 'codec' | 'key' | 'onReject'>
  readonly #table: DimensionTable
  readonly #store: DimensionStore
  #row = bytesOf(Buffer.allocUnsafe(1024))
  /** What the last record lacks is the schema of its key. */
  #needsKey = false

  constructor(
    ports: Pick<DimensionPorts, 'codec' | 'key' | 'onReject'>,
    table: DimensionTable,
    store: DimensionStore,
  ) {
    this.#ports = ports
    this.#table = table
    this.#store = store
  }

  /** False: `load` it and apply it again. */
  apply(columns: RecordColumns, partition: number, i: number): boolean {
    const { codec, key, onReject } = this.#ports
    const { buffer, keyStarts, keyEnds, valueStarts, valueEnds } = columns
    const headerStart = columns.headerStarts[i]
    const headerEnd = columns.headerEnds[i]
    const reject = (reason: RejectReason, error: string): true => {
      onReject(columns, i, partition, reason, error)
      return true
    }
    if (keyEnds[i] < 0) return reject('null_key', 'The record has no key')
    if (!key.read(buffer, keyStarts[i], keyEnds[i], headerStart, headerEnd)) {
      this.#needsKey = key.reason === null
      return key.reason === null ? false : reject(key.reason, key.fault)
    }
    this.#needsKey = false
    if (valueEnds[i] < 0) {
      this.#table.delete(key.buffer, key.start, key.end)
      this.#store.delete(key.buffer, key.start, key.end)
      return true
    }
    const value = codec.reader(buffer, valueStarts[i], valueEnds[i], headerStart, headerEnd)
    if (value === null) return false
    if (typeof value === 'string') return reject(value, codec.fault)
    const fault = value.read(0, buffer, valueStarts[i], valueEnds[i])
    if (fault !== null) return reject(fault, value.fault)
    value.select(0)
    const bytes = key.end - key.start + value.projectedBytes
    if (bytes > LARGEST_ROW) {
      return reject('too_large', `The row has ${bytes} bytes; ${LARGEST_ROW} are possible`)
    }
    if (value.projectedBytes > this.#row.length)
      this.#row = bytesOf(Buffer.allocUnsafe(value.projectedBytes * 2))
    const end = value.project(this.#row, 0)
    this.#table.put(key.buffer, key.start, key.end, this.#row, 0, end)
    this.#store.put(key.buffer, key.start, key.end, this.#row, 0, end)
    return true
  }

  /** The schema that the record, which was just applied in vain, needs. */
  load({ buffer, keyStarts, valueStarts }: RecordColumns, i: number): Promise<void> {
    const { codec, key } = this.#ports
    return this.#needsKey ? key.load(buffer, keyStarts[i]) : codec.load(buffer, valueStarts[i])
  }
}
