import type { RecordColumns, RejectReason } from '../batch.ts'
import { bytesOf, copyBytes } from '../bytes.ts'
import {
  DELETED,
  FILTERED,
  type KeyReader,
  OTHER_TYPE,
  PASSED,
  refusalOf,
  type ValueReader,
} from '../codec/port.ts'
import type { DimensionConfig } from '../config/pipeline.ts'
import { LARGEST_ROW } from './arena.ts'
import { placeBytes, writePlace } from './place.ts'
import type { DimensionPorts } from './ports.ts'
import type { Applied, RowWriter } from './row-writer.ts'

type RowPorts = { readonly config: Pick<DimensionConfig, 'envelope'> } & Pick<
  DimensionPorts,
  | 'codec'
  | 'key'
  | 'former'
  | 'keepsPlaces'
  | 'onReject'
  | 'onOtherType'
  | 'onFiltered'
  | 'onDeleted'
  | 'onPassedOver'
>

const NOT_WHOSE =
  'The record has no value, in which the row’s key is: nobody knows which row it deletes'
const NOT_SAID =
  'The event deletes a row without saying its key: have the database log it (PostgreSQL: REPLICA IDENTITY FULL; DynamoDB: NEW_AND_OLD_IMAGES), or leave key out where the record’s key is the row’s'

const notThere = (field: string): string =>
  `The field ${field} is not in the event: it is large, and was not changed, and no row of its key is here to take it from; have the database log it (PostgreSQL: REPLICA IDENTITY FULL), or leave it out with select`

/** Makes a row of table and store from a record, which is put, deleted, or rejected. */
export class RowReader {
  readonly #ports: RowPorts
  readonly #writer: RowWriter
  readonly #placeBytes: number
  #row = bytesOf(Buffer.allocUnsafe(1024))
  /** Of a key whose row goes there is nothing but a stamp. */
  readonly #head = bytesOf(Buffer.allocUnsafe(64))
  /** What the last record lacks is the schema of its key. */
  #needsKey = false

  constructor(ports: RowPorts, writer: RowWriter) {
    this.#ports = ports
    this.#writer = writer
    this.#placeBytes = placeBytes(ports)
  }

  /** `schema unknown`: `load` it and apply it again. */
  apply(columns: RecordColumns, partition: number, i: number): Applied {
    const { codec, key, onOtherType, onPassedOver } = this.#ports
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
    if (key.readValue === undefined) {
      if (keyEnds[i] < 0 && this.#isOfNoRow(value, columns, i)) {
        onPassedOver()
        return 'done'
      }
      if (keyEnds[i] < 0)
        return this.#reject(columns, partition, i, 'null_key', 'The record has no key')
      if (!key.read(buffer, keyStarts[i], keyEnds[i], headerStart, headerEnd)) {
        this.#needsKey = key.reason === null
        return key.reason === null
          ? 'schema unknown'
          : this.#reject(columns, partition, i, key.reason, key.fault)
      }
    }
    if (value === null) return this.#tombstone(columns, partition, i)
    if (typeof value === 'string') return this.#reject(columns, partition, i, value, codec.fault)
    return this.#apply(value, columns, partition, i)
  }

