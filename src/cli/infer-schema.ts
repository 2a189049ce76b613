/** An Avro schema of JSON values, by a sample of them: pure. */
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import type { Type } from '../codec/json/schema-types.ts'
import { unionOf } from '../codec/json/schema-unions.ts'
import { recordName } from '../plan/output-plan.ts'

/** A number as it is written: how many decimals it has is lost in a double. */
class NumberText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

const MARK = '\u0000number'
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs

/** What was seen at one place of the values. */
interface Seen {
  count: number
  nulls: number
  booleans: number
  readonly numbers: string[]
  readonly texts: string[]
  objects: number
  readonly members: Map<string, Seen>
  lists: number
  items: Seen | undefined
}

/** Objects with more members than this, most of which few have, are maps. */
const MOST_MEMBERS = 20
/** Of a number that is no double: as many as most databases have. */
const PRECISION = 38
const LONG_LIMIT = 2n ** 63n

/**
 * The schema of a topic's values. Throws SyntaxError where one is no JSON. undefined: none of them is an object.
 * @param values texts
 */
export function inferSchema(
  topic: string,
  values: readonly string[],
): AvroRecordSchema | undefined {
  const seen = nothing()
  for (const text of values) look(seen, parse(text))
  const type = seen.objects > 0 ? recordOf(seen, recordName(topic)) : undefined
  return type as AvroRecordSchema | undefined
}

const nothing = (): Seen => ({
  ...{ count: 0, nulls: 0, booleans: 0, numbers: [], texts: [], objects: 0, lists: 0 },
  members: new Map(),
  items: undefined,
})

function parse(text: string): unknown {
  const marked = text.replace(TOKEN, (token) =>
    token.startsWith('"') ? token : JSON.stringify({ [MARK]: token }),
  )
  return JSON.parse(marked, (_key, value) =>
    typeof value?.[MARK] === 'string' ? new NumberText(value[MARK]) : value,
  )
}

function look(seen: Seen, value: unknown): void {
  seen.count++
  if (value === null) seen.nulls++
  else if (typeof value === 'boolean') seen.booleans++
  else if (typeof value === 'string') seen.texts.push(value)
  else if (value instanceof NumberText) seen.numbers.push(value.text)
  else if (Array.isArray(value)) {
    seen.lists++
    seen.items ??= nothing()
    for (const item of value) look(seen.items, item)
  } else {
    seen.objects++
    for (const [name, member] of Object.entries(value as object)) {
      const known = seen.members.get(name) ?? nothing()
      seen.members.set(name, known)
      look(known, member)
    }
  }
}

/** @param name of a record */
function typeOf(seen: Seen, name: string): Type {
  const types: Type[] = []
  if (seen.nulls > 0) types.push('null')
  if (seen.booleans > 0) types.push('boolean')
  if (seen.numbers.length > 0) types.push(numberType(seen.numbers))
  if (seen.texts.length > 0) types.push(textType(seen.texts))
  if (seen.lists > 0) types.push({ type: 'array', items: typeOf(seen.items!, `${name}Item`) })
  if (seen.objects > 0) types.push(objectType(seen, name))
  // Nobody has seen what it is when it is something.
  if (types.every((type) => type === 'null')) return ['null', 'string']
  return unionOf(types)
}

function objectType(seen: Seen, name: string): Type {
  const { members, objects } = seen
  const isRare = ({ count }: Seen): boolean => 2 * count < objects
  const isMap = members.size > MOST_MEMBERS && [...members.values()].every(isRare)
  if (members.size > 0 && !isMap) return recordOf(seen, name)
  const types = [...members.values()].map((one, i) => typeOf(one, `${name}Value${i}`))
  return { type: 'map', values: types.length === 0 ? ['null', 'string'] : unionOf(types) }
}

function recordOf({ members, objects }: Seen, name: string): Type {
  const fields = [...members].map(([member, seen]) => {
    const type = typeOf(seen, `${name}${recordName(member)}`)
    const whole = seen.count < objects ? unionOf(['null', type]) : type
    const isNullable = Array.isArray(whole) && whole[0] === 'null'
    return { name: member, type: whole, ...(isNullable ? { default: null } : {}) }
  })
  return { type: 'record', name, fields }
}

/** Whole numbers are longs. Of others that all have as many decimals, zeros among them (19.50), it is the decimals that count. */
function numberType(numbers: readonly string[]): Type {
  if (numbers.every((text) => /^-?\d+$/.test(text))) {
    const isLong = (text: string): boolean => {
      const value = BigInt(text)
      return value < LONG_LIMIT && value >= -LONG_LIMIT
    }
    return numbers.every(isLong) ? 'long' : decimal(0)
  }
  const scales = new Set(numbers.map((text) => /\.(\d+)$/.exec(text)?.[1].length ?? 0))
  const [scale] = scales
  const hasZeros = numbers.some((text) => /\.\d+0$/.test(text))
  return scales.size === 1 && scale > 1 && hasZeros ? decimal(scale) : 'double'
}

const decimal = (scale: number): Type => ({
  ...{ type: 'bytes', logicalType: 'decimal' },
  precision: PRECISION,
  scale,
})

/** What all texts have to look like. Times in another zone than UTC, or of other digits, would not come out as they came: they stay texts. */
const FORMS: readonly (readonly [RegExp, Type])[] = [
  [/^\d{4}-\d\d-\d\d$/, { type: 'int', logicalType: 'date' }],
  [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, { type: 'long', logicalType: 'timestamp-millis' }],
  [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, { type: 'long', logicalType: 'timestamp-micros' }],
  [/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/, { type: 'string', logicalType: 'uuid' }],
]

const textType = (texts: readonly string[]): Type =>
  FORMS.find(([form]) => texts.every((text) => form.test(text)))?.[1] ?? 'string'
