import { SLICE } from '../../batch.ts'
import { type Bytes, NO_BYTES } from '../../bytes.ts'
import { EnricherError } from '../../errors.ts'
import { FieldText, fieldKind, NestedText } from '../avro/field.ts'
import { schemaAt, wayInside } from '../avro/field-path.ts'
import { type InnerField, innerField } from '../avro/inner-field.ts'
import type { AvroRecordSchema, ReaderPlan } from '../avro/reader.ts'
import { type TimeKind, timeKind } from '../avro/time.ts'
import type { Skip } from '../avro/walk.ts'

/**
 * What is noted of each row's value. The readers of a topic share it, whatever schemas its values are
 * written with: a row is of the reader that has read it last.
 */
export class ReadRows {
  /** Of each run of selected fields, `stride` to a row: where it begins, and where it ends. */
  readonly runs: Int32Array
  readonly stride: number
  readonly buffers: Bytes[] = new Array(SLICE).fill(NO_BYTES)
  /** By selected field; null: it is one of the record's own. */
  readonly inner: readonly (InnerField | null)[]
  readonly times = new Float64Array(SLICE).fill(Number.NaN)
  /** Where the time lies in the row's buffer; -1: a record on the way to it is null. */
  readonly timeStarts = new Int32Array(SLICE)
  readonly texts: readonly FieldText[]
  readonly timeKind: TimeKind | undefined
  /** From where the outermost field begins; null: the time is one of the record's own. */
  readonly timeWay: Skip | null = null

  /** Throws SCHEMA_INVALID where a key or the time is none. */
  constructor(schema: AvroRecordSchema, plan: ReaderPlan) {
    this.stride = 2 * plan.select.length
    this.runs = new Int32Array(this.stride * SLICE)
    this.inner = plan.select.map((field) => innerField(schema, field))
    this.texts = plan.keys.map((path) => {
      const kind = fieldKind(path, schemaAt(schema, path))
      const way = wayInside(schema, path)
      return way === null ? new FieldText(kind) : new NestedText(kind, way)
    })
    const { time, timeUnit = null } = plan
    if (time === null) return
    this.timeKind = timeKind(time, schemaAt(schema, time), timeUnit)
    this.timeWay = wayInside(schema, time)
  }
}

/** Throws SCHEMA_INVALID where there is none. */
export function fieldIndex(
  {
    name: record,
    fields,
  }: Pick<AvroRecordSchema, 'name'> & { fields: readonly { name: string }[] },
  name: string,
): number {
  const index = fields.findIndex((field) => field.name === name)
  if (index >= 0) return index
  const message = `${record} has no field ${name}; its fields are ${fields.map((field) => field.name).join(', ')}`
  throw new EnricherError('SCHEMA_INVALID', message, { fields: { field: name } })
}
