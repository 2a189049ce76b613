import { schemaFrame } from '../codec/frame/schema-frame.ts'
import type { SchemaId } from '../codec/frame/schema-id.ts'
import type { PipelineCodec, TopicCodec } from '../codec/port.ts'
import type { Registry } from '../codec/registry/registry.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { inputTopics, sourcesOf } from '../config/topic-names.ts'
import { messageOf } from '../errors.ts'
import type { StoredLayout } from '../state/changelog.ts'
import { FACTS_LAYOUT } from '../state/state-faults.ts'
import { type KeptFiles, keptFiles } from './kept-files.ts'
import { type KeySchemas, latestKeySchemas, refuseKeys } from './key-schemas.ts'
import type { TopicSchemas } from './output-plan.ts'
import {
  createPipelineCodec,
  isUsable,
  type LatestSchema,
  latestSchemas,
  type ReaderSchemas,
  topicSchemas,
  usableSchemas,
} from './pipeline-codec.ts'
import { recordedSchemas, schemasFor } from './reader-schemas.ts'

/** A topic's latest schema that is not read with, for the window was stored with an earlier one. */
export interface NewerSchema {
  readonly topic: string
  /** The schema that is read with. */
  readonly id: number
  /** -1: there is none that the registry has. */
  readonly latestId: number
  /** Why what is written with the latest cannot be read; null: it can. */
  readonly fault: string | null
}

export interface Compiled extends StoredLayout {
  readonly schemas: TopicSchemas
  readonly codec: PipelineCodec
  readonly newer: readonly NewerSchema[]
  /** The latest schemas of Avro keys. One that cannot be read is in here only where something is stored. */
  readonly keys: KeySchemas
}

/**
 * Reads and compiles the pipeline's schemas; registers nothing. Throws SCHEMA_INVALID or REGISTRY_UNAVAILABLE.
 * A latest schema that cannot be used does not matter where a stored layout goes on without it.
 * @param stored the result has the first of these layouts that the pipeline can have, with older
 *   schemas if need be; without one, that of the latest schemas
 */
export async function compilePipeline(
  pipeline: Pipeline,
  registry: Registry | null,
  stored: readonly StoredLayout[],
): Promise<Compiled> {
  const keys = await latestKeySchemas(pipeline, registry)
  // A pipeline that has run goes on with the keys that it can read.
  const ofFiles = keys.map((key) => (key?.id === 0 ? key : undefined))
  refuseKeys(pipeline, stored.length === 0 ? keys : ofFiles)
  const latest = await latestSchemas(pipeline, registry)
  const kept = await keptFiles(pipeline, registry)
  const isJoined = pipeline.joins.length > 0
  const found = isJoined ? await storedSchemas(stored, pipeline, latest, registry, kept) : undefined
  const chosen = found?.schemas ?? usableSchemas(latest)
  const schemas = topicSchemas(pipeline, chosen)
  const compiled = createPipelineCodec(pipeline, schemas, registry, kept)
  // By the name that it was stored under, which may be an earlier release's.
  const codec = found === undefined ? compiled : { ...compiled, layout: found.layout }
  const schemaIds = chosen.map(({ id }) => id)
  const newer = await newerSchemas(pipeline, codec, chosen, latest)
  const layout = isJoined ? codec.layout : FACTS_LAYOUT
  return { schemas, codec, layout, schemaIds, newer, keys }
}

async function storedSchemas(
  stored: readonly StoredLayout[],
  pipeline: Pipeline,
  latest: readonly LatestSchema[],
  registry: Registry | null,
  kept: KeptFiles,
): Promise<{ schemas: ReaderSchemas; layout: string } | undefined> {
  for (const { layout, schemaIds } of stored) {
    const recorded = await recordedSchemas(schemaIds, latest, pipeline, registry)
    const schemas = schemasFor(layout, pipeline, latest, recorded, kept)
    if (schemas !== undefined) return { schemas, layout }
  }
  return undefined
}

async function newerSchemas(
  pipeline: Pipeline,
  { sources, dimensions }: PipelineCodec,
  chosen: ReaderSchemas,
  latest: readonly LatestSchema[],
): Promise<NewerSchema[]> {
  const inputs = sources.slice(0, sourcesOf(pipeline).length)
  const codecs = [...inputs.map(({ values }) => values), ...dimensions]
  const all = inputTopics(pipeline).map(async (topic, i) => {
    const [{ id }, newest] = [chosen[i], latest[i]]
    const { id: latestId } = newest
    if (id === latestId) return []
    const fault = isUsable(newest)
      ? await faultOf(codecs[i], newest.named ?? latestId)
      : messageOf(newest.fault)
    return [{ topic, id, latestId, fault }]
  })
  return (await Promise.all(all)).flat()
}

async function faultOf(codec: TopicCodec, id: SchemaId): Promise<string | null> {
  const { prefix, header } = schemaFrame(id)
  const value = Buffer.concat([prefix, header])
  const [start, end] = [prefix.length, value.length]
  await codec.load(value, 0, start, start, end)
  return typeof codec.reader(value, 0, start, start, end) === 'string' ? codec.fault : null
}
