/**
 * Avro values as people write them in JSON or YAML. Not for the hot path: an object per value.
 *
 * Besides Avro's own JSON encoding the natural form is read: a union's value without its branch, a
 * time or date as ISO 8601 text, a field with a default left out. Bytes are text with a character per byte, as
 * in Avro's JSON; a long that a double does not hold is its digits.
 */
import { bytesOf } from '../../bytes.ts'
import { didYouMean } from '../../config/suggest.ts'
import { AvroDecoder, branchName, type JsonForm } from './decode.ts'
import { encodeDefault, isObject, latin1 } from './default.ts'
import { exampleOf, hasText, numberOf, textOf } from './json-times.ts'
import type { Logical } from './logical.ts'
import { parseRecord } from './parse.ts'
import type { AvroType, BranchType, Field, RecordType, UnionType } from './schema.ts'
import { AvroSink, SINGLE_BYTES } from './sink.ts'
import { AvroSource } from './walk.ts'

/** What is wrong with a value, and where in it. */
export type ReportValue = (path: readonly string[], message: string) => void

/** Values of one record schema. */
export class AvroJson {
  readonly #type: RecordType
  readonly #decoder: AvroDecoder

  constructor(schema: unknown) {
    this.#type = parseRecord(schema)
    this.#decoder = new AvroDecoder(this.#type, FORM)
  }

