import type { TimeUnit } from '../config/pipeline.ts'
import { timestampOf } from './avro-logical.ts'
import { fieldSources, namesMatch, sameBytes } from './avro-match.ts'
import { parseRecord } from './avro-parse.ts'
import { AvroReader, type AvroRecordSchema, fieldsOf, type ReaderPlan } from './avro-reader.ts'
import { resolve } from './avro-resolve.ts'
import { type AvroType, type BranchType, type RecordType, unqualified } from './avro-schema.ts'
import { AvroTransfer, type Transcode } from './avro-transfer.ts'
import type { ValueReader } from './port.ts'
import { ReadRows } from './read-rows.ts'
import { ResolvingReader } from './resolving-reader.ts'

const PER_SECOND: Readonly<Record<TimeUnit, number>> = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 }

/** What a pipeline reads of one topic: the fields of the reader's schema that its plan names. */
export class Projection {
  readonly #schema: AvroRecordSchema
  readonly #plan: ReaderPlan
  readonly #whole: RecordType
  readonly #record: RecordType
  readonly #rows: ReadRows
  readonly #transfer = new AvroTransfer()

  /** Throws SCHEMA_INVALID. */
  constructor(schema: AvroRecordSchema, plan: ReaderPlan) {
    this.#schema = schema
    this.#plan = plan
    this.#rows = new ReadRows(schema, plan)
    this.#whole = parseRecord(schema)
    this.#record = this.#withUnit(neededOf(this.#whole, plan))
  }

  /**
   * Reads what is written with a schema. Throws where that is no record of the reader's name, or where
   * none of its values can be one of the reader's.
   */
  readerOf(written: unknown): ValueReader {
    const { name, fields } = this.#record
    const parsed = parseRecord(written)
    if (!namesMatch(parsed.name, name)) {
      throw new Error(`it is a ${parsed.name.full}; the pipeline reads ${unqualified(name.full)}`)
    }
    const writer = this.#withUnit(renamed(parsed, this.#whole))
    const sources = fieldSources(writer, this.#record)
    const isSame = sources.every(
      (source, i) => source >= 0 && sameBytes(writer.fields[source].type, fields[i].type),
    )
    if (isSame) return this.#positions(writer)
    return this.through(resolve(writer, this.#record))
  }

  /** What is needed of the reader's record. */
  get record(): RecordType {
    return this.#record
  }

  /** Reads values that `transcode` makes such records of. */
  through(transcode: Transcode): ValueReader {
    return new ResolvingReader(transcode, this.#positions(this.#record), this.#transfer)
  }

  /** The time field's plain long, whoever has written it, counts what the file says: milliseconds unless it does. */
  #withUnit(record: RecordType): RecordType {
    const { time, timeUnit } = this.#plan
    if (time === null) return record
    const logical = timestampOf(PER_SECOND[timeUnit ?? 'ms'])
    const dated = (type: BranchType): BranchType =>
      type.kind === 'long' && type.logical === null ? { ...type, logical } : type
    const inUnion = (type: AvroType): AvroType =>
      type.kind === 'union' ? { ...type, branches: type.branches.map(dated) } : dated(type)
    const fields = record.fields.map((field) =>
      field.name === time ? { ...field, type: inUnion(field.type) } : field,
    )
    return { ...record, fields }
  }

  #positions(record: RecordType): ValueReader {
    const reader = new AvroReader(this.#schema, this.#plan, record, this.#rows)
    return this.#plan.computation?.over(reader) ?? reader
  }
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
