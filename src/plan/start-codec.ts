/** What a start compiles: the latest schemas, or those that the stored window needs. */
import type { Broker } from '../broker/port.ts'
import type { SchemaFrame } from '../codec/frame/schema-frame.ts'
import type { SchemaId } from '../codec/frame/schema-id.ts'
import type { OutputCodec } from '../codec/port.ts'
import type { Registry } from '../codec/registry/registry.ts'
import type { OutputConfig, Pipeline } from '../config/pipeline.ts'
import { atPlace } from '../config/places.ts'
import { changelogName, changelogTopic, sourcesOf } from '../config/topic-names.ts'
import { keepsState } from '../config/waits.ts'
import type { Log } from '../events.ts'
import type { StoredLayout } from '../state/changelog.ts'
import { layoutChanged, stateTakenOut } from '../state/state-faults.ts'
import {
  announceLayout,
  type ChangelogHeaders,
  epochLayouts,
  hasEpochs,
  NO_HEADERS,
  readHeaders,
  storedLayouts,
} from '../state/stored-layout.ts'
import { type Compiled, compilePipeline } from './compile.ts'
import { refuseInvented } from './kept-files.ts'
import { keyBytesDiffer } from './key-formats.ts'
import { frameOf, schemaTypeOf } from './output-frames.ts'

/** How long a start waits for a schema registry that does not answer. */
const REGISTRY_PATIENCE_MS = 30_000
/** Errors that are about the output's schema. */
const REFUSALS = ['SCHEMA_INVALID', 'REGISTRY_READ_ONLY'] as const

/**
 * Reads and compiles the schemas; with a registry, registers those of the outputs in Avro and Protobuf. Throws SCHEMA_INVALID,
 * REGISTRY_UNAVAILABLE, or STATE_LAYOUT_CHANGED where the window was stored for another pipeline.
 * @param transactionalId of this instance, which has no epoch yet
 */
export async function compileForStart(
  pipeline: Pipeline,
  registry: Registry | null,
  broker: Broker,
  transactionalId: string,
  log: Log,
) {
  if (!keepsState(pipeline)) await refuseFormerState(pipeline, broker)
  if (registry === null) {
    const changelog = changelogTopic(pipeline)
    const headers = changelog === null ? NO_HEADERS : await readHeaders(broker, changelog)
    const compiled = await compilePipeline(pipeline, null, storedLayouts(headers))
    refuseInvented(pipeline, compiled.codec.outputs)
    const frames = pipeline.outputs.map((output) => frameOf(output, output.schemaId ?? 0))
    return { ...compiled, frames }
  }
  const read = async () => {
    const compiled = await compileStored(pipeline, registry, broker, transactionalId, log)
    for (const schema of compiled.newer) log.event('newer_schema_not_read', { ...schema })
    refuseInvented(pipeline, compiled.codec.outputs)
    const frames: SchemaFrame[] = []
    for (const [i, output] of pipeline.outputs.entries()) {
      const of = compiled.codec.outputs[i]
      // Of JSON there is none.
      const id = output.format === 'json' ? 0 : await schemaIdOf(pipeline, output, of, registry)
      frames.push(frameOf(output, id))
    }
    return { ...compiled, frames }
  }
  return atPlace(pipeline, ['registry', 'url'], ['REGISTRY_UNAVAILABLE'], () =>
    registry.withPatience(REGISTRY_PATIENCE_MS, read),
  )
}

/** The file's, else the registry's, which gets the schema. */
const schemaIdOf = async (
  pipeline: Pipeline,
  { path, topic, format, schemaId }: OutputConfig,
  { schema }: OutputCodec,
  registry: Registry,
): Promise<SchemaId> =>
  schemaId ??
  (await atPlace(pipeline, [...path, 'topic'], REFUSALS, () =>
    registry.register(registry.subjectOf(topic), schema, schemaTypeOf(format)),
  ))

/** Says what the keys make of the join: rejects, or records that do not meet. */
export function warnOfKeys(
  pipeline: Pipeline,
  compiled: Compiled,
  partitions: number,
  log: Log,
): void {
  for (const key of compiled.keys) {
    if (key === undefined || key.fault === null) continue
    const { topic, id, fault } = key
    log.event('key_schema_not_read', { topic, id, fault })
  }
  const cause = partitions > 1 ? keyBytesDiffer(pipeline, compiled) : null
  if (cause === null) return
  const [facts, right] = sourcesOf(pipeline).map(({ config }) => config.topic)
  log.event('key_bytes_differ', { facts, right, cause })
}

/** Throws STATE_LAYOUT_CHANGED where a pipeline with this name has kept state, and not been reset. */
async function refuseFormerState(pipeline: Pipeline, broker: Broker): Promise<void> {
  const topic = changelogName(pipeline)
  if (!(await broker.admin.describeTopics([topic])).has(topic)) return
  const headers = await readHeaders(broker, topic)
  if (hasEpochs(headers)) throw stateTakenOut(topic, storedLayouts(headers)[0].layout)
}

async function compileStored(
  pipeline: Pipeline,
  registry: Registry,
  broker: Broker,
  transactionalId: string,
  log: Log,
): Promise<Compiled> {
  const topic = changelogTopic(pipeline)
  // Nothing is stored: the latest schemas it is.
  if (topic === null) return compilePipeline(pipeline, registry, [])
  for (;;) {
    const headers = await readHeaders(broker, topic)
    const stored = storedLayouts(headers)
    const compiled = await compilePipeline(pipeline, registry, stored)
    if (pipeline.evolves) {
      for (const { schemaIds } of await earlierOf(headers, compiled)) {
        log.event('window_of_earlier_schemas', { topic, schemaIds })
      }
      return compiled
    }
    if (stored.some(({ layout }) => layout === compiled.layout)) return compiled
    if (hasEpochs(headers)) throw layoutChanged(topic, stored[0].layout, compiled.layout)
    await announceLayout(broker, topic, transactionalId, compiled)
  }
}

/** What is stored in other layouts. Throws STATE_LAYOUT_CHANGED where it cannot come out in that of the latest schemas. */
async function earlierOf(
  headers: ChangelogHeaders,
  { layout, readersOf }: Compiled,
): Promise<StoredLayout[]> {
  const others = epochLayouts(headers).filter((stored) => stored.layout !== layout)
  for (const stored of others) await readersOf(stored)
  return others
}
