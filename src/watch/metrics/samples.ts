/** The metrics of the running parts, sampled at each scrape. */
import { createHash } from 'node:crypto'
import { getHeapStatistics } from 'node:v8'
import type { Pipeline } from '../../config/pipeline.ts'
import { redacted } from '../../config/redact.ts'
import { sourcesOf } from '../../config/topic-names.ts'
import type { Dimension } from '../../dimension/dimension.ts'
import type { HeldTask } from '../../instance/held-task.ts'
import type { Worker } from '../../instance/worker.ts'
import type { TaskFigures } from '../../task/task.ts'
import { type ServiceParts, SIDES } from '../status/parts.ts'
import { lagsOf, memoryParts, progress, STATES, stateOf } from '../status/report.ts'
import { JOIN_REASONS, REASON_NAMES } from '../verdict/reasons.ts'
import { LEVELS, type Verdict } from '../verdict/verdict.ts'
import { collectCounts, collectLabelled } from './counted.ts'
import { storeSizes } from './disk.ts'
import type { Metrics } from './metrics.ts'

export async function collect(
  metrics: Metrics,
  parts: ServiceParts,
  verdict: Verdict,
): Promise<void> {
  const { pipeline, counts, limits, dimensions, worker } = parts
  await collectDisk(metrics, pipeline)
  collectInstance(metrics, parts)
  collectVerdict(metrics, pipeline, verdict)
  collectCounts(metrics, pipeline, counts)
  collectLabelled(metrics, counts)
  for (const [d, dimension] of dimensions.entries()) {
    collectDimension(metrics, pipeline.dimensions[d].name, dimension)
  }
  // Several may have the rows of one topic, which are read and stored once.
  for (const dimension of new Set(dimensions)) collectReading(metrics, dimension)
  for (const [part, bytes] of Object.entries(limits)) {
    metrics.memory_limit_bytes.set({ part }, bytes)
  }
  for (const [part, bytes] of Object.entries(memoryParts(parts))) {
    metrics.memory_bytes.set({ part }, bytes)
  }
  if (worker !== undefined) collectTasks(metrics, parts, worker)
}

function collectInstance(
  metrics: Metrics,
  { pipeline, version, revision, counts, dimensions, worker, registry }: ServiceParts,
): void {
  const state = stateOf(dimensions, worker)
  const { lastAt } = counts.epochs
  for (const one of STATES) metrics.state.set({ state: one }, one === state ? 1 : 0)
  metrics.build_info.set({ version, revision, node_version: process.version }, 1)
  metrics.config_info.set({ pipeline: pipeline.name, config_hash: hashOf(pipeline) }, 1)
  metrics.heap_limit_bytes.set(getHeapStatistics().heap_size_limit)
  if (counts.lastFetchMs > 0) metrics.last_poll_timestamp_seconds.set(counts.lastFetchMs / 1000)
  if (lastAt > 0) metrics.last_commit_timestamp_seconds.set(lastAt / 1000)
  for (const [result, count] of Object.entries(registry?.requests ?? {})) {
    metrics.schema_registry_requests_total.inc({ result }, count)
  }
}

function collectVerdict(metrics: Metrics, { join }: Pipeline, { verdict, reasons }: Verdict): void {
  for (const one of LEVELS) metrics.verdict.set({ verdict: one }, one === verdict ? 1 : 0)
  for (const reason of REASON_NAMES) {
    if (join === null && JOIN_REASONS.has(reason)) continue
    const holds = reasons.some((stated) => stated.reason === reason)
    metrics.degraded.set({ reason }, holds ? 1 : 0)
  }
}

