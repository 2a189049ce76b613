/** What is seen from outside: the metrics that are sampled at a scrape, and readiness. */
import type { Pipeline } from './config/pipeline.ts'
import type { Counts } from './counts.ts'
import type { Dimension } from './dimension/dimension.ts'
import type { MemoryLimits } from './memory.ts'
import type { Check } from './ops/health.ts'
import type { Metrics } from './ops/metrics.ts'
import type { HeldTask } from './tasks.ts'
import { VERSION } from './version.ts'
import type { Worker } from './worker.ts'

const SIDES = ['left', 'right'] as const

type Counter = Metrics['rejects_total']

/** Brings a counter to the value counted elsewhere. */
function set(counter: Counter, labels: Record<string, string>, value: number): void {
  counter.remove(labels)
  counter.inc(labels, value)
}

export function collect(
  metrics: Metrics,
  pipeline: Pipeline,
  counts: Counts,
  limits: MemoryLimits,
  dimensions: readonly Dimension[],
  worker: Worker | undefined,
): void {
  metrics.build_info.set({ version: VERSION, node_version: process.version }, 1)
  metrics.state.reset()
  metrics.state.set({ state: stateOf(dimensions, worker) }, 1)
  for (const [side, topic] of [pipeline.facts.topic, pipeline.join.topic].entries()) {
    set(metrics.records_consumed_total, { topic }, counts.consumed[side])
    set(metrics.window_probes_total, { side: SIDES[side], result: 'hit' }, counts.probeHits[side])
    set(
      metrics.window_probes_total,
      { side: SIDES[side], result: 'miss' },
      counts.probeMisses[side],
    )
  }
  set(metrics.records_produced_total, { topic: pipeline.output.topic }, counts.produced)
  set(metrics.window_unmatched_total, { side: 'left' }, counts.unmatched)
  const late = pipeline.join.late === 'drop' ? counts.late[0] + counts.late[1] : 0
  set(metrics.records_dropped_total, { stage: 'window', reason: 'late' }, late)
  set(metrics.records_dropped_total, { stage: 'enrich', reason: 'missing' }, counts.droppedMissing)
  for (const [key, count] of counts.rejects) {
    const [topic, reason] = key.split(' ')
    set(metrics.rejects_total, { topic, reason }, count)
  }
  for (const [d, { name: dimension }] of pipeline.dimensions.entries()) {
    set(metrics.dimension_lookups_total, { dimension, result: 'hit' }, counts.lookupHits[d])
    set(metrics.dimension_lookups_total, { dimension, result: 'miss' }, counts.lookupMisses[d])
    const loaded = dimensions[d]
    if (loaded === undefined) continue
    metrics.dimension_rows.set({ dimension }, loaded.table.size)
    metrics.dimension_bytes.set({ dimension }, loaded.table.bytes)
    metrics.dimension_lag_records.set({ dimension }, loaded.remaining)
    metrics.dimension_last_update_timestamp_seconds.set({ dimension }, loaded.lastUpdateMs / 1000)
  }
  for (const [part, bytes] of Object.entries(limits)) {
    metrics.memory_limit_bytes.set({ part }, bytes)
  }
  for (const [part, bytes] of Object.entries(memoryParts(dimensions, worker))) {
    metrics.memory_bytes.set({ part }, bytes)
  }
  if (worker !== undefined) collectTasks(metrics, pipeline, worker)
}

export function stateOf(dimensions: readonly Dimension[], worker: Worker | undefined): string {
  if (worker === undefined) return dimensions.length === 0 ? 'starting' : 'bootstrapping'
  if (worker.draining) return 'draining'
  if (worker.paused) return 'paused'
  if (dimensions.some(({ isReady }) => !isReady)) return 'bootstrapping'
  if (!worker.joined) return 'rebalancing'
  return worker.tasks.some(({ state }) => state === 'restoring') ? 'restoring' : 'running'
}

