/** Debezium's change events in Avro, by another library. */
import avsc, { type Schema, type Type } from 'avsc'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'

type Row = Readonly<Record<string, unknown>>

export interface ChangeEvent {
  readonly op: string
  readonly before: Row | null
  readonly after: Row | null
  /** When the database made the change, in ms since 1970. */
  readonly sourceMs: number
}

/** As Avro converters have it: the row's type is defined in `before`, and named in `after`. */
export const envelopeSchema = (fields: readonly object[], more: readonly object[] = []) =>
  ({
    type: 'record',
    name: 'Envelope',
    namespace: 'shop.public.customers',
    fields: [
      {
        name: 'before',
        type: ['null', { type: 'record', name: 'Value', fields }],
        default: null,
      },
      { name: 'after', type: ['null', 'Value'], default: null },
      {
        name: 'source',
        type: {
          type: 'record',
          name: 'Source',
          namespace: 'io.debezium.connector.postgresql',
          fields: [
            { name: 'version', type: 'string' },
            { name: 'ts_ms', type: 'long' },
            { name: 'snapshot', type: ['null', 'string'], default: null },
            { name: 'ts_us', type: ['null', 'long'], default: null },
          ],
        },
      },
      { name: 'op', type: 'string' },
      { name: 'ts_ms', type: ['null', 'long'], default: null },
      ...more,
    ],
  }) as unknown as AvroRecordSchema

export const typeOf = (schema: AvroRecordSchema): Type =>
  avsc.Type.forSchema(schema as unknown as Schema)

/** Framed, with a schema id. */
export function written(type: Type, { op, before, after, sourceMs }: ChangeEvent, id = 1): Buffer {
  const source = { version: '3.2.0', ts_ms: sourceMs, snapshot: null, ts_us: sourceMs * 1000 }
  const frame = Buffer.alloc(5)
  frame.writeInt32BE(id, 1)
  return Buffer.concat([frame, type.toBuffer({ op, before, after, source, ts_ms: sourceMs + 5 })])
}
