/** What an Avro value is in JSON, naively: of what avsc decodes, by big integers and texts. */

/** A number's text. */
export class Digits {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type Json = null | boolean | string | Digits | readonly Json[] | JsonObject
export class JsonObject {
  readonly entries: readonly (readonly [string, Json])[]

  constructor(entries: readonly (readonly [string, Json])[]) {
    this.entries = entries
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a schema, or a value, as JSON has it: of any form, which the schema says
export type Any = any

export function textOf(json: Json): string {
  if (json instanceof Digits) return json.text
  if (json instanceof JsonObject) {
    return `{${json.entries.map(([name, value]) => `${JSON.stringify(name)}:${textOf(value)}`).join()}}`
  }
  return Array.isArray(json) ? `[${json.map(textOf).join()}]` : JSON.stringify(json)
}

/** @param value of avsc, with longs as bigints, unions unwrapped and no logical types. @param named types by name */
export function modelOf(schema: Any, value: Any, named = new Map<string, Any>()): Json {
  if (typeof schema === 'string' && named.has(schema))
    return modelOf(named.get(schema), value, named)
  if (Array.isArray(schema)) return modelOf(branchOf(schema, value, named), value, named)
  if (schema.name !== undefined) named.set(schema.name, schema)
  const type = schema.type ?? schema
  switch (type) {
    case 'record':
      return new JsonObject(
        schema.fields.map((field: Any) => [
          field.name,
          modelOf(field.type, value[field.name], named),
        ]),
      )
    case 'array':
      return value.map((item: Any) => modelOf(schema.items, item, named))
    case 'map':
      return new JsonObject(
        Object.entries(value).map(([key, item]) => [key, modelOf(schema.values, item, named)]),
      )
    case 'int':
    case 'long':
      return integer(schema, BigInt(value))
    case 'float':
      return floating(value, shortestFloat)
    case 'double':
      return floating(value, String)
    case 'bytes':
    case 'fixed':
      return bytes(schema, Buffer.from(value))
    default:
      return value
  }
}

/** The branch that avsc took for a value without its name: the tests' unions have one of each kind. */
function branchOf(branches: Any[], value: Any, named: ReadonlyMap<string, Any>): Any {
  const kindOf = (branch: Any): string => {
    const whole = named.get(branch) ?? branch
    return whole.type ?? whole
  }
  const kinds: Record<string, string[]> = {
    string: ['string', 'enum'],
    boolean: ['boolean'],
    bigint: ['long'],
    number: ['int', 'float', 'double'],
    object: ['array', 'map', 'record', 'bytes', 'fixed'],
  }
  const wanted = value === null ? ['null'] : kinds[typeof value]
  return branches.find((branch) => wanted.includes(kindOf(branch)))
}

const floating = (value: number, digits: (value: number) => string): Json => {
  if (!Number.isFinite(value)) return String(value)
  return new Digits(Object.is(value, -0) ? '-0' : digits(value))
}

function shortestFloat(value: number): string {
  for (let precision = 1; ; precision++) {
    const near = Number(value.toPrecision(precision))
    if (Math.fround(near) === value) return String(near)
  }
}

const DAY = 86_400n
const PER_SECOND: Readonly<Record<string, bigint>> = {
  millis: 1000n,
  micros: 10n ** 6n,
  nanos: 10n ** 9n,
}
const CONNECT: Readonly<Record<string, string>> = {
  'org.apache.kafka.connect.data.Date': 'date',
  'io.debezium.time.MicroTimestamp': 'timestamp-micros',
  'io.debezium.time.NanoTime': 'time-nanos',
}

function integer(schema: Any, value: bigint): Json {
  const logical = schema.logicalType ?? CONNECT[schema['connect.name']] ?? ''
  if (logical === 'date') return dayText(value)
  const [, family, unit] = /^(timestamp|local-timestamp|time)-(\w+)$/.exec(logical) ?? []
  if (family === undefined) return new Digits(String(value))
  const perSecond = PER_SECOND[unit]
  if (family === 'time') {
    return `${value < 0n ? '-' : ''}${clockText(value < 0n ? -value : value, perSecond)}`
  }
  const perDay = DAY * perSecond
  const rest = ((value % perDay) + perDay) % perDay
  const text = `${dayText((value - rest) / perDay)}T${clockText(rest, perSecond)}`
  return family === 'timestamp' ? `${text}Z` : text
}

const padded = (value: bigint, width: number): string => String(value).padStart(width, '0')

function clockText(units: bigint, perSecond: bigint): string {
  const seconds = units / perSecond
  const fraction = padded(units % perSecond, String(perSecond).length - 1)
  const hour = padded(seconds / 3600n, 2)
  return `${hour}:${padded((seconds / 60n) % 60n, 2)}:${padded(seconds % 60n, 2)}.${fraction}`
}

/** By JavaScript's calendar of the years 2000 to 2399, which all others repeat. */
function dayText(days: bigint): string {
  const era = 146_097n
  const since2000 = days - 10_957n
  const rest = ((since2000 % era) + era) % era
  const [year, month, day] = new Date(Number(rest + 10_957n) * 86_400_000)
    .toISOString()
    .slice(0, 10)
    .split('-')
  const whole = BigInt(year) + ((since2000 - rest) / era) * 400n
  const sign = whole < 0n ? '-' : whole > 9999n ? '+' : ''
  return `${sign}${padded(whole < 0n ? -whole : whole, sign === '' ? 4 : 6)}-${month}-${day}`
}

function bytes({ type, logicalType, size, scale = 0 }: Any, value: Buffer): Json {
  if (logicalType === 'decimal') return new Digits(decimalText(value, scale))
  if (logicalType === 'uuid' && type === 'fixed' && size === 16) {
    return value.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  }
  return value.toString('base64')
}

function decimalText(value: Buffer, scale: number): string {
  const unscaled = BigInt.asIntN(8 * value.length, BigInt(`0x0${value.toString('hex')}`))
  const digits = padded(unscaled < 0n ? -unscaled : unscaled, scale + 1)
  const point = digits.length - scale
  const text = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`
  return unscaled < 0n ? `-${text}` : text
}
