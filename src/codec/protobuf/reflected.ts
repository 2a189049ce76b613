/** What protobufjs has parsed, as our own messages. */
import protobuf from 'protobufjs'
import type {
  EnumType,
  FieldType,
  Message,
  MessageField,
  NumberRange,
  Presence,
  Scalar,
} from './message.ts'

/** Makes each message and enum once. */
export class Messages {
  readonly #messages = new Map<protobuf.Type, Message>()
  readonly #enums = new Map<protobuf.Enum, EnumType>()

  of(type: protobuf.Type): Message {
    const known = this.#messages.get(type)
    if (known !== undefined) return known
    const fields: MessageField[] = []
    const reserved = type.reserved ?? []
    const message: Message = {
      kind: 'message',
      name: nameOf(type),
      space: spaceOf(type),
      fields,
      reserved: reserved.filter((one): one is NumberRange & number[] => typeof one !== 'string'),
      reservedNames: reserved.filter((one) => typeof one === 'string'),
    }
    // Known before its fields are, which may be of its type.
    this.#messages.set(type, message)
    for (const field of type.fieldsArray) {
      if (!isGroup(field) && !isExtension(field)) fields.push(this.#field(field))
    }
    return message
  }

  #field(field: protobuf.Field): MessageField {
    const { name, id } = field
    const { partOf } = field
    const isInOneof = partOf !== null && !partOf.isProto3Optional
    return {
      name,
      number: id,
      type: this.#type(field),
      presence: presenceOf(field),
      isPacked: field.repeated && field.packed,
      key: field instanceof protobuf.MapField ? (field.keyType as Scalar) : null,
      oneof: isInOneof ? partOf.name : null,
      default: defaultOf(field),
      decimal: decimalOf(field),
      isChecked: featuresOf(field).utf8_validation !== 'NONE',
    }
  }

  #type({ type, resolvedType }: protobuf.Field): FieldType {
    if (resolvedType instanceof protobuf.Type) return this.of(resolvedType)
    if (resolvedType instanceof protobuf.Enum) return this.#enum(resolvedType)
    return type as Scalar
  }

  #enum(type: protobuf.Enum): EnumType {
    const known = this.#enums.get(type)
    if (known !== undefined) return known
    const symbols = new Map<number, string>()
    for (const [symbol, number] of Object.entries(type.values)) {
      if (!symbols.has(number)) symbols.set(number, symbol)
    }
    const isClosed = featuresOf(type).enum_type === 'CLOSED'
    const made: EnumType = { kind: 'enum', name: nameOf(type), symbols, isClosed }
    this.#enums.set(type, made)
    return made
  }
}

const nameOf = ({ fullName }: protobuf.ReflectionObject): string => fullName.replace(/^\./, '')

function spaceOf(type: protobuf.Type): string {
  let outer: protobuf.NamespaceBase | null = type
  while (outer instanceof protobuf.Type) outer = outer.parent
  return outer === null ? '' : nameOf(outer)
}

/** What the edition, or the syntax, says of it. protobufjs' types do not have it. */
const featuresOf = (object: protobuf.ReflectionObject): Readonly<Record<string, string>> =>
  (object as unknown as { _features: Record<string, string> })._features

const isGroup = (field: protobuf.Field): boolean =>
  (field as protobuf.Field & { readonly delimited: boolean }).delimited

/** An extension of the message, which protobufjs has among its fields. */
const isExtension = ({ declaringField }: protobuf.Field): boolean => declaringField !== null

function presenceOf(field: protobuf.Field): Presence {
  if (field instanceof protobuf.MapField) return 'map'
  if (field.repeated) return 'repeated'
  if (field.required) return 'required'
  // protobufjs says of proto3's messages that they have none.
  return field.hasPresence || field.resolvedType instanceof protobuf.Type ? 'optional' : 'implicit'
}

function defaultOf(field: protobuf.Field): MessageField['default'] {
  if (field.options?.default === undefined) return undefined
  const value: unknown = field.defaultValue
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) {
    return Buffer.from(value).toString('latin1')
  }
  // A Long, of 64 bits.
  return typeof value === 'object' ? String(value) : (value as string | number | boolean)
}

/** Confluent's `[(confluent.field_meta).params = …]`, which has texts. */
function decimalOf(field: protobuf.Field): MessageField['decimal'] {
  if (field.type.replace(/^\./, '') !== 'confluent.type.Decimal') return null
  const options: readonly Readonly<Record<string, unknown>>[] = field.parsedOptions ?? []
  const metas = options.map((option) => option['(confluent.field_meta)'])
  const params = new Map<string, string>()
  for (const meta of metas as ({ params?: unknown } | undefined)[]) {
    for (const { key, value } of [meta?.params ?? []].flat() as { key: string; value: string }[]) {
      params.set(key, value)
    }
  }
  const [precision, scale] = [Number(params.get('precision')), Number(params.get('scale') ?? 0)]
  const isWhole = Number.isSafeInteger(precision) && Number.isSafeInteger(scale)
  return isWhole && precision > 0 && scale >= 0 && scale <= precision ? { precision, scale } : null
}