  /** What is said of a table has no key. */
  #isOfNoRow(value: ValueReader | RejectReason | null, columns: RecordColumns, i: number): boolean {
    if (value === null || typeof value === 'string') return false
    const { buffer, valueStarts, valueEnds } = columns
    if (value.read(0, buffer, valueStarts[i], valueEnds[i]) !== null) return false
    value.select(0)
    return value.fate === PASSED
  }

  /** A record without a value. */
  #tombstone(columns: RecordColumns, partition: number, i: number): Applied {
    const { key, config, onPassedOver } = this.#ports
    const isEnveloped = config.envelope !== null
    if (key.readValue !== undefined) {
      if (!isEnveloped) return this.#reject(columns, partition, i, 'null_value', NOT_WHOSE)
      // The envelope before it has said what it says.
      onPassedOver()
      return 'done'
    }
    const writer = this.#writer
    if (isEnveloped && writer.isDeleted(key)) {
      onPassedOver()
      return 'done'
    }
    const badTime = writer.readTime(columns.timestamps[i], null)
    if (badTime !== null) return this.#reject(columns, partition, i, badTime, writer.fault)
    return this.#delete(partition)
  }

  #apply(value: ValueReader, columns: RecordColumns, partition: number, i: number): Applied {
    const { key, onFiltered, onPassedOver } = this.#ports
    const { buffer, valueStarts, valueEnds, timestamps } = columns
    const reject = (reason: RejectReason, error: string): 'done' =>
      this.#reject(columns, partition, i, reason, error)
    const fault = value.read(0, buffer, valueStarts[i], valueEnds[i])
    if (fault !== null) return reject(fault, value.fault)
    value.select(0)
    const { fate } = value
    if (fate === PASSED) {
      onPassedOver()
      return 'done'
    }
    const refusal = refusalOf(fate)
    if (refusal !== null) return reject(refusal, value.failure)
    if (key.readValue?.(value) === false) {
      return reject(key.reason!, fate === DELETED ? NOT_SAID : key.fault)
    }
    const writer = this.#writer
    const isUntimed = fate === DELETED && Number.isNaN(value.time)
    const badTime = writer.readTime(timestamps[i], isUntimed ? null : value)
    if (badTime !== null) return reject(badTime, writer.fault)
    if (fate === DELETED) return this.#delete(partition)
    const former = key.formerOf?.(value) ?? null
    let end = 0
    if (fate !== FILTERED) {
      end = this.#rowOf(value, former ?? key, columns, partition, i)
      if (end < 0) return 'done'
    }
    if (former !== null) {
      const applied = writer.put(former, this.#head, 0, partition)
      if (applied !== 'done') return applied
    }
    if (fate === FILTERED) onFiltered()
    return this.#put(end, partition)
  }

  /**
   * The row, in output form.
   * @param before the key that it had as it was
   * @returns its end; -1: it is rejected
   */
  #rowOf(
    value: ValueReader,
    before: KeyReader,
    columns: RecordColumns,
    partition: number,
    i: number,
  ): number {
    const { key } = this.#ports
    value.select(0)
    const end = this.#write(value, partition, columns.offsets[i])
    const whole =
      value.lacking === '' || value.lacking === undefined
        ? end
        : this.#complete(before, end, partition)
    if (whole < 0) {
      this.#reject(columns, partition, i, 'null_field', notThere(value.lacking!))
      return -1
    }
    const bytes = key.end - key.start + whole - this.#headBytes
    if (bytes <= LARGEST_ROW) return whole
    const error = `The row has ${bytes} bytes; ${LARGEST_ROW} are possible`
    this.#reject(columns, partition, i, 'too_large', error)
    return -1
  }

  get #headBytes(): number {
    return this.#writer.stampBytes + this.#placeBytes
  }

  /** @returns the end of the row */
  #write(value: ValueReader, partition: number, offset: number): number {
    const headBytes = this.#headBytes
    const { projectedBytes } = value
    if (headBytes + projectedBytes > this.#row.length)
      this.#row = bytesOf(Buffer.allocUnsafe(headBytes + projectedBytes * 2))
    const end = value.project(this.#row, headBytes)
    if (this.#placeBytes > 0) writePlace(this.#row, this.#writer.stampBytes, partition, offset)
    return end
  }

  /** What the row does not have comes from the one before it. @returns the row's end; -1: there is none before it */
  #complete(key: KeyReader, end: number, partition: number): number {
    const { former } = this.#ports
    const before = this.#writer.former(key, partition)
    if (before === null) return -1
    const { rowBuffer, rowStart, rowEnd } = before
    const row = this.#row
    const headBytes = this.#headBytes
    const most = headBytes + former.mostBytes(end - headBytes + rowEnd - rowStart)
    const whole = bytesOf(Buffer.allocUnsafe(most))
    copyBytes(row, 0, headBytes, whole, 0)
    this.#row = whole
    return former.complete(row, headBytes, end, rowBuffer, rowStart, rowEnd, whole, headBytes)
  }

  #delete(partition: number): Applied {
    const applied = this.#put(0, partition)
    if (applied === 'done') this.#ports.onDeleted()
    return applied
  }

  #reject(
    columns: RecordColumns,
    partition: number,
    i: number,
    reason: RejectReason,
    error: string,
  ): 'done' {
    this.#ports.onReject(columns, i, partition, reason, error)
    return 'done'
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
