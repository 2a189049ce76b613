/**
 * What there is around an item of a DynamoDB table: the fields that are read of it, as an Avro schema. Items are in it as they
 * were and as they are.
 */
import type { EnvelopeKind } from '../../config/pipeline.ts'
import type { AvroRecordSchema } from '../avro/reader.ts'
import { unqualified } from '../avro/record-type.ts'
import { fullName, innerNamespace } from '../avro/schema-references.ts'

type Type = AvroRecordSchema['fields'][number]['type']

/** Envelopes whose rows are items: attributes with the tags of their types. */
export const ITEMS: ReadonlySet<EnvelopeKind> = new Set<EnvelopeKind>(['dynamodb', 'dynamodb-cdc'])

const optional = (name: string, type: unknown) => ({
  name,
  type: ['null', type] as Type,
  default: null,
})

/** @param item the schema of the table's items */
export function aroundItem(item: AvroRecordSchema, kind: EnvelopeKind): AvroRecordSchema {
  const namespace = innerNamespace(item, '')
  const of = (what: string) => fullName(`${unqualified(item.name)}${what}`, namespace)
  const record = (name: string, fields: AvroRecordSchema['fields']): AvroRecordSchema => ({
    ...{ type: 'record', name },
    fields,
  })
  // Of two uses of a type the first one defines it.
  const whole = { ...item, name: of('') }
  return kind === 'dynamodb' ? streamRecord(whole, of, record) : changeEvent(whole, of, record)
}

type Naming = (what: string) => string
type MakeRecord = (name: string, fields: AvroRecordSchema['fields']) => AvroRecordSchema

/**
 * As DynamoDB Streams has it, and Kinesis Data Streams and Lambda hand it on:
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
 */
const streamRecord = (item: AvroRecordSchema, of: Naming, record: MakeRecord): AvroRecordSchema =>
  record(of('StreamRecord'), [
    { name: 'eventName', type: 'string' },
    {
      name: 'dynamodb',
      type: record(of('StreamChange'), [
        optional('ApproximateCreationDateTime', 'long'),
        optional('NewImage', item),
        optional('OldImage', item.name),
      ]) as Type,
    },
  ])

/**
 * As Confluent's DynamoDB CDC source connector has it, with the item as a text of JSON:
 * https://docs.confluent.io/cloud/current/connectors/cc-amazon-dynamodb-cdc-source.html
 */
const changeEvent = (item: AvroRecordSchema, of: Naming, record: MakeRecord): AvroRecordSchema =>
  record(of('ChangeEvent'), [
    { name: 'op', type: 'string' },
    {
      name: 'source',
      type: record(of('Source'), [
        { name: 'ts_ms', type: 'long' },
        optional('ts_us', 'long'),
        optional('ts_ns', 'long'),
      ]) as Type,
    },
    optional('before', record(of('Image'), [optional('document', item)])),
    optional('after', of('Image')),
  ])
