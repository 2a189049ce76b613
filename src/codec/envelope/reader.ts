import { type RejectReason, SLICE } from '../../batch.ts'
import type { Bytes } from '../../bytes.ts'
import { type FieldText, fieldKind, NestedText } from '../avro/field.ts'
import { compileWayIn, plain, topOf, typeAt } from '../avro/field-path.ts'
import { AvroFields } from '../avro/fields.ts'
import type { EnvelopePlan } from '../avro/reader.ts'
import type { RecordType } from '../avro/schema.ts'
import { readTime, type TimeKind, timeKind, timeText } from '../avro/time.ts'
import { AvroSource, compileSkip, readInt, type Skip } from '../avro/walk.ts'
import { DELETED, type Fate, PASSED, TAKEN, type TimeReading, type ValueReader } from '../port.ts'
import { ENVELOPES, envelopePaths, isRow, recordAt } from './schema.ts'
import type { UnavailableValue } from './unavailable-value.ts'

/** A row of its own, for what a changed one was before. */
const FORMER = SLICE - 1

/** Where a record is in a value. */
interface Place {
  /** Which of the value's own fields leads to it. */
  readonly top: number
  /** From where that one begins to where the record's field does. */
  readonly way: Skip
  /** The record's branch in a union with null; -1: it is in none. */
  readonly branch: number
  /** Over the record; null: it is a field of the value's own, so it ends where the next one begins. */
  readonly skip: Skip | null
}

/** What is not in a row, as it was not changed. */
interface Unavailable {
  /** Among the fields without which it cannot be taken. */
  readonly refused: UnavailableValue
  /** Among those that may come from the row as it was. */
  readonly kept: UnavailableValue
}

interface Op {
  readonly text: Buffer
  readonly fate: Fate
}

/** Reads rows where they lie in envelopes, which say what has happened to them: without a copy. */
export class EnvelopeReader implements ValueReader {
  readonly #row: ValueReader
  readonly #bodyBytes: number
  readonly #unavailable: Unavailable
  readonly #value: AvroFields
  readonly #names: readonly string[]
  readonly #after: Place
  /** null: it is not there, or not asked for. */
  readonly #before: Place | null
  readonly #op: { readonly top: number; readonly text: FieldText } | null
  readonly #ops: readonly Op[]
  readonly #time: { readonly top: number; readonly way: Skip; readonly kind: TimeKind } | null
  readonly #source = new AvroSource()
  /** By row: what its envelope says, and whether there is a row to speak of. */
  readonly #fates = new Uint8Array(SLICE)
  readonly #hasRow = new Uint8Array(SLICE)
  readonly #times: Float64Array
  readonly #timeTexts: Int32Array
  readonly #buffers: Bytes[] = []
  #current = 0
  #start = 0
  #end = 0
  #buffer: Bytes | undefined
  #fault = ''
  #lacking = ''

