/** What a message is as an Avro record, in which all is planned: by the table in docs/formats.md. */
import type { Schema } from 'avsc'
import { parseRecord } from '../avro/parse.ts'
import type { AvroRecordSchema } from '../avro/reader.ts'
import { type Field, unqualified } from '../avro/schema.ts'
import { ExactInteger } from '../avro/schema-json.ts'
import type { EnumType, FieldType, Message, MessageField, MessageFile, Scalar } from './message.ts'
import type { OwnField } from './own-types.ts'
import { wellKnown, wrapped } from './well-known.ts'

/** The bytes of the fields; or why they cannot be written: the field's path, a space, and how the sentence goes on. */
const COPIED_TYPE = ['bytes', 'string'] as const

/** Where a schema has the message that it was made of. No text of the schema has it. */
const ORIGIN = Symbol('origin')

export interface Origin {
  readonly message: Message
  readonly file: MessageFile
  /** Fields that are written in the output's form, in one value behind those of the message. */
  readonly copied?: readonly Copied[]
}

export interface Copied {
  /** As the message's record has it. */
  readonly field: Field
  readonly own: OwnField
}

/** The name of that value, which no field of a message has. */
export const COPIED = '='

interface MessageView extends AvroRecordSchema {
  readonly [ORIGIN]: Origin
}

export function viewOf({ message, file }: Origin): AvroRecordSchema {
  const { name, fields } = recordOf(message, new Set())
  const { space } = message
  const view: MessageView = {
    type: 'record',
    name: unqualified(name),
    ...(space === '' ? {} : { namespace: space }),
    fields,
    [ORIGIN]: { message, file },
  }
  return view
}

/** The view with a value behind its fields, of some of them in the output's form. @param fields by their names */
export function viewWithCopied(
  view: AvroRecordSchema,
  fields: readonly { readonly name: string; readonly own: OwnField }[],
): AvroRecordSchema {
  const origin = originOf(view)
  const all = parseRecord(view).fields
  const copied = fields.map(({ name, own }) => {
    return { own, field: all.find((field) => field.name === name)! }
  })
  const made: MessageView = {
    ...view,
    // Messages of its own type that are inside of it do not have the value.
    name: `${view.name}${COPIED}`,
    fields: [...fieldsOf(origin.message, new Set()), { name: COPIED, type: [...COPIED_TYPE] }],
    [ORIGIN]: { ...origin, copied },
  }
  return made
}

/** What `viewOf` has made the schema of. */
export const originOf = (schema: AvroRecordSchema): Origin => (schema as MessageView)[ORIGIN]

/** `shop.Order_Item`: a namespace `shop.Order` would be a package of the name of a class in Java. */
function recordName({ name, space }: Message): string {
  if (space === '') return name.replaceAll('.', '_')
  return `${space}.${name.slice(space.length + 1).replaceAll('.', '_')}`
}

/** @param defined names that are known by then */
function recordOf(message: Message, defined: Set<string>): AvroRecordSchema {
  const name = recordName(message)
  defined.add(name)
  return { type: 'record', name, fields: fieldsOf(message, defined) }
}

const fieldsOf = (message: Message, defined: Set<string>): AvroRecordSchema['fields'] =>
  message.fields.map((field) => {
    const type = fieldSchema(field, defined)
    const value = defaultOf(field)
    return {
      name: field.name,
      type: type as Schema,
      ...(value === undefined ? {} : { default: value }),
    }
  })

function fieldSchema(field: MessageField, defined: Set<string>): unknown {
  const type = typeSchema(field.type, field, defined)
  switch (field.presence) {
    case 'map':
      return { type: 'map', values: type }
    case 'repeated':
      return { type: 'array', items: type }
    case 'optional':
      return isNullable(field) ? ['null', type] : type
    default:
      return type
  }
}

/** Whether a field that is not there is null; else it is its default. */
export const isNullable = ({ presence, default: value, oneof }: MessageField): boolean =>
  presence === 'optional' && (value === undefined || oneof !== null)

function typeSchema(type: FieldType, field: MessageField, defined: Set<string>): unknown {
  if (typeof type === 'string') return SCALARS[type]
  if (type.kind === 'enum') return 'string'
  switch (wellKnown(type, field)) {
    case 'timestamp':
      return { type: 'long', logicalType: 'timestamp-micros' }
    case 'date':
      return { type: 'int', logicalType: 'date' }
    case 'time':
      return { type: 'long', logicalType: 'time-micros' }
    case 'decimal':
      return { type: 'bytes', logicalType: 'decimal', ...field.decimal }
    case 'wrapper':
      return typeSchema(wrapped(type).type, wrapped(type), defined)
    case null:
      return defined.has(recordName(type)) ? recordName(type) : recordOf(type, defined)
  }
}

const SCALARS: Readonly<Record<Scalar, unknown>> = {
  double: 'double',
  float: 'float',
  int32: 'int',
  sint32: 'int',
  sfixed32: 'int',
  uint32: 'long',
  fixed32: 'long',
  int64: 'long',
  sint64: 'long',
  sfixed64: 'long',
  uint64: { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 0 },
  fixed64: { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 0 },
  bool: 'boolean',
  string: 'string',
  bytes: 'bytes',
}

/** In Avro's JSON; undefined: a value has to be there. */
function defaultOf(field: MessageField): unknown {
  const { type, presence, default: given } = field
  if (presence === 'required') return undefined
  if (presence === 'map') return {}
  if (presence === 'repeated') return []
  if (isNullable(field)) return null
  if (typeof type !== 'string') return symbolOf(type as EnumType, given)
  if (type === 'string' || type === 'bytes') return given ?? ''
  if (type === 'bool') return given ?? false
  if (type === 'uint64' || type === 'fixed64') return decimalBytes(BigInt(given ?? 0))
  if (type === 'double' || type === 'float')
    return Number.isFinite(given ?? 0) ? (given ?? 0) : String(given)
  const whole = BigInt(given ?? 0)
  const isExact = Number.isSafeInteger(Number(whole))
  return isExact ? Number(whole) : new ExactInteger(whole)
}

/** In Avro's JSON, of a field that is never null, and no message. */
export const implicitDefault = (field: MessageField): unknown =>
  defaultOf({ ...field, presence: 'implicit' })

/** Of a closed enum the first symbol, and of an open one that of 0, which is the same. */
const symbolOf = ({ symbols }: EnumType, given: MessageField['default']): string =>
  (given === undefined ? undefined : symbols.get(Number(given))) ?? [...symbols.values()][0] ?? '0'

/** Big-endian, in two's complement, a character per byte. */
function decimalBytes(value: bigint): string {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return (bytes[0] > 127 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes).toString('latin1')
}
