/** Protobuf's messages as the data path has them: every type resolved. What only people or compilers read is left out. */

export type Scalar =
  | 'double'
  | 'float'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'sint32'
  | 'sint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed32'
  | 'sfixed64'
  | 'bool'
  | 'string'
  | 'bytes'

export interface EnumType {
  readonly kind: 'enum'
  /** `shop.Channel` */
  readonly name: string
  /** By number; of several names for one, the first. */
  readonly symbols: ReadonlyMap<number, string>
  /** Whether a number without a name counts as a field that is not known, as in proto2. */
  readonly isClosed: boolean
}

export interface Message {
  readonly kind: 'message'
  /** `shop.Order.Item` */
  readonly name: string
  /** Its package: `shop`. */
  readonly space: string
  /** In the order of the file. A field may be of the message's own type. Groups and extensions are left out. */
  readonly fields: readonly MessageField[]
  /** Numbers that may not be given to a field any more. */
  readonly reserved: readonly NumberRange[]
  readonly reservedNames: readonly string[]
}

/** Both are in it. */
export type NumberRange = readonly [first: number, last: number]

export type FieldType = Scalar | EnumType | Message

/**
 * What a field is where it is not in the bytes: a fault (required), null (optional, and whatever is in a oneof), its default
 * (implicit), nothing to begin with (repeated, map).
 */
export type Presence = 'required' | 'optional' | 'implicit' | 'repeated' | 'map'

export interface MessageField {
  readonly name: string
  readonly number: number
  /** Of a map: that of its values. */
  readonly type: FieldType
  readonly presence: Presence
  /** Whether its values are written in one run; both forms are read. */
  readonly isPacked: boolean
  /** Of a map. */
  readonly key: Scalar | null
  readonly oneof: string | null
  /** What the file says that stands for a value that is not there, as JSON has it; undefined: nothing. */
  readonly default: string | number | boolean | undefined
  /** What Confluent's options say of a `confluent.type.Decimal`. */
  readonly decimal: { readonly precision: number; readonly scale: number } | null
  /** Whether text has to be UTF-8. */
  readonly isChecked: boolean
}

/** The messages of one file, outermost first. */
export interface MessageFile {
  /** In the order of the file, with the messages that are inside of each. */
  readonly messages: readonly NestedMessage[]
}

export interface NestedMessage {
  readonly message: Message
  readonly nested: readonly NestedMessage[]
}

/** By the way through the file, as Confluent's frame has it: `[1, 0]` is the first message in the second. undefined: there is none. */
export function messageAt(file: MessageFile, way: readonly number[]): Message | undefined {
  let level = file.messages
  let found: Message | undefined
  for (const index of way) {
    found = level[index]?.message
    level = level[index]?.nested ?? []
  }
  return found
}

/** The message of a name, with or without its package; undefined: it is not in the file. */
export function messageNamed(file: MessageFile, type: string): Message | undefined {
  const all = (level: readonly NestedMessage[]): Message[] =>
    level.flatMap(({ message, nested }) => [message, ...all(nested)])
  const messages = all(file.messages)
  return (
    messages.find(({ name }) => name === type) ?? messages.find((one) => localName(one) === type)
  )
}

/** Without its package: `Order.Item`. */
export const localName = ({ name, space }: Message): string =>
  space === '' ? name : name.slice(space.length + 1)

/** `int64`, `shop.Order`, `map<string, int32>`, for messages. */
export function fieldTypeText({ type, key, presence }: MessageField): string {
  const text = typeName(type)
  if (key !== null) return `map<${key}, ${text}>`
  return presence === 'repeated' ? `repeated ${text}` : text
}

export const typeName = (type: FieldType): string => (typeof type === 'string' ? type : type.name)
