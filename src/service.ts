/** Puts the parts together and runs them: `stream-enricher run`. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { keepBuffers } from './broker/buffer-pool.ts'
import { createBroker } from './broker/client.ts'
import type { Admin, Broker, TransactionalProducer } from './broker/port.ts'
import { TopicWatch } from './broker/topic-watch.ts'
import { Registry } from './codec/registry/registry.ts'
import type { ChangelogTopic } from './commit/epoch-part.ts'
import { keepLimits } from './commit/keep-limits.ts'
import { WriteLimits } from './commit/write-limits.ts'
import type { Pipeline } from './config/pipeline.ts'
import { Counts } from './counts/counts.ts'
import {
  createDimensions,
  type DimensionsOptions,
  openDimensionStores,
  readDimensions,
} from './dimension/all.ts'
import type { Dimension } from './dimension/dimension.ts'
import { DimensionRejects } from './dimension/rejects.ts'
import { lookedUpIn } from './dimension/row-limit.ts'
import type { EnricherError } from './errors.ts'
import type { Log } from './events.ts'
import { InputTopics } from './input/input-topics.ts'
import type { Interval } from './input/interval.ts'
import { Worker } from './instance/worker.ts'
import { outputsOf } from './output/outputs.ts'
import type { Compiled } from './plan/compile.ts'
import { availableBytes, type MemoryLimits, MemoryShares, memoryLimits } from './plan/memory.ts'
import { avroShape } from './plan/pipeline-codec.ts'
import { type Plan, planOf } from './plan/plan.ts'
import { compileForStart, warnOfKeys } from './plan/start-codec.ts'
import { allTasks, prepareTopics, type Topics, tasksOf } from './plan/topics.ts'
import { topicRecreated } from './state/topic-ids.ts'
import type { TaskContext } from './task/task.ts'
import { REVISION, VERSION } from './version.ts'
import type { LeveledLog } from './watch/log/log.ts'
import { type Monitoring, startMonitoring } from './watch/monitoring.ts'
import type { ServiceParts } from './watch/status/parts.ts'

export interface Service {
  readonly worker: Worker
  readonly counts: Counts
  readonly admin: Admin
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
  const parts = partsOf(pipeline, memory)
  const { counts, instanceId, plan } = parts
  const monitoring = await startMonitoring(parts, log, onFatal)

  // While the broker is asked for this and that.
  const opening = openDimensionStores(pipeline, plan.tables, counts, log)
  const cluster = await openCluster(pipeline, parts, log, onFatal)
  const { broker, topics, topicWatch, inputs, registry, compiled, transactionalId } = cluster
  const limits = new WriteLimits(plan, topics, broker.admin, () => counts.commits.count, log)
  const kept = keepLimits(limits, () => context, onFatal)
  const onUnknownTopic = (): void => void topicWatch.look()
  const rejects = rejectsOf(limits, () => worker.producer(), kept.onRefused, counts, log)
  const options: DimensionsOptions = {
    pipeline,
    codec: compiled.codec,
    tables: await opening,
    broker,
    rejects,
    limit: memory.dimensions,
    counts,
    log,
    hold: (work) => worker.holdDuring(work),
    onRows: () => worker.wake(),
    onUnknownTopic,
    onFatal,
  }
  const dimensions = createDimensions(options)
  parts.dimensions.push(...dimensions)
  const context = contextOf(plan, cluster, limits, dimensions, memory, counts, interval)
  const worker: Worker = new Worker({
    broker,
    context,
    changelogs: changelogsOf(compiled, limits, broker, log),
    partitions: tasksOf(plan, topics),
    topicIds: inputs.ids,
    onUnknownTopic,
    ...memberOf(pipeline, instanceId, monitoring.http.port),
    transactionalId,
    log,
    onRefused: kept.onRefused,
    rejects,
    onStep,
    onFatal,
  })
  worker.prepare()
  await worker.decideStart()
  watchTopics(topicWatch, parts, inputs, dimensions)
  await readDimensions(dimensions, options)
  parts.worker = worker
  worker.start()

  const stop = async (): Promise<void> => {
    for (const one of [kept, topicWatch, registry]) one?.close()
    await worker.stop()
    rejects.close()
    await closeAll(monitoring, dimensions, broker)
  }
  return { worker, counts, admin: broker.admin, stop }
}

async function closeAll(
  { watch, otlp, http }: Monitoring,
  dimensions: readonly Dimension[],
  broker: Broker,
): Promise<void> {
  watch.close()
  await otlp?.stop()
  const closed = [...new Set(dimensions)].map((dimension) => dimension.close())
  await Promise.all([...closed, broker.close(), http.close()])
}

type Parts = ServiceParts & { readonly dimensions: Dimension[] }

const partsOf = (pipeline: Pipeline, limits: MemoryLimits, plan = planOf(pipeline)): Parts => ({
  pipeline,
  plan,
  version: VERSION,
  revision: REVISION,
  instanceId: pipeline.kafka.instanceId ?? randomUUID(),
  counts: new Counts(
    pipeline.dimensions.map(({ name }) => name),
    plan.sources.length,
    plan.joins.length,
  ),
  limits,
  dimensions: [],
})

/** The connection to the brokers, and what topics and schemas are like at the start. */
interface Cluster {
  readonly broker: Broker
  readonly topics: Topics
  readonly topicWatch: TopicWatch
  readonly inputs: InputTopics
  readonly registry: Registry | null
  readonly compiled: Awaited<ReturnType<typeof compileForStart>>
  readonly transactionalId: string
}

