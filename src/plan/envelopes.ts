/** Rows in envelopes: planning sees the schema of the row, and what else is read of a value stands beside it. */
import { fieldKind } from '../codec/avro/field.ts'
import { plain } from '../codec/avro/field-path.ts'
import { parseRecord } from '../codec/avro/parse.ts'
import type { AvroRecordSchema, EnvelopePlan } from '../codec/avro/reader.ts'
import { timeReading } from '../codec/avro/time.ts'
import {
  ENVELOPES,
  envelopedSchema,
  envelopePaths,
  recordAt,
  rowSchema,
} from '../codec/envelope/schema.ts'
import type { Pipeline, TopicConfig } from '../config/pipeline.ts'
import { placeOf } from '../config/places.ts'
import { inputsOf } from '../config/topic-names.ts'
import { EnricherError, messageOf } from '../errors.ts'

type Schema = AvroRecordSchema['fields'][number]['type']

/** By the ends of their names, for their types do not say it. */
const UNITS = [
  ['_ms', 'timestamp-millis'],
  ['_us', 'timestamp-micros'],
  ['_ns', 'timestamp-nanos'],
] as const

/** The rows' schemas, by `inputsOf`. Throws SCHEMA_INVALID, with its place, where values are no such envelopes. */
export const rowSchemas = (
  pipeline: Pipeline,
  schemas: readonly AvroRecordSchema[],
): AvroRecordSchema[] =>
  inputsOf(pipeline).map(({ path, config: { envelope, topic } }, i) => {
    if (envelope === null) return schemas[i]
    try {
      return rowSchema(envelopedSchema(schemas[i], envelope), envelope)
    } catch (cause) {
      const message = `${placeOf(pipeline, [...path, 'envelope'])}: ${topic}: ${messageOf(cause)}`
      throw new EnricherError('SCHEMA_INVALID', message, { cause, fields: { topic } })
    }
  })

/** The schema as times see it: behind the row's fields those of its envelope that may be one, `source.ts_ms`. */
export function timedSchema(row: AvroRecordSchema): AvroRecordSchema {
  const source = row.envelope === undefined ? undefined : sourceOf(row)
  if (source === undefined) return row
  const times = source.record.fields.flatMap(({ name, type }) => {
    const schema = timeType(name, plain(type))
    return schema === undefined ? [] : [{ name: `${source.name}.${name}`, type: schema }]
  })
  return { ...row, fields: [...row.fields, ...times] }
}

function sourceOf({ envelope }: AvroRecordSchema) {
  const { kind, schema } = envelope!
  const value = parseRecord(schema)
  const { prefix } = envelopePaths(value, kind)
  const name = ENVELOPES[kind].source
  const record = recordAt(value, `${prefix}${name}`)
  return record && { record, prefix, name }
}

/** undefined: it cannot be a time. */
function timeType(name: string, schema: Schema): Schema | undefined {
  try {
    fieldKind(name, schema)
  } catch {
    return undefined
  }
  const [, logicalType] = UNITS.find(([end]) => name.endsWith(end)) ?? []
  const withUnit = (type: Schema): Schema =>
    type === 'long' && logicalType !== undefined ? ({ type, logicalType } as Schema) : type
  return (Array.isArray(schema) ? schema.map(withUnit) : withUnit(schema)) as Schema
}

type TimeOf = Pick<TopicConfig, 'time' | 'timeUnit'>

/** Whether the time is one of the envelope's. */
export const isOfEnvelope = (row: AvroRecordSchema, time: string | null): boolean =>
  row.envelope !== undefined && time?.startsWith(`${ENVELOPES[row.envelope.kind].source}.`) === true

/** What is read of the envelope; undefined: values are rows. @param isKeyed whether the key is in the row */
export function envelopePlan(
  row: AvroRecordSchema,
  { time, timeUnit }: TimeOf,
  isKeyed: boolean,
): EnvelopePlan | undefined {
  if (row.envelope === undefined) return undefined
  const { kind } = row.envelope
  const type = timedSchema(row).fields.find(({ name }) => name === time)?.type
  if (!isOfEnvelope(row, time) || type === undefined) return { kind, time: null, isKeyed }
  const reading = timeUnit ?? timeReading(time!, type)
  const path = `${sourceOf(row)!.prefix}${time}`
  return { kind, time: { path, unit: reading === 'text' ? null : reading }, isKeyed }
}
