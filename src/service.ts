/** Puts the parts together and runs them: `stream-enricher run`. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { keepBuffers } from './broker/buffer-pool.ts'
import { createBroker } from './broker/client.ts'
import type { Broker } from './broker/port.ts'
import { TopicWatch } from './broker/topic-watch.ts'
import { Registry } from './codec/registry.ts'
import type { ChangelogTopic } from './commit/epoch-part.ts'
import { WriteLimits } from './commit/write-limits.ts'
import type { Pipeline } from './config/pipeline.ts'
import { sourcesOf } from './config/topic-names.ts'
import { Counts } from './counts/counts.ts'
import {
  createDimensions,
  type DimensionsOptions,
  openDimensionStores,
  readDimensions,
} from './dimension/all.ts'
import type { Dimension } from './dimension/dimension.ts'
import { DimensionRejects } from './dimension/rejects.ts'
import type { EnricherError } from './errors.ts'
import type { Log } from './events.ts'
import { InputTopics } from './input/input-topics.ts'
import type { Interval } from './input/interval.ts'
import { Worker } from './instance/worker.ts'
import { availableBytes, MemoryShares, memoryLimits } from './plan/memory.ts'
import { avroShape } from './plan/pipeline-codec.ts'
import { planOf } from './plan/plan.ts'
import { compileForStart, warnOfKeys } from './plan/start-codec.ts'
import { prepareTopics } from './plan/topics.ts'
import type { StoredLayout } from './state/changelog.ts'
import { topicRecreated } from './state/topic-ids.ts'
import type { TaskContext } from './task/task.ts'
import { REVISION, VERSION } from './version.ts'
import type { LeveledLog } from './watch/log/log.ts'
import { startMonitoring } from './watch/monitoring.ts'
import type { ServiceParts } from './watch/status/parts.ts'

/** Where a topic has refused something. */
const LOOK_AT_LIMITS_MS = 60_000

export interface Service {
  readonly worker: Worker
  readonly counts: Counts
  stop(): Promise<void>
}

/**
 * @param onStep called after each step of a commit
 * @param onFatal the service cannot go on
 * @param interval what to take of the inputs; without it everything, for ever
 */
