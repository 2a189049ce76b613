/** What JSON Schema's `default` says of a property that is not there, as Avro's schemas have defaults. */
import { bytesOf } from '../../bytes.ts'
import { AvroDecoder, type JsonForm } from '../avro/decode.ts'
import { encodeDefault } from '../avro/default.ts'
import { parseRecord } from '../avro/parse.ts'
import type { AvroRecordSchema } from '../avro/reader.ts'
import type { AvroType, RecordType } from '../avro/schema.ts'
import { ExactInteger, parseSchemaText, schemaText } from '../avro/schema-json.ts'
import { AvroSource } from '../avro/walk.ts'
import { compileRead } from './decode.ts'
import type { Type } from './schema-types.ts'
import { JsonTransfer } from './transfer.ts'
import { toValue } from './walk.ts'

/** A field of a record's schema, which gets its default. */
export interface JsonField {
  readonly type: Type
  default?: unknown
}

/**
 * Gives fields their defaults. One that is no value of its type is left out, as JSON Schema allows any.
 * @param given by field, as the JSON Schema has them
 */
export function addDefaults(
  record: AvroRecordSchema,
  given: ReadonlyMap<JsonField, unknown>,
): void {
  if (given.size > 0) addTo(record as unknown as Type, parseRecord(record), given)
}

/** Inner fields first: a default of an object has those of the members that it does not have. */
function addTo(type: Type, parsed: AvroType, given: ReadonlyMap<JsonField, unknown>): void {
  if (typeof type === 'string') return
  if (Array.isArray(type)) {
    const { branches } = parsed as AvroType & { kind: 'union' }
    for (const [i, branch] of type.entries()) addTo(branch, branches[i], given)
    return
  }
  const { fields, items, values } = type as Readonly<Record<string, unknown>>
  if (parsed.kind === 'array') addTo(items as Type, parsed.items, given)
  if (parsed.kind === 'map') addTo(values as Type, parsed.values, given)
  if (parsed.kind === 'record') addToFields(fields as JsonField[], parsed, given)
}

function addToFields(
  fields: readonly JsonField[],
  parsed: RecordType,
  given: ReadonlyMap<JsonField, unknown>,
): void {
  for (const [i, field] of fields.entries()) {
    const known = parsed.fields[i]
    addTo(field.type, known.type, given)
    const value = given.has(field) ? avroDefault(known.type, given.get(field)) : undefined
    if (value === undefined) continue
    field.default = value
    Object.assign(known, { default: value })
  }
}

/** Avro's defaults have bytes as text with a character for each, and a union's value as it is. */
const AS_DEFAULT: JsonForm = {
  bytes: (bytes) => bytes.toString('latin1'),
  integer: (value) => (typeof value === 'bigint' ? new ExactInteger(value) : value),
  namesBranch: () => false,
}

/** The value as the pipeline would read it of a member, in the form of Avro's defaults; undefined: there is none that says the same. */
function avroDefault(type: AvroType, value: unknown): unknown {
  const text = bytesOf(Buffer.from(schemaText(value)))
  const transfer = new JsonTransfer()
  transfer.begin(text, 0, text.length)
  if (!toValue(transfer) || !compileRead(type)(transfer)) return undefined
  const { sink } = transfer
  const source = new AvroSource()
  source.open(sink.buffer, sink.start, sink.at)
  const given = parseSchemaText(schemaText(new AvroDecoder(type, AS_DEFAULT).decode(source)))
  const bytes = encodeDefault(type, given)
  return bytes?.equals(sink.buffer.subarray(sink.start, sink.at)) ? given : undefined
}
