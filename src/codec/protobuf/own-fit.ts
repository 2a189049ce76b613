/** Whether what an output's file has of a field can go on as the type that the field has where it comes from. */
import type { EnumType, FieldType, Message, MessageField } from './message.ts'
import { filesOf } from './well-known.ts'

/** Pairs of messages that are looked at by then, which may be inside of themselves. */
type Seen = Map<Message, Message>

export const fitsField = (kept: MessageField, own: MessageField, seen: Seen = new Map()): boolean =>
  kept.key === own.key &&
  (kept.presence === 'repeated') === (own.presence === 'repeated') &&
  fitsType(kept.type, own.type, seen)

function fitsType(kept: FieldType, own: FieldType, seen: Seen): boolean {
  if (typeof own === 'string' || typeof kept === 'string') return kept === own
  if (filesOf(own).length > 0 || filesOf(kept).length > 0) return kept.name === own.name
  if (own.kind === 'enum') return kept.kind === 'enum' && fitsEnum(kept, own)
  return kept.kind === 'message' && fitsMessage(kept, own, seen)
}

/** Each number is the same field in both, or of none in the one; a field may have got another name. */
export function fitsMessage(kept: Message, own: Message, seen: Seen = new Map()): boolean {
  if (seen.get(kept) === own) return true
  seen.set(kept, own)
  return own.fields.every((field) => {
    const same = kept.fields.find(({ number }) => number === field.number)
    const named = kept.fields.find(({ name }) => name === field.name)
    if (same === undefined) return named === undefined && !isReserved(kept, field.number)
    const isRenamed = named === undefined && own.fields.every(({ name }) => name !== same.name)
    // To move a field into a oneof, or out of it, makes readers see something else.
    const isIn = (same.oneof === null) === (field.oneof === null)
    return (same === named || isRenamed) && isIn && fitsField(same, field, seen)
  })
}

const isReserved = ({ reserved }: Message, number: number): boolean =>
  reserved.some(([first, last]) => number >= first && number <= last)

/** A symbol may have its enum's name before it. */
export const fitsEnum = (kept: EnumType, own: EnumType): boolean =>
  [...own.symbols].every(([number, symbol]) => {
    const at = [...kept.symbols].find(([, name]) => isSymbol(name, symbol))
    const name = kept.symbols.get(number)
    return name === undefined ? at === undefined : isSymbol(name, symbol)
  })

const isSymbol = (name: string, symbol: string): boolean =>
  name === symbol || name.endsWith(`_${symbol}`)
