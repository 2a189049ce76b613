import type { PipelineCodec } from '../codec/port.ts'
import { type Comparison, Registry } from '../codec/registry/registry.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { atPlace } from '../config/places.ts'
import { codeOf, messageOf } from '../errors.ts'
import { type Compiled, compilePipeline } from '../plan/compile.ts'
import { refuseInvented } from '../plan/kept-files.ts'
import { schemaTypeOf } from '../plan/output-frames.ts'
import type { StoredLayout } from '../state/changelog.ts'
import { quietLog } from './terminal.ts'

/** How long a command waits for a schema registry that does not answer. */
const REGISTRY_PATIENCE_MS = 5000

/** `compilePipeline`, by default of the latest schemas. Throws as a start would. */
export async function compile(
  pipeline: Pipeline,
  stored: readonly StoredLayout[] = [],
): Promise<Compiled> {
  const compiled = await withRegistry(pipeline, (registry) =>
    compilePipeline(pipeline, registry, stored),
  )
  refuseInvented(pipeline, compiled.codec.outputs)
  return compiled
}

/** What registering each output's schema would do, in the file's order; null: there is no registry, or it is JSON. */
export const compareOutputs = (
  pipeline: Pipeline,
  { outputs }: PipelineCodec,
): Promise<(Comparison | null)[]> =>
  withRegistry(pipeline, (registry) =>
    Promise.all(
      pipeline.outputs.map(async ({ topic, format }, o) =>
        registry === null || format === 'json'
          ? null
          : registry.compare(registry.subjectOf(topic), outputs[o].schema, schemaTypeOf(format)),
      ),
    ),
  )

/**
 * The same by the latest schemas of the inputs, as after a reset; why these cannot be used, where they cannot.
 */
export async function compareLatest(pipeline: Pipeline): Promise<(Comparison | null)[] | string> {
  try {
    const { codec } = await compile(pipeline)
    return await compareOutputs(pipeline, codec)
  } catch (error) {
    if (codeOf(error) !== 'SCHEMA_INVALID') throw error
    return messageOf(error)
  }
}

/** Work with the pipeline's registry, of which the result may go on asking; null where it has none. */
export async function withRegistry<T>(
  pipeline: Pipeline,
  work: (registry: Registry | null) => Promise<T>,
): Promise<T> {
  const registry = pipeline.registry && new Registry(pipeline.registry, quietLog)
  try {
    return await atPlace(pipeline, ['registry', 'url'], ['REGISTRY_UNAVAILABLE'], () =>
      withPatience(registry, () => work(registry)),
    )
  } catch (error) {
    // Others of its requests may still wait, and would do so for ever.
    registry?.close()
    throw error
  }
}

/** Work that ends with REGISTRY_UNAVAILABLE, rather than wait, where the registry does not answer. */
export function withPatience<T>(registry: Registry | null, work: () => Promise<T>): Promise<T> {
  return registry === null ? work() : registry.withPatience(REGISTRY_PATIENCE_MS, work)
}
