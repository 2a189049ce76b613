import type { Schema } from 'avsc'
import { SLICE } from '../../batch.ts'
import { type Bytes, bytesOf } from '../../bytes.ts'
import { EnricherError } from '../../errors.ts'
import { isTextAsItIs, isWholeAsItIs, NULL_LETTER, QUOTE, textOf } from '../json/scalar-text.ts'
import { SCALAR, undeclaredName } from '../json/undeclared.ts'
import { writeLongDigits } from './long.ts'
import { type AvroSource, readInt, type Skip } from './walk.ts'

/** How a field is read where its text is needed. */
export interface FieldKind {
  /** `undeclared`: JSON, which is a text or a whole number. */
  readonly type: 'string' | 'integer' | 'enum' | 'undeclared'
  readonly symbols: readonly Bytes[]
  readonly logicalType: string | undefined
  /** The union's branch that holds the value; -1: no union. Any other branch is null. */
  readonly branch: number
}

const logicalOf = (schema: Schema): string | undefined =>
  typeof schema === 'object' && !Array.isArray(schema)
    ? (schema as { logicalType?: string }).logicalType
    : undefined

const typeOf = (schema: Schema): Schema =>
  typeof schema === 'object' && !Array.isArray(schema) ? (schema as { type: Schema }).type : schema

/** Throws SCHEMA_INVALID for a type that has no text form. */
export function fieldKind(field: string, schema: Schema): FieldKind {
  if (Array.isArray(schema)) {
    const branches = schema.filter((branch) => typeOf(branch) !== 'null')
    if (branches.length === 1 && branches.length < schema.length) {
      return { ...fieldKind(field, branches[0]), branch: schema.indexOf(branches[0]) }
    }
  }
  const type = typeOf(schema)
  const base = { symbols: [] as Bytes[], logicalType: logicalOf(schema), branch: -1 }
  const undeclared = undeclaredName(schema)
  if (undeclared === SCALAR) return { type: 'undeclared', ...base }
  if (type === 'string' && undeclared === undefined) return { type: 'string', ...base }
  if (type === 'int' || type === 'long') return { type: 'integer', ...base }
  if (type === 'enum') {
    const { symbols } = schema as { symbols: string[] }
    return { type: 'enum', ...base, symbols: symbols.map((symbol) => bytesOf(Buffer.from(symbol))) }
  }
  const message = `The field ${field} is ${JSON.stringify(schema)}; a key or time field has to be a string, int, long or enum, or one of them and null`
  throw new EnricherError('SCHEMA_INVALID', message, { fields: { field } })
}

/** Digits and sign of any long. */
const DIGITS = 20

/** Text of one field, of a number of values. */
export class FieldText {
  readonly #kind: FieldKind
  /** Of numbers: a place for each row. Of an enum: all symbols. Of a string there are none, it is text already. */
  readonly #texts: Bytes
  /** Where in `#texts` each symbol begins, and the last one ends. */
  readonly #symbols: readonly number[]
  readonly #starts = new Int32Array(SLICE)
  readonly #ends = new Int32Array(SLICE)
  /** By row: the text of JSON that has another one than its bytes; undefined: the value has it. */
  readonly #made: (Bytes | undefined)[]

  constructor(kind: FieldKind) {
    this.#kind = kind
    this.#made = kind.type === 'undeclared' ? new Array(SLICE).fill(undefined) : []
    const places = [0]
    for (const { length } of kind.symbols) places.push(places.at(-1)! + length)
    this.#symbols = places
    const digits = kind.type === 'integer' ? SLICE * DIGITS : 0
    this.#texts = bytesOf(kind.type === 'enum' ? Buffer.concat(kind.symbols) : Buffer.alloc(digits))
  }

  /** Where the text is, of a value in `value`. */
  buffer(value: Bytes, row: number): Bytes {
    const { type } = this.#kind
    if (type === 'undeclared') return this.#made[row] ?? value
    return type === 'string' ? value : this.#texts
  }

  start(row: number): number {
    return this.#starts[row]
  }

  /** -1: null. */
  end(row: number): number {
    return this.#ends[row]
  }

  protected setNull(row: number): void {
    this.#ends[row] = -1
  }

  /** `source.at` is where the field begins; it has been walked before, so its bytes are sound. */
  read(row: number, source: AvroSource): void {
    const { branch, type } = this.#kind
    if (branch >= 0 && readInt(source) !== branch) {
      this.setNull(row)
      return
    }
    const from = source.at
    const number = readInt(source)
    if (type === 'integer') this.#writeDigits(row, number, source, from)
    else if (type === 'string') {
      this.#starts[row] = source.at
      this.#ends[row] = source.at + number
    } else if (type === 'undeclared')
      this.#readJson(row, source.buffer, source.at, source.at + number)
    else {
      this.#starts[row] = this.#symbols[number]
      this.#ends[row] = this.#symbols[number + 1]
    }
  }

  /** Most are a text without escapes, or digits. */
  #readJson(row: number, buffer: Bytes, start: number, end: number): void {
    if (this.#made[row] !== undefined) this.#made[row] = undefined
    if (buffer[start] === NULL_LETTER) {
      this.setNull(row)
      return
    }
    const isText = buffer[start] === QUOTE
    if (isText ? isTextAsItIs(buffer, start, end) : isWholeAsItIs(buffer, start, end)) {
      this.#starts[row] = isText ? start + 1 : start
      this.#ends[row] = isText ? end - 1 : end
      return
    }
    const made = textOf(buffer, start, end)
    this.#made[row] = made
    this.#starts[row] = 0
    this.#ends[row] = made.length
  }

  #writeDigits(row: number, value: number, source: AvroSource, from: number): void {
    const texts = this.#texts
    const first = row * DIGITS
    if (value >= 0 && value < 2 ** 31) {
      let at = first + DIGITS
      this.#ends[row] = at
      let rest = value | 0
      do {
        const tens = (rest / 10) | 0
        texts[--at] = 48 + rest - 10 * tens
        rest = tens
      } while (rest > 0)
      this.#starts[row] = at
      return
    }
    this.#ends[row] = first + DIGITS
    this.#starts[row] = writeLongDigits(source.buffer, from, texts, first + DIGITS)
  }
}

/** Text of a field inside of records. Null, where one of these is. */
export class NestedText extends FieldText {
  readonly #way: Skip

  /** @param way from where the outermost field begins */
  constructor(kind: FieldKind, way: Skip) {
    super(kind)
    this.#way = way
  }

  override read(row: number, source: AvroSource): void {
    if (this.#way(source)) super.read(row, source)
    else this.setNull(row)
  }
}
