/** What a registry is asked for a schema by. */
import type { IdOption } from '../../config/pipeline.ts'
import type { Frame } from './framing.ts'

/** A number is Confluent's id, and Apicurio's content id, which the same API looks up. */
export type SchemaId =
  | number
  | `GUID ${string}`
  | `global id ${string}`
  /** Of AWS Glue, by its UUID. */
  | `version ${string}`
  | `Azure id ${string}`

/**
 * The id of the frame that was found last.
 * @param useId what Apicurio's serializers put into a prefix; null: the default of their releases, which is the content id in
 *   4 bytes (3.x), the global id in 8 (2.x)
 */
export function schemaIdOf(frame: Frame, buffer: Buffer, useId: IdOption | null): SchemaId {
  const { kind, idStart, idEnd } = frame
  if (kind === 'GUID') return `GUID ${uuidText(buffer, idEnd - 16)}`
  if (kind === 'Glue' || kind === 'Glue zlib') return `version ${uuidText(buffer, idStart)}`
  if (kind === 'Azure id') return `Azure id ${buffer.toString('latin1', idStart, idEnd)}`
  const id =
    kind === 'prefix' ? buffer.readInt32BE(idStart) : Number(buffer.readBigInt64BE(idStart))
  if (kind === 'content id') return id
  const usual = kind === 'prefix' ? 'contentId' : 'globalId'
  const isGlobal = kind === 'global id' || (useId ?? usual) === 'globalId'
  return isGlobal ? `global id ${id}` : id
}

/** With what it is, for messages: `id 7`. */
export const idText = (id: SchemaId): string => (typeof id === 'number' ? `id ${id}` : id)

/** RFC 9562. */
function uuidText(buffer: Buffer, start: number): string {
  const hex = buffer.toString('hex', start, start + 16)
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
