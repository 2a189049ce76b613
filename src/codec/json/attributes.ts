/**
 * DynamoDB's attributes in JSON as Avro's values: each is an object with one member, whose name says of which type it is, as
 * `{"N":"1.50"}`. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
 */
import { type AvroType, type RecordType, typeText, type UnionType } from '../avro/schema.ts'
import { type Branch, firstOf, NUMBERS, rankOf, readList, readMap } from './decode.ts'
import { JsonNames } from './names.ts'
import { JsonRecord } from './record.ts'
import { compileScalar } from './scalars.ts'
import { readText } from './text.ts'
import type { ReadJson } from './transfer.ts'
import {
  BOOLEAN,
  CLOSE,
  GOES_ON,
  IS_WRONG,
  kindOf,
  NUMBER,
  OPEN,
  open,
  QUOTE,
  readName,
  readWord,
  skip,
  toFollowing,
  toMember,
} from './walk.ts'

const TAGS = ['S', 'N', 'BOOL', 'NULL', 'B', 'M', 'L', 'SS', 'NS', 'BS'] as const
type Tag = (typeof TAGS)[number]
const NAMES = new JsonNames(TAGS)
/** What the members of a set are. */
const MEMBERS: Readonly<Partial<Record<Tag, Tag>>> = { SS: 'S', NS: 'N', BS: 'B' }

type Items = Map<RecordType, JsonRecord>

/** Reads items: objects whose members are attributes. @param items those that are compiled already */
export function compileItem(type: RecordType, items: Items = new Map()): JsonRecord {
  const known = items.get(type)
  if (known !== undefined) return known
  const item = new JsonRecord(type, [], typeText(type))
  // Known before its fields are, which may be of its type.
  items.set(type, item)
  item.complete(type.fields.map((field) => compileAttribute(field.type, items)))
  return item
}

function compileAttribute(type: AvroType, items: Items): ReadJson {
  const reads = TAGS.map((tag) => compileTag(tag, type, items))
  const wanted = typeText(type)
  return (transfer) => {
    const { at: from, buffer } = transfer
    if (buffer[from] !== OPEN) return skip(transfer) && transfer.refuse(from, wanted)
    if (!transfer.enter()) return false
    const state = open(transfer, CLOSE)
    if (state !== GOES_ON) return state !== IS_WRONG && transfer.refuse(from, wanted)
    if (!readName(transfer)) return false
    const tag = NAMES.find(transfer.text, transfer.textStart, transfer.textEnd)
    if (!toMember(transfer)) return false
    const read = reads[tag]
    // It may be no JSON at all.
    if (read === undefined) return skip(transfer) && transfer.refuse(from, wanted)
    if (!read(transfer)) return false
    const next = toFollowing(transfer, CLOSE)
    if (next === IS_WRONG) return false
    if (next === GOES_ON) return transfer.refuse(from, wanted)
    transfer.depth--
    return true
  }
}

/** undefined: no value of the type has this tag. */
function compileTag(tag: Tag, type: AvroType, items: Items): ReadJson | undefined {
  if (type.kind === 'union') return compileUnion(tag, type, items)
  const member = MEMBERS[tag]
  if (member !== undefined) {
    const read = type.kind === 'array' ? compileTag(member, type.items, items) : undefined
    return read && readList(read, typeText(type))
  }
  switch (type.kind) {
    case 'record':
      if (tag !== 'M') return undefined
      return ofRecord(compileItem(type, items))
    case 'map':
      return tag === 'M' ? readMap(compileAttribute(type.values, items), typeText(type)) : undefined
    case 'array':
      return tag === 'L' ? readList(compileAttribute(type.items, items), typeText(type)) : undefined
    case 'null':
      return tag === 'NULL' ? readNull : undefined
    default:
      return compilePlain(tag, type)
  }
}

const ofRecord =
  (item: JsonRecord): ReadJson =>
  (transfer) =>
    item.read(transfer, false)

function compilePlain(tag: Tag, type: Parameters<typeof compileScalar>[0]): ReadJson | undefined {
  const read = compileScalar(type)
  const logical = type.kind === 'enum' ? null : type.logical
  const isDecimal = logical?.name === 'decimal'
  switch (type.kind) {
    case 'boolean':
      return tag === 'BOOL' ? read : undefined
    case 'string':
      // A number's digits stay as they are, and base64.
      return ['S', 'N', 'B'].includes(tag) ? textual(read, typeText(type)) : undefined
    case 'enum':
      return tag === 'S' ? read : undefined
    case 'float':
    case 'double':
      return tag === 'N' ? inQuotes(read, typeText(type)) : undefined
    case 'int':
    case 'long':
      // Times are numbers, or text in ISO 8601.
      if (tag === 'S') return logical === null ? undefined : textual(read, typeText(type))
      return tag === 'N' ? inQuotes(read, typeText(type)) : undefined
    default:
      if (isDecimal) return tag === 'N' ? inQuotes(read, typeText(type)) : undefined
      return tag === (logical?.name === 'uuid' ? 'S' : 'B') ? read : undefined
  }
}

/** By the most exact branch that takes the value: text is the last one for what is none. */
function compileUnion(tag: Tag, union: UnionType, items: Items): ReadJson | undefined {
  const found = union.branches.flatMap((type, index): Branch[] => {
    const read = compileTag(tag, type, items)
    return read === undefined ? [] : [{ index, type, read }]
  })
  if (found.length === 0) return undefined
  const isText = tag === 'S' || tag === 'SS'
  const ofNumbers = (kind: string): number =>
    kind === 'string' ? NUMBERS.length : NUMBERS.indexOf(kind)
  const rank = ({ type }: Branch): number =>
    isText || tag === 'M' ? rankOf(type) : ofNumbers(type.kind)
  return firstOf(
    found.sort((a, b) => rank(a) - rank(b)),
    typeText(union),
  )
}

const readNull: ReadJson = (transfer) => {
  const { at, buffer } = transfer
  return kindOf(buffer[at]) === BOOLEAN
    ? readWord(transfer, 'true')
    : transfer.refuse(at, 'true, which NULL is')
}

/** What is no text is none of the type, whatever else the type may be written as. */
const textual =
  (read: ReadJson, wanted: string): ReadJson =>
  (transfer) =>
    transfer.buffer[transfer.at] === QUOTE ? read(transfer) : transfer.refuse(transfer.at, wanted)

/** A number in quotes, by what reads one without them. */
const inQuotes =
  (read: ReadJson, wanted: string): ReadJson =>
  (transfer) => {
    const { at, buffer, end, sink } = transfer
    if (buffer[at] !== QUOTE) return transfer.refuse(at, wanted)
    if (!readText(transfer)) return false
    const { at: behind, text, textStart, textEnd } = transfer
    const isPlain = text === buffer && textEnd > textStart && kindOf(buffer[textStart]) === NUMBER
    transfer.at = textStart
    transfer.end = textEnd
    const isRead = isPlain && read(transfer) && transfer.at === textEnd
    transfer.at = behind
    transfer.end = end
    return isRead || (!sink.isFull && transfer.refuse(at, wanted))
  }
