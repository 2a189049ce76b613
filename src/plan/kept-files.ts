/** Where the numbers of fields are kept of outputs in Protobuf: a file, or the subject of the output's topic. */
import { existsSync } from 'node:fs'
import { KeptFile } from '../codec/protobuf/kept-numbers.ts'
import type { MessageFile } from '../codec/protobuf/message.ts'
import { readFile, readText } from '../codec/protobuf/schema.ts'
import type { Registry } from '../codec/registry/registry.ts'
import { latestText } from '../codec/registry/schema-text.ts'
import type { OutputConfig, Pipeline } from '../config/pipeline.ts'
import { placeOf } from '../config/places.ts'
import { EnricherError, messageOf } from '../errors.ts'

/** By output, in the file's order; undefined: it is none in Protobuf. */
export type KeptFiles = readonly (KeptFile | undefined)[]

/** Throws SCHEMA_INVALID where what is there cannot be read. */
export const keptFiles = (pipeline: Pipeline, registry: Registry | null): Promise<KeptFiles> =>
  Promise.all(
    pipeline.outputs.map(async (output) => {
      if (output.format !== 'protobuf') return undefined
      const [what, read] = placeKept(output, registry)
      try {
        return new KeptFile(await read())
      } catch (cause) {
        if (cause instanceof EnricherError) throw cause
        const message = `${placeOf(pipeline, output.path)}: ${what}, which keeps the numbers of the output's fields, cannot be used: ${messageOf(cause)}`
        throw new EnricherError('SCHEMA_INVALID', message, { cause })
      }
    }),
  )

/** @returns what it is, and how it is read; undefined: there is none yet */
function placeKept(
  { topic, schema }: OutputConfig,
  registry: Registry | null,
): [what: string, read: () => Promise<MessageFile | undefined>] {
  if (schema !== null) {
    const read = async () => (existsSync(schema) ? readFile(schema) : undefined)
    return [`the file ${schema}`, read]
  }
  const subject = registry?.subjectOf(topic) ?? ''
  const read = async () => {
    const found = registry === null ? undefined : await latestText(registry, subject)
    return found && readText(found)
  }
  return [`the latest schema of ${subject} in the registry`, read]
}

/** Throws SCHEMA_INVALID where a file that keeps the numbers of fields lacks some: nobody would keep them. */
export function refuseInvented(
  pipeline: Pipeline,
  outputs: readonly { readonly invented: readonly string[] }[],
): void {
  for (const [o, output] of pipeline.outputs.entries()) {
    const { invented } = outputs[o]
    if (output.schema === null || invented.length === 0) continue
    const lacking = `${invented.slice(0, MOST_NAMED).join(', ')}${invented.length > MOST_NAMED ? ', …' : ''}`
    const message = `${placeOf(pipeline, [...output.path, 'schema'])}: ${output.schema} has no number for ${lacking}; run \`stream-enricher output-schema --write\`, and keep the file with the pipeline's`
    throw new EnricherError('SCHEMA_INVALID', message, { fields: { file: output.schema } })
  }
}

const MOST_NAMED = 5
