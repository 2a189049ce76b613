/** The metrics of the running parts, sampled at each scrape. */
import { createHash } from 'node:crypto'
import { getHeapStatistics } from 'node:v8'
import type { RejectReason } from '../../batch.ts'
import type { Pipeline } from '../../config/pipeline.ts'
import { redacted } from '../../config/redact.ts'
import { inputsOf, ownTopics, repartitioned, sourcesOf } from '../../config/topic-names.ts'
import { keepsState } from '../../config/waits.ts'
import type { Counts } from '../../counts/counts.ts'
import type { Dimension } from '../../dimension/dimension.ts'
import type { HeldTask } from '../../instance/held-task.ts'
import type { Worker } from '../../instance/worker.ts'
import { statefulStages } from '../../plan/plan.ts'
import type { TaskFigures } from '../../task/task.ts'
import type { ServiceParts } from '../status/parts.ts'
import { lagsOf, memoryParts, progress, STATES, stateOf } from '../status/report.ts'
import { JOIN_REASONS, REASON_NAMES } from '../verdict/reasons.ts'
import { LEVELS, type Verdict } from '../verdict/verdict.ts'
import { storeSizes } from './disk.ts'
import { collectHeld, collectJoins } from './join-samples.ts'
import { collectLabelled } from './labelled-samples.ts'
import type { Metrics } from './metrics.ts'
import { collectVersions } from './version-samples.ts'
import { collectWaiting } from './waiting-samples.ts'

/** Reasons of rejects that `decode_errors_total` counts. */
const UNDECODED: readonly RejectReason[] = [
  'bad_key',
  'not_framed',
  'unknown_schema',
  'incompatible_schema',
  'malformed',
]

