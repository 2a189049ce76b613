/** What values of outputs begin with, and the registry has of them. */
import { bytesOf, NO_BYTES } from '../bytes.ts'
import { type SchemaFrame, schemaFrame } from '../codec/frame/schema-frame.ts'
import type { SchemaId } from '../codec/frame/schema-id.ts'
import type { SchemaType } from '../codec/registry/api.ts'
import type { OutputConfig, OutputFormat } from '../config/pipeline.ts'

/** Behind the id: the file's first message, as Confluent's serializers have it. */
const FIRST_MESSAGE = Buffer.of(0)

/** Of an output whose schema is registered. */
export const schemaTypeOf = (format: OutputFormat): SchemaType =>
  format === 'protobuf' ? 'PROTOBUF' : 'AVRO'

type Framed = Pick<OutputConfig, 'format' | 'frame'>

/** @param schemaId of what is registered, or said to be */
export function frameOf({ format, frame }: Framed, schemaId: SchemaId): SchemaFrame {
  if (format === 'json' || frame !== null) return { prefix: NO_BYTES, header: NO_BYTES }
  const named = schemaFrame(schemaId)
  if (format === 'avro') return named
  return { ...named, prefix: bytesOf(Buffer.concat([named.prefix, FIRST_MESSAGE])) }
}
