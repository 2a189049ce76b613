import { createPipelineCodec, readSchemas } from '../codec/avro.ts'
import type { PipelineCodec } from '../codec/port.ts'
import { Registry } from '../codec/registry.ts'
import type { Pipeline } from '../config/pipeline.ts'
import type { TopicSchemas } from '../output/schema.ts'
import { quietLog } from './terminal.ts'

/** How long a command waits for a schema registry that does not answer. */
const REGISTRY_PATIENCE_MS = 5000

export interface Compiled {
  readonly schemas: TopicSchemas
  readonly codec: PipelineCodec
}

/** Reads and compiles the pipeline's schemas; registers nothing. Throws SCHEMA_INVALID or REGISTRY_UNAVAILABLE. */
export function compile(pipeline: Pipeline): Promise<Compiled> {
  return withRegistry(pipeline, async (registry) => {
    const schemas = await readSchemas(pipeline, registry)
    return { schemas, codec: createPipelineCodec(pipeline, schemas, registry) }
  })
}

/** Work with the pipeline's registry; null where it has none. */
export function withRegistry<T>(
  { registry: config }: Pipeline,
  work: (registry: Registry | null) => Promise<T>,
): Promise<T> {
  const registry = config && new Registry(config, quietLog)
  return withPatience(registry, () => work(registry))
}

/** Work that ends with REGISTRY_UNAVAILABLE, rather than wait, where the registry does not answer. */
export function withPatience<T>(registry: Registry | null, work: () => Promise<T>): Promise<T> {
  return registry === null ? work() : registry.withPatience(REGISTRY_PATIENCE_MS, work)
}
