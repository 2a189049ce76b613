/** What protobufjs has decoded, as our view of the message has it, in the JSON of test fixtures: by docs/formats.md, naively. */
import protobuf from 'protobufjs'

export function modelOf(
  type: protobuf.Type,
  message: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(type.fieldsArray.map((field) => [field.name, fieldOf(field, message)]))
}

function fieldOf(field: protobuf.Field, message: Readonly<Record<string, unknown>>): unknown {
  const { name, type, resolvedType } = field
  const isThere = Object.hasOwn(message, name) && message[name] !== null
  if (field instanceof protobuf.MapField) {
    const entries = Object.entries((isThere ? message[name] : {}) as Record<string, unknown>)
    return Object.fromEntries(
      entries.map(([key, value]) => [key, valueOfField(type, resolvedType, value)]),
    )
  }
  if (field.repeated) {
    return ((isThere ? message[name] : []) as unknown[]).map((one) =>
      valueOfField(type, resolvedType, one),
    )
  }
  const isNullable = field.hasPresence || resolvedType instanceof protobuf.Type
  if (!isThere) return isNullable ? null : valueOfField(type, resolvedType, field.typeDefault)
  return valueOfField(type, resolvedType, message[name])
}

function valueOfField(type: string, resolved: unknown, value: unknown): unknown {
  if (resolved instanceof protobuf.Enum) {
    return resolved.valuesById[value as number] ?? String(value)
  }
  if (resolved instanceof protobuf.Type)
    return ofMessage(resolved, value as Record<string, unknown>)
  switch (type) {
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('latin1')
    case 'float':
      return Math.fround(value as number)
    case 'uint64':
    case 'fixed64':
      return decimal(BigInt(String(value)))
    case 'int64':
    case 'sint64':
    case 'sfixed64': {
      const number = Number(String(value))
      return Number.isSafeInteger(number) ? number : String(value)
    }
    default:
      return value
  }
}

function ofMessage(type: protobuf.Type, value: Record<string, unknown>): unknown {
  switch (type.name) {
    case 'Timestamp':
      return timeText(BigInt(String(value.seconds ?? 0)), Number(value.nanos ?? 0))
    case 'Int64Value':
    case 'StringValue':
      return fieldOf({ ...type.fields.value } as protobuf.Field, {
        value: value.value ?? type.fields.value.typeDefault,
      })
    default:
      return modelOf(type, value)
  }
}

function timeText(seconds: bigint, nanos: number): string {
  const micros = Math.floor(nanos / 1000)
  const text = new Date(Number(seconds) * 1000 + Math.floor(micros / 1000)).toISOString()
  return micros % 1000 === 0
    ? text
    : text.replace('Z', `${String(micros % 1000).padStart(3, '0')}Z`)
}

/** The bytes of an unsigned number, a character for each. */
function decimal(value: bigint): string {
  let hex = value.toString(16)
  if (hex.length % 2 === 1) hex = `0${hex}`
  if (Number.parseInt(hex.slice(0, 2), 16) > 127) hex = `00${hex}`
  return Buffer.from(hex, 'hex').toString('latin1')
}