export async function collect(
  metrics: Metrics,
  parts: ServiceParts,
  verdict: Verdict,
): Promise<void> {
  const { pipeline, counts, limits, dimensions, worker } = parts
  await collectDisk(metrics, pipeline)
  collectInstance(metrics, parts)
  collectVerdict(metrics, pipeline, verdict)
  collectCounts(metrics, parts)
  collectLabelled(metrics, counts)
  for (const [d, dimension] of dimensions.entries()) {
    collectDimension(metrics, pipeline.dimensions[d].name, dimension)
  }
  collectVersions(metrics, pipeline, counts, dimensions)
  // Several may have the rows of one topic, which are read and stored once.
  for (const dimension of new Set(dimensions)) collectReading(metrics, dimension)
  for (const [part, bytes] of Object.entries(limits))
    metrics.memory_limit_bytes.set({ part }, bytes)
  for (const [part, bytes] of Object.entries(memoryParts(parts))) {
    metrics.memory_bytes.set({ part }, bytes)
  }
  if (worker !== undefined) collectTasks(metrics, parts, worker)
  collectWaiting(metrics, parts)
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

function collectVerdict(metrics: Metrics, pipeline: Pipeline, { verdict, reasons }: Verdict): void {
  const hasState = keepsState(pipeline)
  const isJoined = pipeline.joins.length > 0
  for (const one of LEVELS) metrics.verdict.set({ verdict: one }, one === verdict ? 1 : 0)
  for (const reason of REASON_NAMES) {
    if (reason === 'restoring' ? !hasState : !isJoined && JOIN_REASONS.has(reason)) continue
    const holds = reasons.some((stated) => stated.reason === reason)
    metrics.degraded.set({ reason }, holds ? 1 : 0)
  }
}

/** A hash of everything that the pipeline file says, but its secrets. */
/** The inputs of which the group's offsets alone say how far they were read. */
const stateless = (pipeline: Pipeline): string[] => {
  const sources = sourcesOf(pipeline).map(({ config }) => config.topic)
  const through = repartitioned(pipeline).map(({ side }) => sources[side])
  return pipeline.joins.length === 0 ? sources : through
}

function hashOf(pipeline: Pipeline): string {
  const text = JSON.stringify(redacted(pipeline))
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

async function collectDisk(metrics: Metrics, pipeline: Pipeline): Promise<void> {
  const sizes = await storeSizes(pipeline.state.dir, keepsState(pipeline))
  for (const [store, bytes] of Object.entries(sizes)) {
    metrics.store_disk_bytes.set({ store }, bytes)
  }
}

function collectCounts(metrics: Metrics, { pipeline, plan, counts }: ServiceParts): void {
  const { output } = pipeline
  for (const { topic, index } of plan.sources) {
    metrics.records_consumed_total.inc({ topic }, counts.consumed[index])
    metrics.bytes_consumed_total.inc({ topic }, counts.consumedBytes[index])
  }
  for (const { config } of sourcesOf(pipeline)) {
    const { topic, format, early } = config
    if (early === 'timestamp') {
      metrics.record_times_replaced_total.inc({ topic }, counts.timesReplaced.get(topic) ?? 0)
    }
    metrics.decode_errors_total.inc({ topic, format }, 0)
  }
  if (pipeline.joins.length > 0) collectJoins(metrics, pipeline, counts)
  for (const topic of stateless(pipeline)) {
    metrics.facts_read_again_total.inc({ topic }, counts.readAgain.get(topic) ?? 0)
  }
  metrics.records_dropped_total.inc({ stage: 'decode', reason: 'future_time' }, counts.droppedEarly)
  metrics.records_dropped_total.inc({ stage: 'enrich', reason: 'missing' }, counts.droppedMissing)
  metrics.records_dropped_total.inc(
    { stage: 'decode', reason: 'other_type' },
    counts.otherTypes.total,
  )
  const inputs = inputsOf(pipeline).map(({ config }) => config)
  collectFiltered(metrics, 'decode', inputs, counts)
  collectFiltered(metrics, 'output', pipeline.outputs, counts)
  collectEnvelopes(metrics, pipeline, counts)
  for (const [d, { name: dimension, topic, format }] of pipeline.dimensions.entries()) {
    metrics.dimension_lookups_total.inc({ dimension, result: 'hit' }, counts.lookupHits[d])
    metrics.dimension_lookups_total.inc({ dimension, result: 'miss' }, counts.lookupMisses[d])
    metrics.dimension_lookups_total.inc({ dimension, result: 'null' }, counts.lookupNulls[d])
    metrics.decode_errors_total.inc({ topic, format }, 0)
  }
  for (const topic of ownTopics(pipeline)) {
    metrics.records_produced_total.inc({ topic }, counts.produced.get(topic) ?? 0)
    metrics.bytes_produced_total.inc({ topic }, counts.producedBytes.get(topic) ?? 0)
  }
  metrics.record_e2e_latency_seconds.set({ topic: output.topic }, counts.latencies)
  collectRejects(metrics, pipeline, counts)
}

/** What conditions do not take: of inputs, or of completed records. */
function collectFiltered(
  metrics: Metrics,
  stage: 'decode' | 'output',
  topics: readonly { readonly topic: string; readonly where: string | null }[],
  counts: Counts,
): void {
  for (const { topic, where } of topics) {
    if (where === null) continue
    const records = counts.filtered.get(topic) ?? 0
    metrics.records_filtered_total.inc({ topic }, records)
    metrics.records_dropped_total.inc({ stage, reason: 'filtered' }, records)
  }
}

/** What envelopes tell beside rows. */
function collectEnvelopes(metrics: Metrics, pipeline: Pipeline, counts: Counts): void {
  if (inputsOf(pipeline).some(({ config }) => config.envelope !== null)) {
    const { total } = counts.passedOver
    metrics.records_dropped_total.inc({ stage: 'decode', reason: 'no_row' }, total)
  }
  for (const topic of new Set(pipeline.dimensions.map((dimension) => dimension.topic))) {
    metrics.dimension_deletions_total.inc({ topic }, counts.deletions.get(topic) ?? 0)
  }
}

function collectRejects(metrics: Metrics, pipeline: Pipeline, counts: Counts): void {
  const inputs = inputsOf(pipeline).map(({ config }) => config)
  for (const [labels, count] of counts.rejects) {
    const [topic, stage, reason] = labels.split(' ')
    metrics.rejects_total.inc({ topic, stage, reason }, count)
    if (!UNDECODED.includes(reason as RejectReason)) continue
    const format = inputs.find((input) => input.topic === topic)?.format ?? ''
    metrics.decode_errors_total.inc({ topic, format }, count)
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

function collectTasks(
  metrics: Metrics,
  { pipeline, plan, inputs }: ServiceParts,
  worker: Worker,
): void {
  const { tasks } = worker
  for (const { source, partition, records, ms } of lagsOf(worker, plan)) {
    const labels = { topic: source.topic, partition: String(partition) }
    metrics.consumer_lag_records.set(labels, records)
    metrics.consumer_lag_seconds.set(labels, ms / 1000)
  }
  for (const { number, sources } of plan.stages) {
    for (const { topic, index } of sources) {
      metrics.assigned_partitions.set({ topic }, worker.assignedOf(number))
      metrics.read_partitions.set({ topic }, worker.partitions[number])
      if (inputs !== undefined) metrics.topic_partitions.set({ topic }, inputs.partitions[index])
    }
  }
  for (const state of ['restoring', 'running']) metrics.tasks.set({ state }, 0)
  for (const { task, state } of tasks) {
    metrics.tasks.inc({ state }, 1)
    for (const [side, { topic }] of plan.stages[task.stage].sources.entries()) {
      const queue = task.queues[side]
      const labels = { topic, partition: String(task.partition) }
      if (queue.lagKnown) metrics.undecided_records.set(labels, queue.undecided)
    }
  }
  const stages = statefulStages(plan)
  const kept = tasks.filter(({ task }) => task.state !== null)
  if (stages.length > 0) collectRestores(metrics, kept, stages)
  if (pipeline.joins.length > 0) collectWindows(metrics, pipeline, kept, stages)
}

/** The first stage's are named by their partition, those of others by their stage, too. */
function taskText({ task }: HeldTask, stages: readonly StatefulStage[]): string {
  const { state } = stages.find(({ number }) => number === task.stage)!
  return state.number === 0 ? String(task.partition) : `${state.number + 1}-${task.partition}`
}

type StatefulStage = ReturnType<typeof statefulStages>[number]

function collectRestores(
  metrics: Metrics,
  tasks: readonly HeldTask[],
  stages: readonly StatefulStage[],
): void {
  for (const held of tasks) {
    const { restoreRemaining } = held
    const partition = taskText(held, stages)
    metrics.restore_records_remaining.set({ store: 'window', partition }, restoreRemaining)
  }
  const etas = tasks.map(({ restoreRemaining, restoreTotal, restoreBegun }) =>
    secondsLeft(restoreRemaining, restoreTotal, restoreBegun),
  )
  collectEta(metrics, 'window', etas)
}

function collectWindows(
  metrics: Metrics,
  pipeline: Pipeline,
  tasks: readonly HeldTask[],
  stages: readonly StatefulStage[],
): void {
  const figures = tasks.map(({ task }) => task.figures())
  for (const [i, held] of tasks.entries()) {
    const { streamTime } = figures[i]
    if (streamTime === null) continue
    const labels = { task: taskText(held, stages) }
    metrics.stream_time_timestamp_seconds.set(labels, streamTime / 1000)
  }
  const sum = (of: (task: TaskFigures) => number): number =>
    figures.reduce((total, task) => total + of(task), 0)
  metrics.window_pages.set(sum(({ pages }) => pages))
  for (const { number, firstJoin, joins } of stages) {
    const own = figures.filter((_, i) => tasks[i].task.stage === number)
    collectHeld(metrics, pipeline, own, firstJoin, joins.length)
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
