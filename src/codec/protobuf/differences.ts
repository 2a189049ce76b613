/** How messages differ, in words, as `schema-differences.ts` of the registry has it of Avro's records: by the fields' numbers, which bytes have. */
import {
  type EnumType,
  fieldTypeText,
  type Message,
  type MessageField,
  type MessageFile,
} from './message.ts'

/**
 * What of the first message of a file, and of those in its fields, an earlier file has otherwise: fields and symbols that are new,
 * have another number, name or type, or are gone. Fields of messages inside have their path: `address.city is new`.
 */
export function messageDifferences(before: MessageFile, after: MessageFile): string[] {
  const found = new Set<string>()
  compareMessages(before.messages[0].message, after.messages[0].message, '', {
    tell: (difference) => found.add(difference),
    seen: new Set(),
  })
  return [...found]
}

interface Comparing {
  tell(difference: string): void
  /** Messages that were compared, or are being so: one may be in itself. */
  readonly seen: Set<Message>
}

function compareMessages(before: Message, after: Message, path: string, on: Comparing): void {
  if (on.seen.has(after)) return
  on.seen.add(after)
  const earlier = new Map(before.fields.map((field) => [field.number, field]))
  const numbers = new Set(after.fields.map(({ number }) => number))
  // By name, those whose numbers nobody has any more.
  const left = new Map(
    before.fields.filter(({ number }) => !numbers.has(number)).map((field) => [field.name, field]),
  )
  for (const field of after.fields) {
    const same = earlier.get(field.number)
    if (same !== undefined) {
      compareFields(same, field, path, on)
      continue
    }
    const moved = left.get(field.name)
    left.delete(field.name)
    const name = `${path}${field.name}`
    if (moved === undefined) on.tell(`${name} is new`)
    else on.tell(`${name} had the number ${moved.number}, and has ${field.number}`)
  }
  for (const name of left.keys()) on.tell(`${path}${name} is gone`)
}

function compareFields(
  before: MessageField,
  after: MessageField,
  path: string,
  on: Comparing,
): void {
  const name = `${path}${after.name}`
  if (before.name !== after.name) on.tell(`${name} was named ${before.name}`)
  const [was, is] = [shown(before), shown(after)]
  if (was !== is) on.tell(`${name} was ${was}, and is ${is}`)
  const [from, to] = [before.type, after.type]
  if (typeof from === 'string' || typeof to === 'string') return
  if (from.kind === 'message' && to.kind === 'message') compareMessages(from, to, `${name}.`, on)
  if (from.kind === 'enum' && to.kind === 'enum') compareSymbols(from, to, name, on)
}

function compareSymbols(before: EnumType, after: EnumType, of: string, { tell }: Comparing): void {
  for (const [number, symbol] of after.symbols) {
    const was = before.symbols.get(number)
    if (was === undefined) tell(`the symbol ${symbol} of ${of} is new`)
    else if (was !== symbol) tell(`the symbol ${symbol} of ${of} was named ${was}`)
  }
  for (const [number, symbol] of before.symbols) {
    if (!after.symbols.has(number)) tell(`the symbol ${symbol} of ${of} is gone`)
  }
}

/** `optional string`, `int64 in the oneof value`. */
function shown(field: MessageField): string {
  const { presence, oneof } = field
  const isSaid = (presence === 'optional' && oneof === null) || presence === 'required'
  const word = isSaid ? `${presence} ` : ''
  return `${word}${fieldTypeText(field)}${oneof === null ? '' : ` in the oneof ${oneof}`}`
}