export async function startService(
  pipeline: Pipeline,
  log: LeveledLog,
  onStep: (step: number) => void,
  onFatal: (error: unknown) => void,
  interval?: Interval,
): Promise<Service> {
  const memory = memoryLimits(pipeline.memory, availableBytes())
  log.event('memory_limits', memory)
  keepBuffers(memory.fetch)
  const counts = new Counts(pipeline.dimensions.map(({ name }) => name))
  const dimensions: Dimension[] = []
  const instanceId = pipeline.kafka.instanceId ?? randomUUID()
  const parts: ServiceParts = {
    pipeline,
    version: VERSION,
    revision: REVISION,
    instanceId,
    counts,
    limits: memory,
    dimensions,
  }
  const { http, otlp, watch } = await startMonitoring(parts, log, onFatal)

  // While the broker is asked for this and that.
  const opening = openDimensionStores(pipeline, counts, log)
  const broker = createBroker(pipeline.kafka, log, {
    onRequest: (api, ms) => counts.answered(api, ms),
    onRequestError: (api, error) => counts.kafkaErrors.add(`${api} ${error}`),
    onConnection: (address, change) => counts.kafkaConnections.add(address, change),
  })
  await broker.connect()
  const topics = await prepareTopics(pipeline, broker.admin, log)
  const { partitions } = topics
  const topicWatch = new TopicWatch(broker.admin, log)
  const onUnknownTopic = (): void => void topicWatch.look()
  const inputs = await inputTopicsOf(pipeline, partitions, broker, log, onFatal)
  parts.inputs = inputs
  const registry = pipeline.registry && new Registry(pipeline.registry, log)
  parts.registry = registry
  const transactionalId = `${pipeline.name}-${instanceId}`
  const compiled = await compileForStart(pipeline, registry, broker, transactionalId, log)
  warnOfKeys(pipeline, compiled, partitions, log)
  const { codec, frame } = compiled
  parts.codec = codec
  parts.partitions = partitions
  const limits = new WriteLimits(pipeline, topics, broker.admin, () => counts.commits.count, log)
  const { output, rejects } = limits

  const onRefused = async (error: EnricherError): Promise<void> => {
    await limits.refused(error)
    Object.assign(context, limits.ofTasks)
  }
  const looking = setInterval(() => {
    const raised = (any: boolean): unknown => any && Object.assign(context, limits.ofTasks)
    limits.look().then(raised, onFatal)
  }, LOOK_AT_LIMITS_MS).unref()
  const dimensionRejects = new DimensionRejects({
    topic: rejects,
    producer: () => worker.producer(),
    onWritten: (records, bytes) => {
      counts.produced.add(rejects.topic, records)
      counts.producedBytes.add(rejects.topic, bytes)
    },
    onRefused,
    log,
  })
  const options: DimensionsOptions = {
    pipeline,
    codec,
    stores: await opening,
    broker,
    rejects: dimensionRejects,
    limit: memory.dimensions,
    counts,
    log,
    hold: (work) => worker.holdDuring(work),
    onUnknownTopic,
    onFatal,
  }
  dimensions.push(...createDimensions(options))
  const context: TaskContext = {
    plan: planOf(pipeline),
    codec,
    dimensions: dimensions.map(({ table }) => table),
    output,
    shape: avroShape(frame),
    rejects,
    aheadMs: limits.ofTasks.aheadMs,
    behindMs: limits.ofTasks.behindMs,
    maxEntryBytes: limits.ofTasks.maxEntryBytes,
    memory: new MemoryShares(memory, partitions),
    counts,
    interval,
    now: Date.now,
    elapsed: () => performance.now(),
  }
  const worker: Worker = new Worker({
    broker,
    context,
    changelog: changelogOf(compiled, limits, broker, log),
    partitions,
    topicIds: inputs.ids,
    onUnknownTopic,
    instanceId,
    staticId: pipeline.kafka.instanceId,
    sessionTimeoutMs: pipeline.kafka.sessionTimeoutMs,
    stateDir: pipeline.state.dir,
    transactionalId,
    address: pipeline.http.advertise ?? `${process.env.POD_HOST || hostname()}:${http.port}`,
    version: VERSION,
    log,
    onRefused,
    rejects: dimensionRejects,
    onStep,
    onFatal,
  })
  worker.prepare()
  watchTopics(topicWatch, pipeline, inputs, dimensions)
  await readDimensions(dimensions, options)
  parts.worker = worker
  worker.start()

  return {
    worker,
    counts,
    async stop() {
      clearInterval(looking)
      topicWatch.close()
      registry?.close()
      await worker.stop()
      dimensionRejects.close()
      watch.close()
      await otlp?.stop()
      await Promise.all([
        ...dimensions.map((dimension) => dimension.close()),
        broker.close(),
        http.close(),
      ])
    },
  }
}

async function inputTopicsOf(
  pipeline: Pipeline,
  partitions: number,
  { admin }: Broker,
  log: Log,
  onFatal: (error: unknown) => void,
): Promise<InputTopics> {
  const topics = sourcesOf(pipeline).map(({ config }) => config.topic)
  return new InputTopics({
    topics,
    partitions,
    identities: await admin.identify(topics),
    log,
    onRecreated: (topic, before, id) => onFatal(topicRecreated(topic, before, id)),
  })
}

function watchTopics(
  watch: TopicWatch,
  pipeline: Pipeline,
  inputs: InputTopics,
  dimensions: readonly Dimension[],
): void {
  for (const [source, { config }] of sourcesOf(pipeline).entries()) {
    watch.listen(config.topic, (found) => inputs.seen(source, found))
  }
  for (const [d, { topic }] of pipeline.dimensions.entries()) {
    watch.listen(topic, (found) => dimensions[d].seen(found))
  }
  watch.start()
}

function changelogOf(
  { layout, schemaIds }: StoredLayout,
  { changelog }: WriteLimits,
  broker: Broker,
  log: Log,
): ChangelogTopic | null {
  if (changelog === null) return null
  const { topic } = changelog
  return {
    topic,
    layout,
    schemaIds,
    get maxRecordBytes() {
      return changelog.maxRecordBytes
    },
    shorten(partition, offset) {
      const place = { topic, partition }
      broker.admin.deleteRecords(place, offset).catch((error) => {
        log.event('changelog_not_shortened', { err: error, ...place, offset })
      })
    },
  }
}