  /**
   * Throws SCHEMA_INVALID where values are no envelopes of the plan's kind.
   * @param value the envelope's type
   * @param row reads the row that is in it, as if that were a value
   * @param unavailable of the same rows
   * @param bodyBytes how far behind a value's beginning its body is, for `row`, too
   */
  constructor(
    value: RecordType,
    plan: EnvelopePlan,
    row: ValueReader,
    unavailable: Unavailable,
    bodyBytes: number,
  ) {
    this.#bodyBytes = bodyBytes
    const { kind, time, isKeyed } = plan
    const paths = envelopePaths(value, kind)
    this.#row = row
    this.#unavailable = unavailable
    this.#names = value.fields.map(({ name }) => name)
    this.#value = new AvroFields(value.fields.map(({ type }) => type))
    const topIn = (path: string): number => this.#names.indexOf(topOf(path))
    this.#after = placeOf(value, paths.after, topIn(paths.after))
    this.#before =
      isKeyed && isRow(value, paths.before, paths.after)
        ? placeOf(value, paths.before, topIn(paths.before))
        : null
    this.#op = paths.op === '' ? null : opOf(value, paths.op, topIn(paths.op))
    this.#ops = Object.entries(ENVELOPES[kind].ops).map(([text, fate]) => {
      return { text: Buffer.from(text), fate }
    })
    this.#time = null
    this.#times = new Float64Array(time === null ? 0 : SLICE)
    this.#timeTexts = new Int32Array(time === null ? 0 : SLICE)
    if (time === null) return
    const way = compileWayIn(value, time.path)
    const type = plain(typeAt(value, time.path))
    this.#time = { top: topIn(time.path), way, kind: timeKind(time.path, type, time.unit) }
  }

  get fault(): string {
    return this.#fault === '' ? this.#row.fault : this.#fault
  }

  read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    const count = this.#names.length
    const value = this.#value
    this.#fault = this.#lacking = ''
    const failed = value.walk(buffer, start + this.#bodyBytes, end)
    if (failed < count || value.starts[count] !== end) return this.#malformed(failed)
    const source = this.#source
    source.open(buffer, 0, end)
    const fate = this.#readOp(row, source)
    if (fate === undefined) return 'malformed'
    this.#fates[row] = fate
    this.#hasRow[row] = 0
    if (this.#time !== null) this.#readTime(row, source)
    if (fate === PASSED) return null
    const isThere = this.#find(fate === DELETED ? this.#before : this.#after, source)
    if (isThere) {
      this.#hasRow[row] = 1
      this.#buffer = buffer
      const reason = this.#row.read(row, buffer, this.#start - this.#bodyBytes, this.#end)
      return reason ?? (fate === TAKEN ? this.#refuseUnavailable(buffer) : null)
    }
    if (fate === DELETED) return null
    // Of Kafka Connect’s own envelope nothing but this says that the row is gone.
    if (this.#op === null) {
      this.#fates[row] = DELETED
      return null
    }
    this.#fault = `The event says ${this.#opText(row)}, and has no row; have the connector write it whole`
    return 'malformed'
  }

  #refuseUnavailable(buffer: Bytes): RejectReason | null {
    const { refused, kept } = this.#unavailable
    const field = refused.find(buffer)
    if (field === undefined) {
      this.#lacking = kept.find(buffer) ?? ''
      return null
    }
    this.#fault = `The field ${field} is not in the event: it is large, and was not changed; have the database log it (PostgreSQL: REPLICA IDENTITY FULL), or leave it out with select`
    return 'null_field'
  }

  #malformed(failed: number): RejectReason {
    const field = this.#names[failed]
    this.#fault =
      field === undefined
        ? 'There are bytes behind the envelope’s last field'
        : `The bytes of the envelope’s field ${field} are not what the schema says`
    return 'malformed'
  }

  /** undefined: nobody knows what it says. */
  #readOp(row: number, source: AvroSource): Fate | undefined {
    if (this.#op === null) return TAKEN
    const { top, text } = this.#op
    source.at = this.#value.starts[top]
    text.read(row, source)
    const bytes = text.buffer(source.buffer, row)
    const from = text.start(row)
    const length = text.end(row) - from
    for (const { text: known, fate } of this.#ops) {
      if (known.length !== length) continue
      let at = 0
      while (at < length && known[at] === bytes[from + at]) at++
      if (at === length) return fate
    }
    this.#fault = `The event says ${this.#opText(row)}, which is none of ${this.#ops.map((one) => one.text).join(', ')}`
    return undefined
  }

  #opText(row: number): string {
    const { text } = this.#op!
    const [from, end] = [text.start(row), text.end(row)]
    const bytes = text.buffer(this.#source.buffer, row)
    return end < 0 ? 'null' : JSON.stringify(bytes.toString('utf8', from, Math.min(end, from + 40)))
  }

  #readTime(row: number, source: AvroSource): void {
    const { top, way, kind } = this.#time!
    source.at = this.#value.starts[top]
    this.#times[row] = Number.NaN
    this.#timeTexts[row] = -1
    if (!way(source)) return
    this.#timeTexts[row] = source.at
    this.#buffers[row] = source.buffer
    this.#times[row] = readTime(kind, source)
  }

  /** Whether there is a record; it is then between `#start` and `#end`. */
  #find(place: Place | null, source: AvroSource): boolean {
    if (place === null) return false
    const { top, way, branch, skip } = place
    const { starts } = this.#value
    source.at = starts[top]
    if (!way(source) || (branch >= 0 && readInt(source) !== branch)) return false
    this.#start = source.at
    if (skip === null) this.#end = starts[top + 1]
    else {
      skip(source)
      this.#end = source.at
    }
    return true
  }

  select(row: number): void {
    this.#current = row
    if (this.#hasRow[row] === 1) this.#row.select(row)
  }

  /** Of the value that was read last, which was changed: speaks of the key fields as they were before. False: it does not say. */
  selectFormer(): boolean {
    const source = this.#source
    if (this.#buffer !== source.buffer || !this.#find(this.#before, source)) return false
    const end = this.#end
    if (this.#row.read(FORMER, source.buffer, this.#start - this.#bodyBytes, end) !== null)
      return false
    this.#row.select(FORMER)
    return true
  }

  get fate(): Fate {
    const fate = this.#fates[this.#current] as Fate
    return fate === TAKEN ? this.#row.fate : fate
  }

  get lacking(): string {
    return this.#lacking
  }

  get failure(): string {
    return this.#row.failure
  }

  get time(): number {
    if (this.#time !== null) return this.#times[this.#current]
    // That of a deleted row is of what it was before.
    return this.#fates[this.#current] === TAKEN ? this.#row.time : Number.NaN
  }

  get timeText(): string {
    if (this.#time === null) return this.#row.timeText
    const at = this.#timeTexts[this.#current]
    if (at < 0) return ''
    const buffer = this.#buffers[this.#current]
    this.#source.open(buffer, at, buffer.length)
    return timeText(this.#time.kind, this.#source)
  }

  get timeReading(): TimeReading | null {
    return this.#time?.kind ?? this.#row.timeReading
  }

  keyBuffer(k: number): Bytes {
    return this.#row.keyBuffer(k)
  }

  keyStart(k: number): number {
    return this.#row.keyStart(k)
  }

  keyEnd(k: number): number {
    return this.#hasRow[this.#current] === 1 ? this.#row.keyEnd(k) : -1
  }

  get projectedBytes(): number {
    return this.#row.projectedBytes
  }

  project(target: Bytes, position: number): number {
    return this.#row.project(target, position)
  }
}

function placeOf(value: RecordType, path: string, top: number): Place {
  const record = recordAt(value, path)!
  const type = typeAt(value, path)
  const branch = type.kind === 'union' ? type.branches.indexOf(record) : -1
  const skip = path.includes('.') ? compileSkip(record) : null
  return { top, way: compileWayIn(value, path), branch, skip }
}

function opOf(value: RecordType, path: string, top: number): { top: number; text: FieldText } {
  const kind = fieldKind(path, plain(typeAt(value, path)))
  return { top, text: new NestedText(kind, compileWayIn(value, path)) }
}