async function openCluster(
  pipeline: Pipeline,
  parts: Parts,
  log: LeveledLog,
  onFatal: (error: unknown) => void,
): Promise<Cluster> {
  const { counts, instanceId } = parts
  const broker = createBroker(pipeline.kafka, log, {
    onRequest: (api, ms) => counts.answered(api, ms),
    onRequestError: (api, error) => counts.kafkaErrors.add(`${api} ${error}`),
    onConnection: (address, change) => counts.kafkaConnections.add(address, change),
  })
  await broker.connect()
  const topics = await prepareTopics(pipeline, broker.admin, log)
  const topicWatch = new TopicWatch(broker.admin, log)
  const inputs = await inputTopicsOf(parts.plan, topics, broker, log, onFatal)
  parts.inputs = inputs
  const registry = pipeline.registry && new Registry(pipeline.registry, log)
  parts.registry = registry
  const transactionalId = `${pipeline.name}-${instanceId}`
  const compiled = await compileForStart(pipeline, registry, broker, transactionalId, log)
  warnOfKeys(pipeline, compiled, topics.tasks, log)
  const { admin } = broker
  Object.assign(parts, { codec: compiled.codec, partitions: topics.tasks, admin })
  return { broker, topics, topicWatch, inputs, registry, compiled, transactionalId }
}

const rejectsOf = (
  { rejects: topic }: WriteLimits,
  producer: () => Promise<TransactionalProducer>,
  onRefused: (error: EnricherError) => Promise<void>,
  counts: Counts,
  log: Log,
): DimensionRejects =>
  new DimensionRejects({
    topic,
    producer,
    onWritten: (records, bytes) => {
      counts.produced.add(topic.topic, records)
      counts.producedBytes.add(topic.topic, bytes)
    },
    onRefused,
    log,
  })

const contextOf = (
  plan: Plan,
  { compiled, topics }: Cluster,
  { outputs, rejects, repartition, ofTasks }: WriteLimits,
  dimensions: readonly Dimension[],
  memory: MemoryLimits,
  counts: Counts,
  interval: Interval | undefined,
): TaskContext => ({
  plan,
  codec: compiled.codec,
  ...lookedUpIn(dimensions),
  outputs: outputsOf(
    outputs.map((topic, o) => ({
      topic,
      shape: avroShape(compiled.frames[o]),
      codec: compiled.codec.outputs[o],
    })),
  ),
  rejects,
  repartition,
  partitions: topics.partitions,
  ...ofTasks,
  memory: new MemoryShares(memory, allTasks(plan, topics)),
  counts,
  interval,
  now: Date.now,
  elapsed: () => performance.now(),
})

/** What this instance is as a member of its group. @param port of its HTTP server */
const memberOf = ({ kafka, state, http }: Pipeline, instanceId: string, port: number) => ({
  instanceId,
  staticId: kafka.instanceId,
  sessionTimeoutMs: kafka.sessionTimeoutMs,
  stateDir: state.dir,
  address: http.advertise ?? `${process.env.POD_HOST || hostname()}:${port}`,
  version: VERSION,
})

async function inputTopicsOf(
  plan: Plan,
  found: Topics,
  { admin }: Broker,
  log: Log,
  onFatal: (error: unknown) => void,
): Promise<InputTopics> {
  const topics = plan.sources.map(({ topic }) => topic)
  return new InputTopics({
    topics,
    partitions: topics.map((topic) => found.partitions.get(topic)!),
    identities: await admin.identify(topics),
    log,
    onRecreated: (topic, before, id) => onFatal(topicRecreated(topic, before, id)),
  })
}

function watchTopics(
  watch: TopicWatch,
  { plan }: Parts,
  inputs: InputTopics,
  dimensions: readonly Dimension[],
): void {
  for (const { topic, index } of plan.sources) {
    watch.listen(topic, (found) => inputs.seen(index, found))
  }
  for (const dimension of new Set(dimensions)) {
    watch.listen(dimension.topic, (found) => dimension.seen(found))
  }
  watch.start()
}

const changelogsOf = (
  { layout, schemaIds, readersOf }: Compiled,
  { changelogs }: WriteLimits,
  broker: Broker,
  log: Log,
): ChangelogTopic[] =>
  changelogs.map((changelog) => ({
    topic: changelog.topic,
    layout,
    schemaIds,
    readersOf,
    get maxRecordBytes() {
      return changelog.maxRecordBytes
    },
    shorten(partition, offset) {
      const place = { topic: changelog.topic, partition }
      broker.admin.deleteRecords(place, offset).catch((error) => {
        log.event('changelog_not_shortened', { err: error, ...place, offset })
      })
    },
  }))
