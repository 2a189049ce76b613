import type { Schema } from 'avsc'
import type { RejectReason } from '../../batch.ts'
import { type Bytes, copyBytes } from '../../bytes.ts'
import type { EnvelopeKind, TimeUnit } from '../../config/pipeline.ts'
import type { Envelope } from '../envelope/schema.ts'
import { FRAME_BYTES } from '../frame/framing.ts'
import { type Fate, TAKEN, type TimeReading, type ValueReader } from '../port.ts'
import { fieldIndex, ReadRows } from '../row/read-rows.ts'
import type { FieldText } from './field.ts'
import { topOf } from './field-path.ts'
import { AvroFields } from './fields.ts'
import { parseRecord } from './parse.ts'
import type { RecordType } from './schema.ts'
import { type Span, spansOf } from './spans.ts'
import { readingIn, readTime, type TimeKind, timeText } from './time.ts'
import { AvroSource, DEEPEST, type Skip } from './walk.ts'

export interface AvroRecordSchema {
  readonly type: 'record'
  readonly name: string
  readonly namespace?: string
  readonly aliases?: readonly string[]
  readonly fields: readonly {
    readonly name: string
    readonly type: Schema
    readonly doc?: string
    readonly default?: unknown
    readonly aliases?: readonly string[]
  }[]
  /** Of a row that values have in an envelope; undefined: values are of this schema. */
  readonly envelope?: Envelope
}

/** A field of the output. */
export interface SelectedField {
  /** A path, where it is inside of records. */
  readonly source: string
  /** A union's branch byte goes before the value. */
  readonly nullable: boolean
  /** The bytes of null, where one of these records may be null. */
  readonly none?: Bytes
}

export interface ReaderPlan {
  /** The fields of the output, in order. */
  readonly select: readonly SelectedField[]
  /** Fields whose text is needed; a path, where it is inside of records. */
  readonly keys: readonly string[]
  /** A field, or the path of one. */
  readonly time: string | null
  /** What the pipeline file says that the time counts. */
  readonly timeUnit?: TimeUnit | null
  /** What is computed of each value; undefined: nothing. */
  readonly computation?: Computation | undefined
  /** Where all members of a JSON object come out that has no schema: those whose names other columns have, and which are left out. */
  readonly taken?: readonly string[] | undefined
  /** What values have the row in, of which all else speaks; undefined: they are the row. */
  readonly envelope?: EnvelopePlan | undefined
}

/** What is read of an envelope. */
export interface EnvelopePlan {
  readonly kind: EnvelopeKind
  /** Where in the value the time is, if the envelope has it; null: the row has it, or nothing does. */
  readonly time: { readonly path: string; readonly unit: TimeUnit | null } | null
  /** Whether the key fields of a deleted row are asked for, and of a changed one as they were before. */
  readonly isKeyed: boolean
  /** Whether a selected value that was not changed, and so is not in the event, may be taken from the row as it was. */
  readonly hasFormer?: boolean
}

/** Makes of a reader one that computes something of each value. */
export interface Computation {
  /** The record's fields that it reads. */
  readonly fields: readonly string[]
  over(reader: AvroReader): ValueReader
}

/** Names of the record's fields that are read of it. */
export const fieldsOf = (plan: ReaderPlan): Set<string> =>
  new Set([...plan.select.flatMap(({ source }) => ownNames(source)), ...askedOf(plan)])

/** The same of those whose values matter before they come out. */
export const askedOf = ({ keys, time, computation }: ReaderPlan): Set<string> =>
  new Set([
    ...keys.flatMap(ownNames),
    ...(time === null ? [] : ownNames(time)),
    ...(computation?.fields ?? []),
  ])

/** Of a field inside of records the outermost one; a field may also have a name with a dot in it. */
const ownNames = (path: string): string[] => [path, topOf(path)]

const SECOND_BRANCH = 2

/** Reads framed Avro values of one schema, by positions. */
export class AvroReader implements ValueReader {
  readonly #names: readonly string[]
  readonly #bodyBytes: number
  readonly #fields: AvroFields
  readonly #spans: readonly Span[]
  readonly #keys: readonly number[]
  readonly #timeIndex: number
  /** Of the rows; each is looked at for each record, so it is a step nearer. */
  readonly #runs: Int32Array
  readonly #stride: number
  readonly #buffers: Bytes[]
  readonly #times: Float64Array
  readonly #timeStarts: Int32Array
  readonly #texts: readonly FieldText[]
  readonly #timeKind: TimeKind | undefined
  readonly #timeWay: Skip | null
  /** Of the value walked last. */
  readonly #starts: Int32Array
  #row = 0
  readonly #source = new AvroSource()
  #failed = 0

