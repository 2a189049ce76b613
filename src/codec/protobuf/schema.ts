/** Where schemas come from: the registry, .proto files and descriptors. */
import { readFileSync } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import type { SchemaText } from '../registry/schema-text.ts'
import type { MessageFile } from './message.ts'

/** Of a registry's schema. Throws where it is none of Protobuf's. */
export async function readText({ type, text, imports }: SchemaText): Promise<MessageFile> {
  if (type !== 'PROTOBUF') throw new Error(`it is of the type ${type}, and no Protobuf`)
  const { parseSchema } = await import('./parse.ts')
  return parseSchema(text, (path) => imports.get(path))
}

/**
 * Of a file: .proto, whose imports lie beside it or in a folder above, or a FileDescriptorSet, as `protoc --descriptor_set_out
 * --include_imports` writes it. Throws where it is neither.
 */
export async function readFile(file: string): Promise<MessageFile> {
  const { parseDescriptorSet, parseSchema } = await import('./parse.ts')
  if (extname(file) !== '.proto') return parseDescriptorSet(readFileSync(file))
  return parseSchema(readFileSync(file, 'utf8'), (path) => imported(dirname(file), path))
}

/** Imports are relative to the folder that the compiler is given, which holds the file's package. */
function imported(folder: string, path: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    try {
      return readFileSync(resolve(at, path), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    if (dirname(at) === at) return undefined
  }
}
