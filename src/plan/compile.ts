import { schemaFrame } from '../codec/frame/schema-frame.ts'
import type { SchemaId } from '../codec/frame/schema-id.ts'
import type { PipelineCodec, TopicCodec } from '../codec/port.ts'
import type { Registry } from '../codec/registry/registry.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { inputTopics, sourcesOf } from '../config/topic-names.ts'
import { messageOf } from '../errors.ts'
import type { StoredLayout } from '../state/changelog.ts'
import type { ReadersOf } from '../state/page-layouts.ts'
import { FACTS_LAYOUT } from '../state/state-faults.ts'
import { type KeptFiles, keptFiles } from './kept-files.ts'
import { type KeySchemas, latestKeySchemas, refuseKeys } from './key-schemas.ts'
import { OtherLayouts } from './other-layouts.ts'
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
import { derivedFrom, recordedSchemas, schemasFor } from './reader-schemas.ts'

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
  /** Reads what is stored in another layout. */
  readonly readersOf: ReadersOf
}

/**
 * Reads and compiles the pipeline's schemas; registers nothing. Throws SCHEMA_INVALID or REGISTRY_UNAVAILABLE.
 * A latest schema that cannot be used does not matter where a stored layout goes on without it.
 * @param stored the result has the first of these layouts that the pipeline can have, with older
 *   schemas if need be; without one, or where the output evolves, that of the latest schemas
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
  const stays = pipeline.evolves ? latestStored : storedSchemas
  const found = isJoined ? await stays(stored, pipeline, latest, registry, kept) : undefined
  const chosen = found?.schemas ?? usableSchemas(latest)
  const schemas = topicSchemas(pipeline, chosen)
  const compiled = createPipelineCodec(pipeline, schemas, registry, kept)
  // By the name that it was stored under, which may be an earlier release's.
  const codec = found === undefined ? compiled : { ...compiled, layout: found.layout }
  const schemaIds = chosen.map(({ id }) => id)
  const newer = await newerSchemas(pipeline, codec, chosen, latest)
  const layout = isJoined ? codec.layout : FACTS_LAYOUT
  const others = new OtherLayouts(pipeline, { layout, schemaIds }, schemas, (ids) =>
    recordedSchemas(ids, latest, pipeline, registry),
  )
  const readersOf: ReadersOf = (stored) => others.readersOf(stored)
  return { schemas, codec, layout, schemaIds, newer, keys, readersOf }
}

interface Found {
  readonly schemas: ReaderSchemas
  readonly layout: string
}

/** The latest schemas where what is stored is of their layout: by the name that it was stored under. */
async function latestStored(
  stored: readonly StoredLayout[],
  pipeline: Pipeline,
  latest: readonly LatestSchema[],
): Promise<Found | undefined> {
  const schemas = usableSchemas(latest)
  const layouts = derivedFrom(pipeline, schemas)?.layouts
  const found = stored.find(({ layout }) => layouts?.includes(layout))
  return found && { schemas, layout: found.layout }
}

async function storedSchemas(
  stored: readonly StoredLayout[],
  pipeline: Pipeline,
  latest: readonly LatestSchema[],
  registry: Registry | null,
  kept: KeptFiles,
): Promise<Found | undefined> {
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
