import { type Bytes, bytesOf, NO_BYTES } from '../../bytes.ts'
import { FRAME_BYTES, GLUE } from './framing.ts'
import { AZURE_HEADER } from './id-headers.ts'
import type { SchemaId } from './schema-id.ts'

/** How a value names its schema. */
export interface SchemaFrame {
  /** What it begins with. */
  readonly prefix: Bytes
  /** A raw header section, which says it; empty: none does. */
  readonly header: Bytes
}

/** What values of a registered schema have, as the serializers of its registry write it. */
export function schemaFrame(id: SchemaId): SchemaFrame {
  const [, kind, name] = /^(version|Azure id) (.*)$/.exec(String(id)) ?? []
  if (kind === 'version') {
    const prefix = Buffer.concat([Buffer.of(GLUE, 0), Buffer.from(name.replaceAll('-', ''), 'hex')])
    return { prefix: bytesOf(prefix), header: NO_BYTES }
  }
  if (kind === 'Azure id') return { prefix: NO_BYTES, header: headerOf(AZURE_HEADER.begins + name) }
  const prefix = bytesOf(Buffer.alloc(FRAME_BYTES))
  prefix.writeUInt32BE(Number(id), 1)
  return { prefix, header: NO_BYTES }
}

/** One header, each length of which fits into a byte as a zigzag varint. */
function headerOf(text: string): Bytes {
  const [name, value] = [Buffer.from(AZURE_HEADER.name), Buffer.from(text)]
  const parts = [Buffer.of(2 * 1, 2 * name.length), name, Buffer.of(2 * value.length), value]
  return bytesOf(Buffer.concat(parts))
}
