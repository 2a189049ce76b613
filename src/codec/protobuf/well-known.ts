/** Messages that stand for a value of another kind, by the table in docs/formats.md. */
import type { FieldType, Message, MessageField } from './message.ts'

/** What such a message is read as. */
export type WellKnown = 'timestamp' | 'date' | 'time' | 'decimal' | 'wrapper'

const KNOWN: Readonly<Record<string, WellKnown>> = {
  'google.protobuf.Timestamp': 'timestamp',
  'google.type.Date': 'date',
  'google.type.TimeOfDay': 'time',
  'google.protobuf.DoubleValue': 'wrapper',
  'google.protobuf.FloatValue': 'wrapper',
  'google.protobuf.Int64Value': 'wrapper',
  'google.protobuf.UInt64Value': 'wrapper',
  'google.protobuf.Int32Value': 'wrapper',
  'google.protobuf.UInt32Value': 'wrapper',
  'google.protobuf.BoolValue': 'wrapper',
  'google.protobuf.StringValue': 'wrapper',
  'google.protobuf.BytesValue': 'wrapper',
}

/** null: it is a message as any other, or none. */
export function wellKnown(
  type: FieldType,
  { decimal }: Pick<MessageField, 'decimal'>,
): WellKnown | null {
  if (typeof type === 'string' || type.kind === 'enum') return null
  // Without its scale each value may have another one.
  if (type.name === 'confluent.type.Decimal') return decimal === null ? null : 'decimal'
  return KNOWN[type.name] ?? null
}

/** The field of a wrapper. */
export const wrapped = ({ fields: [value] }: Message): MessageField => value

export const MICROS_PER_SECOND = 1_000_000
export const NANOS_PER_MICRO = 1000
export const NANOS_PER_SECOND = 1_000_000_000

const FILES: Readonly<Record<string, string>> = {
  'google.protobuf.Any': 'google/protobuf/any.proto',
  'google.protobuf.Duration': 'google/protobuf/duration.proto',
  'google.protobuf.Empty': 'google/protobuf/empty.proto',
  'google.protobuf.FieldMask': 'google/protobuf/field_mask.proto',
  'google.protobuf.NullValue': 'google/protobuf/struct.proto',
  'google.protobuf.ListValue': 'google/protobuf/struct.proto',
  'google.protobuf.Struct': 'google/protobuf/struct.proto',
  'google.protobuf.Value': 'google/protobuf/struct.proto',
  'google.protobuf.Timestamp': 'google/protobuf/timestamp.proto',
  'google.type.Date': 'google/type/date.proto',
  'google.type.LatLng': 'google/type/latlng.proto',
  'google.type.Money': 'google/type/money.proto',
  'google.type.TimeOfDay': 'google/type/timeofday.proto',
}
const WRAPPERS = 'google/protobuf/wrappers.proto'
const DECIMAL_FILES = ['confluent/meta.proto', 'confluent/type/decimal.proto']

/** The files that have a type which everybody has; nothing: it is somebody's own. */
export function filesOf(type: FieldType): readonly string[] {
  if (typeof type === 'string') return []
  if (type.name === 'confluent.type.Decimal') return DECIMAL_FILES
  if (KNOWN[type.name] === 'wrapper') return [WRAPPERS]
  const file = FILES[type.name]
  return file === undefined ? [] : [file]
}