  /**
   * Throws SCHEMA_INVALID where it lacks a field of the plan.
   * @param record what values are written with, where that is not `schema` itself
   * @param rows shared by readers of the same schema and plan
   * @param bodyBytes how far behind the value's beginning the record is
   */
  constructor(
    schema: AvroRecordSchema,
    plan: ReaderPlan,
    record: RecordType = parseRecord(schema),
    rows: ReadRows = new ReadRows(schema, plan),
    bodyBytes: number = FRAME_BYTES,
  ) {
    const { fields } = record
    this.#bodyBytes = bodyBytes
    this.#runs = rows.runs
    this.#stride = rows.stride
    this.#buffers = rows.buffers
    this.#times = rows.times
    this.#timeStarts = rows.timeStarts
    this.#texts = rows.texts
    this.#timeKind = rows.timeKind
    this.#timeWay = rows.timeWay
    this.#names = fields.map(({ name }) => name)
    this.#fields = new AvroFields(fields.map(({ type }) => type))
    this.#starts = this.#fields.starts
    const indexOf = (path: string): number => {
      const own = this.indexOf(path)
      return own >= 0 ? own : fieldIndex({ name: schema.name, fields }, topOf(path))
    }
    this.#spans = spansOf(
      plan.select.map(({ source, nullable }, i) => {
        return { index: indexOf(source), nullable, inner: rows.inner[i] }
      }),
    )
    this.#keys = plan.keys.map(indexOf)
    this.#timeIndex = plan.time === null ? -1 : indexOf(plan.time)
  }

  /** Of the value walked last: where each of the record's fields begins. */
  get starts(): Int32Array {
    return this.#starts
  }

  /** Which of the record's fields has this name. */
  indexOf(name: string): number {
    return this.#names.indexOf(name)
  }

  get fate(): Fate {
    return TAKEN
  }

  get failure(): string {
    return ''
  }

  get fault(): string {
    const field = this.#names[this.#failed]
    if (field === undefined) return 'There are bytes behind the record’s last field'
    return this.#fields.isTooDeep
      ? `The field ${field} is nested deeper than ${DEEPEST} levels`
      : `The bytes of the field ${field} are not what the schema says`
  }

  read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    const count = this.#names.length
    const starts = this.#starts
    const failed = this.#fields.walk(buffer, start + this.#bodyBytes, end)
    if (failed < count || starts[count] !== end) {
      this.#failed = failed
      return 'malformed'
    }
    // Most values lie in one buffer; a store of an object costs more than a look.
    if (this.#buffers[row] !== buffer) this.#buffers[row] = buffer
    const runs = this.#runs
    let at = row * this.#stride
    const source = this.#source
    source.buffer = buffer
    source.end = end
    for (const { first, last, inner } of this.#spans) {
      if (inner === null) {
        runs[at] = starts[first]
        runs[at + 1] = starts[last + 1]
      } else {
        source.at = starts[first]
        inner.note(source, runs, at)
      }
      at += 2
    }
    this.#readKeys(row)
    return null
  }

  #readKeys(row: number): void {
    const source = this.#source
    const starts = this.#starts
    const texts = this.#texts
    const keys = this.#keys
    for (let k = 0; k < keys.length; k++) {
      source.at = starts[keys[k]]
      texts[k].read(row, source)
    }
    if (this.#timeKind === undefined) return
    source.at = starts[this.#timeIndex]
    const isThere = this.#timeWay === null || this.#timeWay(source)
    this.#timeStarts[row] = isThere ? source.at : -1
    this.#times[row] = isThere ? readTime(this.#timeKind, source) : Number.NaN
  }

  select(row: number): void {
    this.#row = row
  }

  get time(): number {
    return this.#times[this.#row]
  }

  get timeText(): string {
    if (this.#timeKind === undefined || this.#timeStarts[this.#row] < 0) return ''
    const source = this.#source
    const buffer = this.#buffers[this.#row]
    source.open(buffer, this.#timeStarts[this.#row], buffer.length)
    return timeText(this.#timeKind, source)
  }

  get timeReading(): TimeReading | null {
    return this.#timeKind === undefined ? null : readingIn(this.#timeKind, this.timeText)
  }

  keyBuffer(k: number): Bytes {
    return this.#texts[k].buffer(this.#buffers[this.#row], this.#row)
  }

  keyStart(k: number): number {
    return this.#texts[k].start(this.#row)
  }

  keyEnd(k: number): number {
    return this.#texts[k].end(this.#row)
  }

  get projectedBytes(): number {
    const runs = this.#runs
    let at = this.#row * this.#stride
    let bytes = 0
    for (const { branch, inner } of this.#spans) {
      if (inner !== null && runs[at] < 0) bytes += inner.none.length
      else bytes += runs[at + 1] - runs[at] + (branch ? 1 : 0)
      at += 2
    }
    return bytes
  }

  project(target: Bytes, position: number): number {
    const runs = this.#runs
    const buffer = this.#buffers[this.#row]
    let from = this.#row * this.#stride
    let at = position
    for (const { branch, inner } of this.#spans) {
      if (inner !== null && runs[from] < 0) {
        at = copyBytes(inner.none, 0, inner.none.length, target, at)
      } else {
        if (branch) target[at++] = SECOND_BRANCH
        at = copyBytes(buffer, runs[from], runs[from + 1], target, at)
      }
      from += 2
    }
    return at
  }
}