/** A hash of everything that the pipeline file says, but its secrets. */
function hashOf(pipeline: Pipeline): string {
  const text = JSON.stringify(redacted(pipeline))
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

async function collectDisk(metrics: Metrics, { state, join }: Pipeline): Promise<void> {
  for (const [store, bytes] of Object.entries(await storeSizes(state.dir, join !== null))) {
    metrics.store_disk_bytes.set({ store }, bytes)
  }
}

function collectDimension(metrics: Metrics, name: string, dimension: Dimension): void {
  metrics.dimension_rows.set({ dimension: name }, dimension.table.size)
  metrics.dimension_bytes.set({ dimension: name }, dimension.table.bytes)
  metrics.dimension_lag_records.set({ dimension: name }, dimension.progress.lag)
  metrics.dimension_undecided_records.set({ dimension: name }, dimension.progress.undecided)
  const openMs = dimension.progress.openTransaction?.ms ?? 0
  metrics.dimension_open_transaction_seconds.set({ dimension: name }, openMs / 1000)
  if (dimension.lastUpdateMs > 0) {
    const seconds = dimension.lastUpdateMs / 1000
    metrics.dimension_last_update_timestamp_seconds.set({ dimension: name }, seconds)
  }
}

function collectReading(metrics: Metrics, dimension: Dimension): void {
  const { name, topic, read, partitions } = dimension
  const store = `dimension/${name}`
  metrics.records_consumed_total.inc({ topic }, read.records)
  metrics.bytes_consumed_total.inc({ topic }, read.bytes)
  metrics.read_partitions.set({ topic }, partitions)
  for (const [p, offsets] of dimension.progress.remainingByPartition.entries()) {
    metrics.restore_records_remaining.set({ store, partition: String(p) }, offsets)
  }
  const { remaining, total, begunMs } = dimension.progress
  collectEta(metrics, store, [secondsLeft(remaining, total, begunMs)])
}

function collectTasks(metrics: Metrics, { pipeline, inputs }: ServiceParts, worker: Worker): void {
  const topics = sourcesOf(pipeline).map(({ config }) => config.topic)
  const { tasks } = worker
  for (const { partition, side, records, ms } of lagsOf(worker)) {
    const labels = { topic: topics[side], partition: String(partition) }
    metrics.consumer_lag_records.set(labels, records)
    metrics.consumer_lag_seconds.set(labels, ms / 1000)
  }
  for (const [source, topic] of topics.entries()) {
    metrics.assigned_partitions.set({ topic }, worker.assigned)
    metrics.read_partitions.set({ topic }, worker.partitions)
    if (inputs !== undefined) metrics.topic_partitions.set({ topic }, inputs.partitions[source])
  }
  for (const state of ['restoring', 'running']) metrics.tasks.set({ state }, 0)
  for (const { task, state } of tasks) {
    metrics.tasks.inc({ state }, 1)
    for (const [source, topic] of topics.entries()) {
      const queue = task.queues[source]
      const labels = { topic, partition: String(task.partition) }
      if (queue.lagKnown) metrics.undecided_records.set(labels, queue.undecided)
    }
  }
  if (pipeline.join !== null) collectWindows(metrics, tasks)
}

function collectWindows(metrics: Metrics, tasks: readonly HeldTask[]): void {
  const figures = tasks.map(({ task }) => task.figures())
  for (const [i, { task, restoreRemaining }] of tasks.entries()) {
    const partition = String(task.partition)
    metrics.restore_records_remaining.set({ store: 'window', partition }, restoreRemaining)
    const { streamTime } = figures[i]
    if (streamTime === null) continue
    metrics.stream_time_timestamp_seconds.set({ task: partition }, streamTime / 1000)
  }
  const etas = tasks.map(({ restoreRemaining, restoreTotal, restoreBegun }) =>
    secondsLeft(restoreRemaining, restoreTotal, restoreBegun),
  )
  collectEta(metrics, 'window', etas)
  const sum = (of: (task: TaskFigures) => number): number =>
    figures.reduce((total, task) => total + of(task), 0)
  metrics.window_pages.set(sum(({ pages }) => pages))
  for (const [s, side] of SIDES.entries()) {
    metrics.window_records.set(
      { side },
      sum(({ records }) => records[s]),
    )
    metrics.window_segments.set(
      { side },
      sum(({ segments }) => segments[s]),
    )
  }
}

function secondsLeft(remaining: number, total: number, begunMs: number): number | null {
  return remaining === 0 ? 0 : progress(remaining, total, begunMs).secondsLeft
}

/** The time that is left until the last of them is restored; no series while one of them is not known. */
function collectEta(metrics: Metrics, store: string, etas: readonly (number | null)[]): void {
  if (etas.includes(null)) return
  metrics.restore_eta_seconds.set({ store }, Math.max(0, ...etas.map(Number)))
}
