/** Puts the parts together and runs them: `stream-enricher run`. */
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { keepBuffers } from './broker/buffer-pool.ts'
import { createBroker } from './broker/client.ts'
import type { ProduceBatch } from './broker/port.ts'
import { recordAt } from './broker/record-columns.ts'
import { createPipelineCodec, outputFrame, readSchemas } from './codec/avro.ts'
import { Registry } from './codec/registry.ts'
import type { Pipeline } from './config/pipeline.ts'
import { Counts } from './counts.ts'
import { Dimension } from './dimension/dimension.ts'
import { EarlyRejects } from './early-rejects.ts'
import { codeOf, EnricherError } from './errors.ts'
import type { Log } from './events.ts'
import type { Interval } from './input/interval.ts'
import { openStore, type Store, timed } from './level.ts'
import { availableBytes, MemoryShares, memoryLimits } from './memory.ts'
import { Health } from './ops/health.ts'
import { startHttp } from './ops/listen.ts'
import type { LeveledLog } from './ops/log.ts'
import { createMetrics } from './ops/metrics.ts'
import { startOtlp } from './ops/otlp.ts'
import { BatchList, type Rejected, writeReject } from './output/task-output.ts'
import { liveness, readiness } from './report.ts'
import { GroupMembers } from './status/group-members.ts'
import { Operator } from './status/operator.ts'
import type { ServiceParts } from './status/parts.ts'
import { collect } from './status/samples.ts'
import { ServiceQueries } from './status/store-queries.ts'
import { ServiceViews } from './status/views.ts'
import { changelogTopic, prepareTopics } from './topics.ts'
import { VERSION } from './version.ts'
import { Worker } from './worker.ts'

/** How long a start waits for a schema registry that does not answer. */
const REGISTRY_PATIENCE_MS = 30_000
/** A changelog record holds one page at least; this is what a page's record and batch add to an entry. */
const CHANGELOG_OVERHEAD = 512

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
    instanceId,
    counts,
    limits: memory,
    dimensions,
  }
  const metrics = createMetrics((m) => collect(m, parts))
  const instance = {
    'service.name': 'stream-enricher',
    'service.version': VERSION,
    'service.instance.id': instanceId,
    pipeline: pipeline.name,
  }
  const otlp = startOtlp(process.env, metrics, instance, log)
  const members = new GroupMembers(parts)
  const probes = new Health(
    () => liveness(pipeline, parts.worker),
    () => readiness(pipeline, dimensions, parts.worker),
  )
  const http = await startHttp(pipeline.http, {
    version: VERSION,
    metrics,
    probes,
    views: new ServiceViews(parts, probes, members),
    queries: new ServiceQueries(parts, members),
    token: pipeline.http.token,
    admin: new Operator(parts, log, onFatal),
    onAnswer: (route, method, code, ms) =>
      counts.httpRequests.add(`${route} ${method} ${code}`, ms),
  })
  log.event('listening', { port: http.port, pipeline: pipeline.name })

  // While the broker is asked for this and that.
  const opening = Promise.all(
    pipeline.dimensions.map(({ name }) => openDimension(pipeline, name, counts, log)),
  )
  const broker = createBroker(pipeline.kafka, log, {
    onRequest: (api, ms) => counts.kafkaRequests.add(api, ms),
    onRequestError: (api, error) => counts.kafkaErrors.add(`${api} ${error}`),
    onConnection: (address, change) => counts.kafkaConnections.add(address, change),
  })
  await broker.connect()
  const topics = await prepareTopics(pipeline, broker.admin, log)
  const { partitions } = topics
  const registry = pipeline.registry && new Registry(pipeline.registry, log)
  parts.registry = registry
  const { codec, frame } = await compile(pipeline, registry)
  parts.codec = codec
  parts.partitions = partitions
  const { topic, compression } = pipeline.output
  const output = { topic, compression, maxBatchBytes: topics.outputBatchBytes }
  const rejects = {
    topic: pipeline.output.rejects,
    compression,
    maxBatchBytes: topics.rejectBatchBytes,
  }

  const dimensionRejects = new BatchList(rejects, 0)
  const stores = await opening
  const earlyRejects = new EarlyRejects(
    dimensionRejects,
    () => worker.producer(),
    (records, bytes) => {
      counts.produced.add(rejects.topic, records)
      counts.producedBytes.add(rejects.topic, bytes)
    },
    log,
  )
  for (const [d, config] of pipeline.dimensions.entries()) {
    const dimension = new Dimension({
      config,
      codec: codec.dimensions[d],
      key: codec.dimensionKeys[d],
      layout: `${codec.layout} ${config.topic}`,
      store: stores[d],
      admin: broker.admin,
      createReader: (events) =>
        broker.reader(
          { maxBytesPerPartition: 4 << 20, maxBytes: 8 << 20, minBytes: 1, maxWaitMs: 500 },
          events,
        ),
      onReject: (columns, i, partition, reason, error) => {
        counts.reject(config.topic, 'decode', reason)
        const offset = columns.offsets[i]
        const timestamp = columns.timestamps[i]
        const record = recordAt(columns, i)
        const rejected: Rejected = {
          topic: config.topic,
          partition,
          offset,
          timestamp,
          stage: 'decode',
          reason,
          error,
          record,
        }
        counts.lastRejects.add(rejected)
        writeReject(dimensionRejects, rejected)
      },
      room: (all) => earlyRejects.room(all),
      claim: (bytes) => claim(dimensions, bytes, memory.dimensions),
      onFatal,
      log,
    })
    dimensions.push(dimension)
  }
  const worker = new Worker({
    broker,
    context: {
      pipeline,
      codec,
      dimensions: dimensions.map(({ table }) => table),
      output,
      outputFrame: frame,
      rejects,
      rejectPartitions: topics.rejectPartitions,
      aheadMs: topics.outputAheadMs,
      maxEntryBytes:
        Math.min(topics.changelogBatchBytes, topics.outputBatchBytes) - CHANGELOG_OVERHEAD,
      memory: new MemoryShares(memory, partitions),
      counts,
      interval,
      now: Date.now,
    },
    changelog: {
      topic: changelogTopic(pipeline),
      layout: codec.layout,
      maxRecordBytes: topics.changelogBatchBytes - CHANGELOG_OVERHEAD,
      shorten(partition, offset) {
        const place = { topic: changelogTopic(pipeline), partition }
        broker.admin.deleteRecords(place, offset).catch((error) => {
          log.event('changelog_not_shortened', { err: error, ...place, offset })
        })
      },
    },
    partitions,
    instanceId,
    address: pipeline.http.advertise ?? `${process.env.POD_HOST || hostname()}:${http.port}`,
    version: VERSION,
    log,
    takeRejects: (): readonly ProduceBatch[] => dimensionRejects.take(),
    onStep,
    onFatal,
  })
  worker.prepare()
  const begun = performance.now()
  await Promise.all(dimensions.map((dimension) => dimension.start()))
  await Promise.all(dimensions.map((dimension) => dimension.ready))
  await earlyRejects.end()
  for (const [d, { restored }] of dimensions.entries()) {
    const store = `dimension/${pipeline.dimensions[d].name}`
    counts.restored.add(store, restored.records)
    counts.restoredBytes.add(store, restored.bytes)
    counts.restores.add(store, restored.ms)
  }
  const rows = Object.fromEntries(
    pipeline.dimensions.map(({ name }, d) => [name, dimensions[d].table.size]),
  )
  log.event('dimensions_read', { rows, ms: Math.round(performance.now() - begun) })
  parts.worker = worker
  worker.start()

  return {
    worker,
    counts,
    async stop() {
      registry?.close()
      await worker.stop()
      await otlp?.stop()
      await Promise.all([
        ...dimensions.map((dimension) => dimension.close()),
        broker.close(),
        http.close(),
      ])
    },
  }
}

