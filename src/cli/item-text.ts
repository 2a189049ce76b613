/** DynamoDB's items as JSON without the tags of their types, and with them. */
import { isObject } from '../codec/avro/default.ts'
import type { AvroType } from '../codec/avro/schema.ts'
import { ITEMS } from '../codec/envelope/stream-records.ts'
import type { EnvelopeKind } from '../config/pipeline.ts'

type Attributes = Readonly<Record<string, unknown>>

/** An item as JSON: numbers have their digits, sets are lists, and bytes their base64. */
const itemText = (item: Attributes): string =>
  `{${Object.entries(item)
    .map(([name, attribute]) => `${JSON.stringify(name)}:${valueText(attribute)}`)
    .join()}}`

function valueText(attribute: unknown): string {
  const [[tag, value] = ['', null]] = Object.entries(isObject(attribute) ? attribute : {})
  if (tag === 'N') return String(value)
  if (tag === 'M') return itemText(value as Attributes)
  if (tag === 'L') return `[${(value as unknown[]).map(valueText).join()}]`
  if (tag === 'NS') return `[${(value as string[]).join()}]`
  return tag === 'NULL' ? 'null' : JSON.stringify(value)
}

/** An item as JSON without tags; undefined: there is none. @param image as values have it */
export function imageText(image: unknown, kind: EnvelopeKind): string | undefined {
  const item = kind === 'dynamodb-cdc' ? parsed(image) : image
  return isObject(item) ? itemText(item) : undefined
}

/** undefined: it is no text of JSON. */
function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text))
  } catch {
    return undefined
  }
}

/** A row of an envelope; undefined: there is none. @param row as values have it */
export function plainRow(row: unknown, kind: EnvelopeKind): Attributes | undefined {
  if (!ITEMS.has(kind)) return isObject(row) ? row : undefined
  const text = imageText(row, kind)
  return text === undefined ? undefined : JSON.parse(text)
}

export const memberAt = (value: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((one, name) => (isObject(one) ? one[name] : undefined), value)

/** A value of an item, as DynamoDB has it. @param type what it is to be; undefined: nobody knows */
export function attributeOf(value: unknown, type: AvroType | undefined): Attributes {
  if (value === null) return { NULL: true }
  if (typeof value === 'boolean') return { BOOL: value }
  if (typeof value === 'number') return { N: String(value) }
  const own = (kind: AvroType['kind']): AvroType | undefined => branchOf(type, kind)
  if (Array.isArray(value)) {
    const list = own('array')
    const items = list?.kind === 'array' ? list.items : undefined
    return { L: value.map((item) => attributeOf(item, items)) }
  }
  if (isObject(value)) return { M: attributesOf(value, type) }
  if (own('string') !== undefined) return { S: value }
  if (/^-?\d/.test(String(value)) && NUMBERS.some((kind) => isNumber(own(kind))))
    return { N: value }
  return own('bytes') === undefined && own('fixed') === undefined ? { S: value } : { B: value }
}

/** @param type of the item */
export function attributesOf(item: Attributes, type: AvroType | undefined): Attributes {
  const [record, map] = [branchOf(type, 'record'), branchOf(type, 'map')]
  const typeOf = (name: string): AvroType | undefined => {
    if (record?.kind === 'record') return record.fields.find((one) => one.name === name)?.type
    return map?.kind === 'map' ? map.values : undefined
  }
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => [name, attributeOf(value, typeOf(name))]),
  )
}

const NUMBERS = ['int', 'long', 'float', 'double', 'bytes', 'fixed'] as const

/** Not a time, whose texts are of another form. */
function isNumber(type: AvroType | undefined): boolean {
  const logical = type !== undefined && 'logical' in type ? type.logical : null
  if (logical !== null) return logical.name === 'decimal'
  return type !== undefined && type.kind !== 'bytes' && type.kind !== 'fixed'
}

const branchOf = (type: AvroType | undefined, kind: AvroType['kind']): AvroType | undefined =>
  type?.kind === 'union'
    ? type.branches.find((one) => one.kind === kind)
    : type?.kind === kind
      ? type
      : undefined
