import type { RejectReason } from '../../batch.ts'
import type { Bytes } from '../../bytes.ts'
import { parseRecord } from '../avro/parse.ts'
import { AvroReader, type AvroRecordSchema, fieldsOf, type ReaderPlan } from '../avro/reader.ts'
import { aroundRow, rowSchema } from '../envelope/schema.ts'
import { valueReader } from '../projection.ts'
import { ReaderOver } from '../reader-over.ts'
import { compileRoot } from './decode.ts'
import { knownItems } from './items.ts'
import { refusalOf } from './refusal.ts'
import { JsonTransfer, type ReadJson, SYNTAX, TOO_DEEP } from './transfer.ts'
import { ALL_MEMBERS, isUndeclared } from './undeclared.ts'
import { toNext, toValue } from './walk.ts'

/** Byte 0 and an id, which Confluent's JSON serializers write before the text. A text does not begin so. */
const FRAME_BYTES = 5

/** Reads JSON values: each is written as a record in Avro, and that is then read by positions. */
export class JsonInput extends ReaderOver {
  readonly #read: ReadJson
  readonly #transfer = new JsonTransfer()
  /** Values are any objects. */
  readonly #isUndeclared: boolean
  #fault = ''

  /** Throws SCHEMA_INVALID where the schema lacks a field of the plan. */
  constructor(schema: AvroRecordSchema, plan: ReaderPlan) {
    const { envelope } = plan
    const row = envelope === undefined ? schema : rowSchema(schema, envelope.kind)
    const [value, whole] = [parseRecord(schema), parseRecord(row)]
    const names = fieldsOf(plan)
    const needed = { ...whole, fields: whole.fields.filter(({ name }) => names.has(name)) }
    const read = envelope === undefined ? needed : aroundRow(value, needed, envelope)
    super(valueReader(read, needed, plan, new AvroReader(row, plan, needed)))
    const known = value.fields.map(({ name }) => name).filter((name) => name !== ALL_MEMBERS)
    const items = envelope === undefined ? undefined : knownItems(read, needed, envelope)
    this.#read = compileRoot(read, known, plan.taken ?? [], items)
    this.#isUndeclared = isUndeclared(read)
  }

  override read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    const transfer = this.#transfer
    const { sink } = transfer
    this.#fault = ''
    const isFramed = end - start >= FRAME_BYTES && buffer[start] === 0
    transfer.begin(buffer, isFramed ? start + FRAME_BYTES : start, end)
    sink.reserve(FRAME_BYTES)
    sink.at += FRAME_BYTES
    if (toValue(transfer) && this.#read(transfer) && this.#isEnd(transfer)) {
      return this.inner.read(row, sink.buffer, sink.start, sink.at)
    }
    sink.rewind(0)
    return this.#refused(start, end)
  }

  #isEnd(transfer: JsonTransfer): boolean {
    const { end } = transfer
    if (transfer.at === end) return true
    if (!toNext(transfer, '')) return transfer.at === end
    return transfer.expect(transfer.at, 'the end')
  }

  #refused(start: number, end: number): RejectReason {
    const transfer = this.#transfer
    if (transfer.sink.isFull) {
      this.#fault = `The value is too large as a record, in ${transfer.path}`
      return 'too_large'
    }
    const { fault, path } = transfer
    const isMalformed =
      fault === SYNTAX || fault === TOO_DEEP || (this.#isUndeclared && path === '')
    this.#fault = refusalOf(transfer, start, end)
    return isMalformed ? 'malformed' : 'incompatible_schema'
  }

  override get fault(): string {
    return this.#fault === '' ? this.inner.fault : this.#fault
  }
}
