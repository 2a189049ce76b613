/** What values of outputs begin with, and the registry has of them. */
import { type Bytes, bytesOf, NO_BYTES } from '../bytes.ts'
import type { SchemaType } from '../codec/registry/registry.ts'
import type { OutputConfig, OutputFormat } from '../config/pipeline.ts'
import { outputFrame } from './pipeline-codec.ts'

/** Behind the id: the file's first message, as Confluent's serializers have it. */
const FIRST_MESSAGE = Buffer.of(0)

/** Of an output whose schema is registered. */
export const schemaTypeOf = (format: OutputFormat): SchemaType =>
  format === 'protobuf' ? 'PROTOBUF' : 'AVRO'

type Framed = Pick<OutputConfig, 'format' | 'frame'>

/** @param schemaId of what is registered, or said to be */
export function frameOf({ format, frame }: Framed, schemaId: number): Bytes {
  if (format === 'json' || frame !== null) return NO_BYTES
  const named = outputFrame(schemaId)
  return format === 'avro' ? named : bytesOf(Buffer.concat([named, FIRST_MESSAGE]))
}