  /** Avro's binary form, without a frame; undefined where something was reported. */
  encode(value: unknown, report: ReportValue): Buffer | undefined {
    return encode(this.#type, value, report)
  }

  /**
   * The value in the form in which `decode` gives it, so that the two can be compared.
   * @param partial only the fields that are there
   */
  normal(value: unknown, partial: boolean, report: ReportValue): Record<string, unknown> {
    const isThere = ({ name }: Field): boolean => isObject(value) && Object.hasOwn(value, name)
    const fields = partial ? this.#type.fields.filter(isThere) : this.#type.fields
    const known = this.#type.fields.map(({ name }) => name)
    const bytes = encode({ ...this.#type, fields }, value, report, known)
    if (bytes === undefined) return {}
    return decode(new AvroDecoder({ ...this.#type, fields }, FORM), bytes)
  }

  /** Of Avro's binary form. A union's branch is named where it has several but null. */
  decode(bytes: Buffer): Record<string, unknown> {
    return decode(this.#decoder, bytes)
  }
}

/** @param known fields that the record has beside those of `type` */
function encode(
  type: RecordType,
  value: unknown,
  report: ReportValue,
  known?: readonly string[],
): Buffer | undefined {
  const sink = new AvroSink(SINGLE_BYTES)
  const writer = new JsonWriter(sink, report)
  writer.record(type, value, [], known)
  return writer.failed ? undefined : Buffer.from(sink.buffer.subarray(sink.start, sink.at))
}

function decode(decoder: AvroDecoder, bytes: Buffer): Record<string, unknown> {
  const source = new AvroSource()
  source.open(bytesOf(bytes), 0, bytes.length)
  return decoder.decode(source) as Record<string, unknown>
}

/** From JSON to bytes. What follows a fault is read as well, for its own faults. */
class JsonWriter {
  readonly #sink: AvroSink
  readonly #report: ReportValue
  failed = false

  constructor(sink: AvroSink, report: ReportValue) {
    this.#sink = sink
    this.#report = report
  }

  record(
    type: RecordType,
    value: unknown,
    path: readonly string[],
    known: readonly string[] = type.fields.map(({ name }) => name),
  ): void {
    if (!isObject(value)) {
      this.#fail(path, `has to be a record with the fields ${known.join(', ')}`)
      return
    }
    for (const name of Object.keys(value)) {
      if (known.includes(name)) continue
      this.#fail([...path, name], `there is no such field${didYouMean(name, known)}`)
    }
    const missing: string[] = []
    for (const field of type.fields) {
      const { name } = field
      if (Object.hasOwn(value, name)) this.#value(field.type, value[name], [...path, name])
      else if (!this.#default(field)) missing.push(name)
    }
    if (missing.length > 0) this.#fail(path, `has no ${missing.join(', ')}`)
  }

  #default({ type, default: value }: Field): boolean {
    const bytes = value === undefined ? undefined : encodeDefault(type, value)
    return bytes !== undefined && this.#sink.copy(bytesOf(bytes), 0, bytes.length)
  }

  #value(type: AvroType, value: unknown, path: readonly string[]): void {
    switch (type.kind) {
      case 'record':
        this.record(type, value, path)
        return
      case 'union':
        this.#union(type, value, path)
        return
      case 'array':
        if (!Array.isArray(value)) this.#fail(path, 'has to be a list')
        else this.#items(value, (item, i) => this.#value(type.items, item, [...path, String(i)]))
        return
      case 'map':
        if (!isObject(value)) this.#fail(path, 'has to be a map')
        else {
          this.#items(Object.entries(value), ([key, item]) => {
            this.#sink.bytes(bytesOf(Buffer.from(key)))
            this.#value(type.values, item, [...path, key])
          })
        }
        return
      default:
        if ('logical' in type && hasText(type.logical)) this.#time(type, type.logical, value, path)
        else if (!SCALARS[type.kind](type as never, value, this.#sink)) {
          this.#fail(path, `${JSON.stringify(value)} is not ${describe(type)}`)
        }
    }
  }

  #items<T>(items: readonly T[], write: (item: T, i: number) => void): void {
    if (items.length > 0) this.#sink.int(items.length)
    items.forEach(write)
    this.#sink.int(0)
  }

  /** Avro's JSON names the branch; else it is the first that takes the value. */
  #union({ branches }: UnionType, value: unknown, path: readonly string[]): void {
    const sink = this.#sink
    const nothing = branches.findIndex(({ kind }) => kind === 'null')
    if (value === null && nothing >= 0) {
      sink.int(nothing)
      return
    }
    const only = isObject(value) ? Object.keys(value) : []
    const isNamed = (branch: BranchType): boolean =>
      branch.kind !== 'null' && only.length === 1 && branchName(branch) === only[0]
    const named = branches.findIndex(isNamed)
    if (named >= 0) {
      sink.int(named)
      const inner = (value as Record<string, unknown>)[only[0]]
      this.#value(branches[named], inner, [...path, only[0]])
      return
    }
    for (const [i, branch] of branches.entries()) {
      if (branch.kind !== 'null' && this.#try(i, branch, value)) return
    }
    const others = branches.filter(({ kind }) => kind !== 'null')
    if (others.length === 1) this.#value(others[0], value, path)
    else {
      const kinds = branches.map(describe).join(', ')
      this.#fail(path, `${JSON.stringify(value)} is none of: ${kinds}`)
    }
  }

  #try(index: number, branch: BranchType, value: unknown): boolean {
    const sink = this.#sink
    const { written } = sink
    const trial = new JsonWriter(sink, () => {})
    sink.int(index)
    trial.#value(branch, value, [])
    if (trial.failed) sink.rewind(written)
    return !trial.failed
  }

  #time(type: Scalar, logical: Logical, value: unknown, path: readonly string[]): void {
    const number = typeof value === 'string' ? numberOf(value, logical) : undefined
    if (number !== undefined) this.#sink.long(number)
    // A number's digits are those of a long that a double does not hold.
    else if (isShort(value) || !SCALARS[type.kind](type as never, value, this.#sink)) {
      const what = JSON.stringify(value)
      this.#fail(
        path,
        `${what} is not a ${logical.name === 'date' ? 'date' : 'time'}; write ${exampleOf(logical)}, or a number`,
      )
    }
  }

  #fail(path: readonly string[], message: string): void {
    this.failed = true
    this.#report(path, message)
  }
}

const isInteger = (value: unknown, bits: number): boolean =>
  Number.isInteger(value) &&
  Math.abs(value as number) <= 2 ** (bits - 1) - (Number(value) < 0 ? 0 : 1)

/** Text that is a number which a file can have as one. */
const isShort = (value: unknown): boolean =>
  typeof value === 'string' && Number.isSafeInteger(Number(value))

const LONG_DIGITS = /^-?\d{1,19}$/

function long(value: unknown): bigint | undefined {
  if (Number.isSafeInteger(value)) return BigInt(value as number)
  if (typeof value !== 'string' || !LONG_DIGITS.test(value)) return undefined
  const digits = BigInt(value)
  return BigInt.asIntN(64, digits) === digits ? digits : undefined
}

type Scalar = Exclude<BranchType, { kind: 'record' | 'array' | 'map' }>
type Write<T> = (type: T, value: unknown, sink: AvroSink) => boolean

/** False where the value is of another type. */
const SCALARS: { [K in Scalar['kind']]: Write<Extract<Scalar, { kind: K }>> } = {
  null: (_, value) => value === null,
  boolean: (_, value, sink) => typeof value === 'boolean' && sink.int(value ? -1 : 0),
  int: (_, value, sink) => isInteger(value, 32) && sink.int(value as number),
  long: (_, value, sink) => {
    const number = long(value)
    return number !== undefined && sink.long(number)
  },
  float: (_, value, sink) => typeof value === 'number' && sink.float(value),
  // Of a whole number that it does not hold a file has the digits.
  double: (_, value, sink) => {
    const isNumber =
      typeof value === 'number' || (typeof value === 'string' && LONG_DIGITS.test(value))
    return isNumber && sink.double(Number(value))
  },
  string: (_, value, sink) => typeof value === 'string' && sink.bytes(bytesOf(Buffer.from(value))),
  bytes: (_, value, sink) => {
    const bytes = latin1(value)
    return bytes !== undefined && sink.bytes(bytesOf(bytes))
  },
  fixed: ({ size }, value, sink) => {
    const bytes = latin1(value)
    return bytes?.length === size && sink.copy(bytesOf(bytes), 0, size)
  },
  enum: ({ symbols }, value, sink) => {
    const index = symbols.indexOf(value as string)
    return index >= 0 && sink.int(index)
  },
}

function describe(type: AvroType): string {
  if (type.kind === 'enum') return `one of ${type.symbols.join(', ')}`
  if (type.kind === 'fixed') return `text of ${type.size} bytes`
  if (type.kind === 'bytes') return 'bytes, as text with a character for each'
  if (type.kind === 'null') return 'null'
  const name = 'logical' in type && hasText(type.logical) ? type.logical.name : type.kind
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`
}

/** Values always in the same form, so that they can be compared. */
const FORM: JsonForm = {
  bytes: (bytes) => bytes.toString('latin1'),
  integer: textOf,
  namesBranch: ({ branches }) => branches.filter(({ kind }) => kind !== 'null').length > 1,
}
