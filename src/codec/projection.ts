import type { TimeUnit } from '../config/pipeline.ts'
import { type Logical, timestampOf } from './avro/logical.ts'
import { fieldSources, namesMatch, sameBytes } from './avro/match.ts'
import { parseRecord } from './avro/parse.ts'
import {
  AvroReader,
  type AvroRecordSchema,
  askedOf,
  fieldsOf,
  type ReaderPlan,
} from './avro/reader.ts'
import { resolve } from './avro/resolve.ts'
import { type BranchType, type RecordType, unqualified } from './avro/schema.ts'
import { AvroTransfer, type Transcode } from './avro/transfer.ts'
import { EnvelopeReader } from './envelope/reader.ts'
import { aroundRow, recordAt, rowRecord, rowSchema } from './envelope/schema.ts'
import { UnavailableValue } from './envelope/unavailable-value.ts'
import { FRAME_BYTES } from './frame/framing.ts'
import type { ValueReader } from './port.ts'
import { ResolvingReader } from './resolving-reader.ts'
import { ReadRows } from './row/read-rows.ts'

const PER_SECOND: Readonly<Record<TimeUnit, number>> = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 }

/** What a pipeline reads of one topic: the fields of the reader's schema that its plan names. */
export class Projection {
  readonly #schema: AvroRecordSchema
  readonly #plan: ReaderPlan
  /** What values are; and the records in them, which are the same where there are no envelopes. */
  readonly #value: RecordType
  readonly #whole: RecordType
  readonly #record: RecordType
  readonly #rows: ReadRows
  readonly #transfer = new AvroTransfer()

  /** Throws SCHEMA_INVALID. */
  constructor(schema: AvroRecordSchema, plan: ReaderPlan) {
    const { envelope } = plan
    this.#schema = envelope === undefined ? schema : rowSchema(schema, envelope.kind)
    this.#plan = plan
    this.#rows = new ReadRows(this.#schema, plan)
    this.#value = parseRecord(schema)
    this.#whole = this.#rowIn(this.#value)
    this.#record = this.#withUnit(neededOf(this.#whole, plan))
  }

  #rowIn(value: RecordType): RecordType {
    const { envelope } = this.#plan
    return envelope === undefined ? value : rowRecord(value, envelope.kind)
  }

  /**
   * Reads what is written with a schema. Throws where that is no record of the reader's name, or where
   * none of its values can be one of the reader's.
   * @param bodyBytes how far behind a value's beginning the record is
   */
  readerOf(written: unknown, bodyBytes: number = FRAME_BYTES): ValueReader {
    const { name, fields } = this.#record
    const value = parseRecord(written)
    const parsed = this.#rowIn(value)
    if (!namesMatch(parsed.name, name)) {
      throw new Error(`it is a ${parsed.name.full}; the pipeline reads ${unqualified(name.full)}`)
    }
    const writer = this.#withUnit(renamed(parsed, this.#whole))
    const sources = fieldSources(writer, this.#record)
    const isSame = sources.every(
      (source, i) => source >= 0 && sameBytes(writer.fields[source].type, fields[i].type),
    )
    const { envelope } = this.#plan
    if (isSame) {
      const positions = this.#positions(writer, bodyBytes)
      return valueReader(value, writer, this.#plan, positions, bodyBytes)
    }
    const from = envelope === undefined ? writer : aroundRow(value, writer, envelope)
    return this.through(resolve(from, this.record), bodyBytes)
  }

  /** What is needed of the reader's value. */
  get record(): RecordType {
    const { envelope } = this.#plan
    return envelope === undefined ? this.#record : aroundRow(this.#value, this.#record, envelope)
  }

  /** Reads values that `transcode` makes such records of. @param bodyBytes as with `readerOf` */
  through(transcode: Transcode, bodyBytes: number = FRAME_BYTES): ValueReader {
    const positions = this.#positions(this.#record, FRAME_BYTES)
    const inner = valueReader(this.record, this.#record, this.#plan, positions)
    return new ResolvingReader(transcode, inner, this.#transfer, bodyBytes)
  }

  /** The time field's plain long, whoever has written it, counts what the file says: milliseconds unless it does. */
  #withUnit(record: RecordType): RecordType {
    const { time, timeUnit } = this.#plan
    if (time === null) return record
    const isOwn = this.#whole.fields.some(({ name }) => name === time)
    const logical = timestampOf(PER_SECOND[timeUnit ?? 'ms'])
    return dated(record, this.#whole, isOwn ? [time] : time.split('.'), logical)
  }

  #positions(record: RecordType, bodyBytes: number): AvroReader {
    return new AvroReader(this.#schema, this.#plan, record, this.#rows, bodyBytes)
  }
}

/**
 * What is computed of each row, and where it is in values of a type.
 * @param row walks what is in them, which is of the type `record`, or the values themselves
 * @param bodyBytes how far behind a value's beginning its body is, for `row`, too
 */
export function valueReader(
  value: RecordType,
  record: RecordType,
  plan: ReaderPlan,
  row: AvroReader,
  bodyBytes: number = FRAME_BYTES,
): ValueReader {
  const { envelope, computation } = plan
  const reader = computation?.over(row) ?? row
  if (envelope === undefined) return reader
  const [asked, all] = [askedOf(plan), fieldsOf(plan)]
  const isKept = envelope.hasFormer === true
  const others = new Set([...all].filter((name) => !asked.has(name)))
  const refused = new UnavailableValue(row, record, isKept ? asked : all)
  const kept = new UnavailableValue(row, record, isKept ? others : new Set())
  return new EnvelopeReader(value, envelope, reader, { refused, kept }, bodyBytes)
}

/**
 * The record with the logical type in place of none at the end of a path, which the reader's record has. On the way its own
 * fields may have other names.
 */
function dated(
  record: RecordType,
  reader: RecordType,
  [name, ...rest]: readonly string[],
  logical: Logical,
): RecordType {
  const at = reader.fields.findIndex((field) => field.name === name)
  const source = at < 0 ? -1 : fieldSources(record, reader)[at]
  const ofBranch = (branch: BranchType): BranchType => {
    if (rest.length > 0) {
      const inner = branch.kind === 'record' ? recordAt(reader, name) : undefined
      return inner === undefined ? branch : dated(branch as RecordType, inner, rest, logical)
    }
    return branch.kind === 'long' && branch.logical === null ? { ...branch, logical } : branch
  }
  const fields = record.fields.map((field, i) => {
    if (i !== source) return field
    const { type } = field
    const of =
      type.kind === 'union' ? { ...type, branches: type.branches.map(ofBranch) } : ofBranch(type)
    return { ...field, type: of }
  })
  return { ...record, fields }
}

/** What else the writer changes does not matter. */
function neededOf(record: RecordType, plan: ReaderPlan): RecordType {
  const names = fieldsOf(plan)
  return { ...record, fields: record.fields.filter(({ name }) => names.has(name)) }
}

/** Fields that the reader has under another name get it. */
function renamed(writer: RecordType, reader: RecordType): RecordType {
  const sources = fieldSources(writer, reader)
  const fields = writer.fields.map((field, i) => {
    const at = sources.indexOf(i)
    return at < 0 ? field : { ...field, name: reader.fields[at].name }
  })
  return { ...writer, fields }
}
