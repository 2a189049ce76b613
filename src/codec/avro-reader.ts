import type { Schema } from 'avsc'
import { type RejectReason, SLICE } from '../batch.ts'
import { type Bytes, copyBytes, NO_BYTES } from '../bytes.ts'
import { EnricherError } from '../errors.ts'
import { type FieldKind, FieldText, fieldKind, readTime, timeKind } from './avro-field.ts'
import { AvroFields } from './avro-fields.ts'
import type { AvroSource } from './avro-walk.ts'
import type { ValueReader } from './port.ts'

export interface AvroRecordSchema {
  readonly type: 'record'
  readonly name: string
  readonly namespace?: string
  readonly fields: readonly {
    readonly name: string
    readonly type: Schema
    readonly doc?: string
  }[]
}

export interface ReaderPlan {
  /** The fields of the output, in order; `nullable`: a union's branch byte goes before the value. */
  readonly select: readonly { readonly source: string; readonly nullable: boolean }[]
  readonly keys: readonly string[]
  readonly time: string | null
}

/** A run of neighbouring fields that is copied in one go. */
interface Span {
  readonly first: number
  readonly last: number
  /** The union's branch in front: 1 in zigzag. */
  readonly branch: boolean
}

const SECOND_BRANCH = 2
const FRAME_BYTES = 5

/** Reads framed Avro values of one schema, by positions. */
export class AvroReader implements ValueReader {
  readonly #names: readonly string[]
  readonly #fields: AvroFields
  readonly #spans: readonly Span[]
  readonly #keys: readonly { index: number; text: FieldText }[]
  readonly #timeIndex: number
  readonly #timeKind: FieldKind | undefined
  /** Per row: where each field begins, and where the value ends. */
  readonly #starts: Int32Array
  readonly #buffers: Bytes[] = new Array(SLICE).fill(NO_BYTES)
  readonly #times = new Float64Array(SLICE).fill(Number.NaN)
  #row = 0
  readonly #source: AvroSource = { buffer: NO_BYTES, at: 0, end: 0 }
  #failed = 0

  constructor(schema: AvroRecordSchema, plan: ReaderPlan) {
    const { fields } = schema
    this.#names = fields.map(({ name }) => name)
    this.#fields = new AvroFields(
      fields.map(({ type }) => type),
      namespaceOf(schema),
    )
    this.#starts = new Int32Array((fields.length + 1) * SLICE)
    const indexOf = (name: string): number => {
      const index = this.#names.indexOf(name)
      if (index >= 0) return index
      const message = `${schema.name} has no field ${name}; its fields are ${this.#names.join(', ')}`
      throw new EnricherError('SCHEMA_INVALID', message, { fields: { field: name } })
    }
    this.#spans = spansOf(
      plan.select.map(({ source, nullable }) => ({ index: indexOf(source), nullable })),
    )
    this.#keys = plan.keys.map((name) => {
      const index = indexOf(name)
      return { index, text: new FieldText(fieldKind(name, fields[index].type)) }
    })
    this.#timeIndex = plan.time === null ? -1 : indexOf(plan.time)
    if (plan.time !== null) this.#timeKind = timeKind(plan.time, fields[this.#timeIndex].type)
  }

  get fault(): string {
    const field = this.#names[this.#failed]
    return field === undefined
      ? 'There are bytes behind the record’s last field'
      : `The bytes of the field ${field} are not what the schema says`
  }

  read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    const starts = this.#starts
    const count = this.#names.length
    const base = row * (count + 1)
    const failed = this.#fields.walk(buffer, start + FRAME_BYTES, end, starts, base)
    if (failed < count || starts[base + count] !== end) {
      this.#failed = failed
      return 'malformed'
    }
    // Most values lie in one buffer; a store of an object costs more than a look.
    if (this.#buffers[row] !== buffer) this.#buffers[row] = buffer
    this.#readKeys(row, buffer, end)
    return null
  }

  #readKeys(row: number, buffer: Bytes, end: number): void {
    const source = this.#source
    const starts = this.#starts
    const base = row * (this.#names.length + 1)
    source.buffer = buffer
    source.end = end
    for (const { index, text } of this.#keys) {
      source.at = starts[base + index]
      text.read(row, source)
    }
    if (this.#timeKind === undefined) return
    source.at = starts[base + this.#timeIndex]
    this.#times[row] = readTime(this.#timeKind, source)
  }

  select(row: number): void {
    this.#row = row
  }

  get time(): number {
    return this.#times[this.#row]
  }

  keyBuffer(k: number): Bytes {
    return this.#keys[k].text.buffer(this.#buffers[this.#row])
  }

  keyStart(k: number): number {
    return this.#keys[k].text.start(this.#row)
  }

  keyEnd(k: number): number {
    return this.#keys[k].text.end(this.#row)
  }

  get projectedBytes(): number {
    const starts = this.#starts
    const base = this.#row * (this.#names.length + 1)
    let bytes = 0
    for (const { first, last, branch } of this.#spans) {
      bytes += starts[base + last + 1] - starts[base + first] + (branch ? 1 : 0)
    }
    return bytes
  }

  project(target: Bytes, position: number): number {
    const starts = this.#starts
    const base = this.#row * (this.#names.length + 1)
    const buffer = this.#buffers[this.#row]
    let at = position
    for (const { first, last, branch } of this.#spans) {
      if (branch) target[at++] = SECOND_BRANCH
      at = copyBytes(buffer, starts[base + first], starts[base + last + 1], target, at)
    }
    return at
  }
}

function spansOf(selected: readonly { index: number; nullable: boolean }[]): Span[] {
  const spans: Span[] = []
  for (const { index, nullable } of selected) {
    const before = spans.at(-1)
    if (!nullable && before !== undefined && before.last + 1 === index) {
      // Not spread, which makes an object of another hidden class.
      spans[spans.length - 1] = { first: before.first, last: index, branch: before.branch }
    } else spans.push({ first: index, last: index, branch: nullable })
  }
  return spans
}

const namespaceOf = ({ name, namespace }: AvroRecordSchema): string =>
  name.includes('.') ? name.split('.').slice(0, -1).join('.') : (namespace ?? '')
