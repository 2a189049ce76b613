import { timestampOf } from './avro-logical.ts'
import { fieldSources, namesMatch, sameBytes } from './avro-match.ts'
import { parseRecord } from './avro-parse.ts'
import { AvroReader, type AvroRecordSchema, type ReaderPlan } from './avro-reader.ts'
import { resolve } from './avro-resolve.ts'
import { type AvroType, type BranchType, type RecordType, unqualified } from './avro-schema.ts'
import type { ValueReader } from './port.ts'
import { ReadRows } from './read-rows.ts'
import { ResolvingReader } from './resolving-reader.ts'

/** What a pipeline reads of one topic: the fields of the reader's schema that its plan names. */
export class Projection {
  readonly #schema: AvroRecordSchema
  readonly #plan: ReaderPlan
  readonly #record: RecordType
  readonly #rows: ReadRows

  /** Throws SCHEMA_INVALID. */
  constructor(schema: AvroRecordSchema, plan: ReaderPlan) {
    this.#schema = schema
    this.#plan = plan
    this.#rows = new ReadRows(schema, plan)
    this.#record = this.#withUnit(neededOf(parseRecord(schema), plan))
  }

  /**
   * Reads what is written with a schema. Throws where that is no record of the reader's name, or where
   * none of its values can be one of the reader's.
   */
  readerOf(written: unknown): ValueReader {
    const { name, fields } = this.#record
    const writer = this.#withUnit(parseRecord(written))
    if (!namesMatch(writer.name, name)) {
      throw new Error(`it is a ${writer.name.full}; the pipeline reads ${unqualified(name.full)}`)
    }
    const sources = fieldSources(writer, this.#record)
    const isSame = sources.every(
      (source, i) => source >= 0 && sameBytes(writer.fields[source].type, fields[i].type),
    )
    if (isSame) return this.#positions(renamed(writer, sources, this.#record))
    return new ResolvingReader(resolve(writer, this.#record), this.#positions(this.#record))
  }

  /** The time field's plain long, whoever has written it, counts what it is read as. */
  #withUnit(record: RecordType): RecordType {
    const { timeKind } = this.#rows
    if (timeKind === undefined) return record
    const logical = timestampOf((1000 / timeKind.factor) * timeKind.divisor)
    const dated = (type: BranchType): BranchType =>
      type.kind === 'long' && type.logical === null ? { ...type, logical } : type
    const inUnion = (type: AvroType): AvroType =>
      type.kind === 'union' ? { ...type, branches: type.branches.map(dated) } : dated(type)
    const fields = record.fields.map((field) =>
      field.name === this.#plan.time ? { ...field, type: inUnion(field.type) } : field,
    )
    return { ...record, fields }
  }

  #positions(record: RecordType): AvroReader {
    return new AvroReader(this.#schema, this.#plan, record, this.#rows)
  }
}

/** What else the writer changes does not matter. */
function neededOf(record: RecordType, { select, keys, time }: ReaderPlan): RecordType {
  const names = new Set([...select.map(({ source }) => source), ...keys, time])
  return { ...record, fields: record.fields.filter(({ name }) => names.has(name)) }
}

/** The fields that are read get the reader's names. */
function renamed(writer: RecordType, sources: readonly number[], reader: RecordType): RecordType {
  const fields = writer.fields.map((field, i) => {
    const at = sources.indexOf(i)
    return at < 0 ? field : { ...field, name: reader.fields[at].name }
  })
  return { ...writer, fields }
}