function collectTasks(metrics: Metrics, pipeline: Pipeline, worker: Worker): void {
  // Series of tasks that have gone go with them.
  for (const gauge of [
    metrics.consumer_lag_records,
    metrics.stream_time_timestamp_seconds,
    metrics.restore_records_remaining,
    metrics.tasks,
  ])
    gauge.reset()
  set(metrics.rebalances_total, {}, worker.rebalances)
  const records = [0, 0]
  const segments = [0, 0]
  for (const { task, state, restoreRemaining } of worker.tasks) {
    const partition = String(task.partition)
    metrics.tasks.inc({ state }, 1)
    metrics.restore_records_remaining.set({ partition }, restoreRemaining)
    for (const [side, topic] of [pipeline.facts.topic, pipeline.join.topic].entries()) {
      records[side] += task.window.side(side).entries
      segments[side] += task.window.side(side).count
      metrics.consumer_lag_records.set({ topic, partition }, task.queues[side].lag)
    }
    if (Number.isFinite(task.streamTime)) {
      metrics.stream_time_timestamp_seconds.set({ task: partition }, task.streamTime / 1000)
    }
  }
  for (const side of [0, 1]) {
    metrics.window_records.set({ side: SIDES[side] }, records[side])
    metrics.window_segments.set({ side: SIDES[side] }, segments[side])
  }
}

/** Bytes that each part of the service holds. */
export function memoryParts(dimensions: readonly Dimension[], worker: Worker | undefined) {
  const bytes = { dimensions: 0, pages: 0, index: 0, fetch: 0, epoch: 0 }
  for (const { table } of dimensions) bytes.dimensions += table.bytes
  for (const { task } of worker?.tasks ?? []) {
    bytes.pages += task.window.pageBytes
    bytes.index += task.window.indexBytes
    bytes.epoch += task.epochBytes
    for (const { bufferedBytes } of task.queues) bytes.fetch += bufferedBytes
  }
  return bytes
}

/** How far reading to a known end is. The time left goes by the pace so far; null before there is one. */
export function progress(
  remaining: number,
  total: number,
  begunMs: number,
): { remaining: number; percent: number; secondsLeft: number | null } {
  const done = total - remaining
  const percent = total === 0 ? 0 : Math.floor((100 * done) / total)
  const seconds = (Date.now() - begunMs) / 1000
  return {
    remaining,
    percent,
    secondsLeft: done > 0 ? Math.ceil((seconds * remaining) / done) : null,
  }
}

function waiting(name: string, what: string, far: ReturnType<typeof progress>): Check {
  const { remaining, percent, secondsLeft } = far
  const left = secondsLeft === null ? '' : `, about ${secondsLeft} s left`
  const detail = `${what}: ${percent} %, ${remaining} offsets${left}`
  return { name, ok: false, detail, percent, secondsLeft }
}

/** What has to be so before work is done. */
export function readiness(
  pipeline: Pipeline,
  dimensions: readonly Dimension[],
  worker: Worker | undefined,
): Check[] {
  const checks = pipeline.dimensions.map((config, d): Check => {
    const name = `dimension ${config.name}`
    const dimension = dimensions[d]
    if (dimension === undefined) return { name, ok: false, detail: 'not begun' }
    const { isReady, table, remaining, total, begunMs } = dimension
    if (isReady) return { name, ok: true, detail: `${table.size} rows` }
    return waiting(name, 'reading', progress(remaining, total, begunMs))
  })
  if (worker?.draining) checks.push({ name: 'instance', ok: false, detail: 'draining' })
  const joined = worker?.joined ?? false
  const detail = joined ? 'joined' : 'joining'
  checks.push({ name: 'group', ok: joined, detail, passing: true })
  const tasks = worker?.tasks ?? []
  const restoring = tasks.filter(({ state }) => state === 'restoring')
  if (restoring.length === 0) {
    return [...checks, { name: 'tasks', ok: true, detail: `${tasks.length} running` }]
  }
  const sum = (of: (task: HeldTask) => number): number =>
    restoring.reduce((total, task) => total + of(task), 0)
  const far = progress(
    sum(({ restoreRemaining }) => restoreRemaining),
    sum(({ restoreTotal }) => restoreTotal),
    Math.min(...restoring.map(({ restoreBegun }) => restoreBegun)),
  )
  const check = waiting('tasks', `restoring ${restoring.length} of ${tasks.length}`, far)
  return [...checks, { ...check, passing: true }]
}

/** A loop that has not gone round for so long will not do so again. */
export function liveness(
  pipeline: Pipeline,
  worker: Pick<Worker, 'silentMs'> | undefined,
): Check[] {
  const most = Math.max(3 * pipeline.kafka.sessionTimeoutMs, 120_000)
  const silent = worker?.silentMs ?? 0
  const detail = `last round ${Math.round(silent / 1000)} s ago, ${most / 1000} s are allowed`
  return [{ name: 'loop', ok: silent <= most, detail }]
}