/** Ends the service, rather than have the container killed, where the dimensions outgrow their memory. */
function claim(dimensions: readonly Dimension[], bytes: number, limit: number): void {
  const held = dimensions.reduce((sum, { table }) => sum + table.bytes, 0)
  if (held + bytes <= limit) return
  const rows = dimensions.reduce((sum, { table }) => sum + table.size, 0)
  const message = `The dimensions need more than ${limit} bytes of memory, with ${rows} rows read: give the container more, or take fewer fields with select`
  throw new EnricherError('MEMORY_TOO_SMALL', message, { fields: { limit, held, rows } })
}

/** A dimension's store; a damaged one goes, for the topic has all that was in it. */
async function openDimension(
  pipeline: Pipeline,
  name: string,
  counts: Counts,
  log: Log,
): Promise<Store> {
  const folder = join(pipeline.state.dir, 'dimension', name)
  const store = await openStore(folder).catch((error) => {
    if (codeOf(error) !== 'STATE_CORRUPT') throw error
    log.event('dimension_store_damaged', { err: error, folder })
    counts.quarantined.add(`dimension/${name}`)
    rmSync(folder, { recursive: true, force: true })
    return openStore(folder)
  })
  return timed(store, (op, ms) => counts.storeOps.add(`dimension/${name} ${op}`, ms))
}

/** Reads and compiles the schemas; with a registry, registers the output's. */
async function compile(pipeline: Pipeline, registry: Registry | null) {
  const work = async () => {
    const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, registry), registry)
    const { topic, schemaId } = pipeline.output
    const id = schemaId ?? (await registry!.register(`${topic}-value`, codec.outputSchema))
    return { codec, frame: outputFrame(id) }
  }
  return registry === null ? work() : registry.withPatience(REGISTRY_PATIENCE_MS, work)
}
