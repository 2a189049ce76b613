/**
 * Avro values as people write them in JSON or YAML. Not for the hot path: an object per value.
 *
 * Besides Avro's own JSON encoding the natural form is read: a union's value without its branch, a
 * time as ISO 8601 text, a field with a default left out. Bytes are text with a character per byte, as
 * in Avro's JSON; a long that a double does not hold is its digits.
 */
import avsc from 'avsc'
import { didYouMean } from '../config/suggest.ts'
import { longType } from './resolving-reader.ts'

/** What is wrong with a value, and where in it. */
export type ReportValue = (path: readonly string[], message: string) => void

/** The underlying number passes through. */
class Time extends avsc.types.LogicalType {
  protected override _fromValue(value: unknown): unknown {
    return value
  }

  protected override _toValue(value: unknown): unknown {
    return value
  }
}

const MILLIS = new Set(['logical:timestamp-millis', 'logical:local-timestamp-millis'])
const MICROS = new Set(['logical:timestamp-micros', 'logical:local-timestamp-micros'])
const LAST_MS = 8.64e15

/** Values of one record schema. */
export class AvroJson {
  readonly #type: avsc.types.RecordType

  constructor(schema: unknown) {
    this.#type = avsc.Type.forSchema(schema as avsc.Schema, {
      wrapUnions: true,
      registry: { long: longType() },
      logicalTypes: Object.fromEntries(
        [...MILLIS, ...MICROS].map((name) => [name.slice('logical:'.length), Time]),
      ),
    }) as avsc.types.RecordType
  }

  /** Avro's binary form, without a frame; undefined where something was reported. */
  encode(value: unknown, report: ReportValue): Buffer | undefined {
    const converted = new Conversion(report)
    const record = converted.record(this.#type, value, false)
    return converted.failed ? undefined : this.#type.toBuffer(record)
  }

  /**
   * The value in the form in which `decode` gives it, so that the two can be compared.
   * @param partial only the fields that are there
   */
  normal(value: unknown, partial: boolean, report: ReportValue): Record<string, unknown> {
    const converted = new Conversion(report)
    const record = converted.record(this.#type, value, partial)
    return converted.failed ? {} : plainRecord(this.#type, record)
  }

  /** Of Avro's binary form. A union's branch is named where it has several but null. */
  decode(bytes: Buffer): Record<string, unknown> {
    return plainRecord(this.#type, this.#type.fromBuffer(bytes) as Record<string, unknown>)
  }
}

/** From JSON to what avsc takes. */
class Conversion {
  readonly #report: ReportValue
  failed = false

  constructor(report: ReportValue) {
    this.#report = report
  }

  record(
    type: avsc.types.RecordType,
    value: unknown,
    partial: boolean,
    path: readonly string[] = [],
  ): Record<string, unknown> {
    const record: Record<string, unknown> = {}
    if (!isObject(value)) {
      this.#fail(path, `has to be a record with the fields ${names(type)}`)
      return record
    }
    for (const name of Object.keys(value)) {
      if (type.field(name) !== undefined) continue
      const known = type.fields.map((field) => field.name)
      this.#fail([...path, name], `there is no such field${didYouMean(name, known)}`)
    }
    const missing: string[] = []
    for (const { name, type: fieldType, defaultValue } of type.fields) {
      const isThere = Object.hasOwn(value, name)
      if (isThere) record[name] = this.#value(fieldType, value[name], [...path, name])
      else if (!partial && (record[name] = defaultValue()) === undefined) missing.push(name)
    }
    if (missing.length > 0) this.#fail(path, `has no ${missing.join(', ')}`)
    return record
  }

  #value(type: avsc.Type, value: unknown, path: readonly string[]): unknown {
    const { typeName } = type
    if (type instanceof avsc.types.RecordType) return this.record(type, value, false, path)
    if (type instanceof avsc.types.WrappedUnionType) return this.#union(type, value, path)
    if (type instanceof avsc.types.ArrayType) {
      if (!Array.isArray(value)) return this.#fail(path, 'has to be a list')
      return value.map((item, i) => this.#value(type.itemsType, item, [...path, String(i)]))
    }
    if (type instanceof avsc.types.MapType) {
      if (!isObject(value)) return this.#fail(path, 'has to be a map')
      const entries = Object.entries(value)
      return Object.fromEntries(
        entries.map(([key, item]) => [key, this.#value(type.valuesType, item, [...path, key])]),
      )
    }
    if (typeName.startsWith('logical:')) return this.#time(typeName, value, path)
    const convert = SCALARS[typeName]
    const converted = convert?.(type, value)
    if (converted !== undefined) return converted
    return this.#fail(path, `${JSON.stringify(value)} is not ${describe(type)}`)
  }

  /** Avro's JSON names the branch; else it is the first that takes the value. */
  #union(
    type: avsc.types.WrappedUnionType,
    value: unknown,
    path: readonly string[],
  ): Record<string, unknown> | null {
    const branches = type.types as unknown as avsc.Type[]
    const isNullable = branches.some(({ typeName }) => typeName === 'null')
    if (value === null && isNullable) return null
    const others = branches.filter(({ typeName }) => typeName !== 'null')
    const only = isObject(value) ? Object.keys(value) : []
    const named = others.find((branch) => only.length === 1 && branchOf(branch) === only[0])
    if (named !== undefined) {
      const name = only[0]
      const inner = (value as Record<string, unknown>)[name]
      return { [name]: this.#value(named, inner, [...path, name]) }
    }
    for (const branch of others) {
      const trial = new Conversion(() => {})
      const converted = trial.#value(branch, value, path)
      if (!trial.failed) return { [branchOf(branch)]: converted }
    }
    if (others.length === 1) this.#value(others[0], value, path)
    else {
      const kinds = branches.map(describe).join(', ')
      this.#fail(path, `${JSON.stringify(value)} is none of: ${kinds}`)
    }
    return null
  }

  #time(typeName: string, value: unknown, path: readonly string[]): unknown {
    if (Number.isSafeInteger(value)) return value
    const ms = typeof value === 'string' ? parseTime(value) : undefined
    if (ms !== undefined) return MILLIS.has(typeName) ? Math.floor(ms) : Math.round(ms * 1000)
    const what = JSON.stringify(value)
    return this.#fail(path, `${what} is not a time; write 2025-01-31T12:00:00Z, or a number`)
  }

  #fail(path: readonly string[], message: string): undefined {
    this.failed = true
    this.#report(path, message)
  }
}

/** Milliseconds since 1970 of ISO 8601 text, with a fraction down to microseconds; undefined: it is none. */
export function parseTime(text: string): number | undefined {
  const [, seconds, fraction = '', zone] =
    /^(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? []
  const ms = seconds === undefined ? Number.NaN : Date.parse(seconds + zone)
  return Number.isNaN(ms) ? undefined : ms + Number(fraction.padEnd(6, '0')) / 1000
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isInteger = (value: unknown, bits: number): boolean =>
  Number.isInteger(value) &&
  Math.abs(value as number) <= 2 ** (bits - 1) - (Number(value) < 0 ? 0 : 1)

const latin1 = (value: unknown): Buffer | undefined =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: every byte is a character
  typeof value === 'string' && /^[\u0000-\u00ff]*$/.test(value)
    ? Buffer.from(value, 'latin1')
    : undefined

const LONG_DIGITS = /^-?\d{1,19}$/

function long(value: unknown): bigint | undefined {
  if (Number.isSafeInteger(value)) return BigInt(value as number)
  if (typeof value !== 'string' || !LONG_DIGITS.test(value)) return undefined
  const digits = BigInt(value)
  return BigInt.asIntN(64, digits) === digits ? digits : undefined
}

/** What avsc takes; undefined where the value is of another type. */
const SCALARS: Readonly<Record<string, (type: avsc.Type, value: unknown) => unknown>> = {
  null: (_, value) => (value === null ? null : undefined),
  boolean: (_, value) => (typeof value === 'boolean' ? value : undefined),
  int: (_, value) => (isInteger(value, 32) ? value : undefined),
  'abstract:long': (_, value) => long(value),
  float: (_, value) => (typeof value === 'number' ? value : undefined),
  double: (_, value) => (typeof value === 'number' ? value : undefined),
  string: (_, value) => (typeof value === 'string' ? value : undefined),
  bytes: (_, value) => latin1(value),
  fixed: (type, value) => {
    const bytes = latin1(value)
    return bytes?.length === (type as avsc.types.FixedType).size ? bytes : undefined
  },
  enum: (type, value) =>
    (type as avsc.types.EnumType).symbols.includes(value as string) ? value : undefined,
}

function describe(type: avsc.Type): string {
  if (type instanceof avsc.types.EnumType) return `one of ${type.symbols.join(', ')}`
  if (type instanceof avsc.types.FixedType) return `text of ${type.size} bytes`
  if (type.typeName === 'bytes') return 'bytes, as text with a character for each'
  if (type.typeName === 'null') return 'null'
  const name = type.typeName.replace(/^(abstract|logical):/, '')
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`
}

const names = (type: avsc.types.RecordType): string =>
  type.fields.map(({ name }) => name).join(', ')

const branchOf = (type: avsc.Type): string => type.branchName!

/** From what avsc gives to JSON, always in the same form. */
function plain(type: avsc.Type, value: unknown): unknown {
  if (value === null) return null
  if (type instanceof avsc.types.RecordType) {
    return plainRecord(type, value as Record<string, unknown>)
  }
  if (type instanceof avsc.types.WrappedUnionType) {
    const branches = type.types as unknown as avsc.Type[]
    const [[name, inner]] = Object.entries(value as Record<string, unknown>)
    const form = plain(branches.find((branch) => branchOf(branch) === name)!, inner)
    return branches.filter(({ typeName }) => typeName !== 'null').length > 1
      ? { [name]: form }
      : form
  }
  if (type instanceof avsc.types.ArrayType) {
    return (value as unknown[]).map((item) => plain(type.itemsType, item))
  }
  if (type instanceof avsc.types.MapType) {
    const entries = Object.entries(value as Record<string, unknown>)
    return Object.fromEntries(entries.map(([key, item]) => [key, plain(type.valuesType, item)]))
  }
  if (Buffer.isBuffer(value)) return value.toString('latin1')
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  }
  if (MILLIS.has(type.typeName)) return timeText(value as number, 1)
  if (MICROS.has(type.typeName)) return timeText(value as number, 1000)
  return type.typeName === 'float' ? Math.fround(value as number) : value
}

function plainRecord(
  type: avsc.types.RecordType,
  record: Record<string, unknown>,
): Record<string, unknown> {
  const fields = type.fields.filter(({ name }) => Object.hasOwn(record, name))
  return Object.fromEntries(
    fields.map((field) => [field.name, plain(field.type, record[field.name])]),
  )
}

/** ISO 8601; a number that is beyond what a date can be stays one. */
function timeText(value: number, perMs: number): string | number {
  const ms = Math.floor(value / perMs)
  if (Math.abs(ms) > LAST_MS) return value
  const micros = value - ms * perMs
  const text = new Date(ms).toISOString()
  return micros === 0 ? text : text.replace('Z', `${String(micros).padStart(3, '0')}Z`)
}
