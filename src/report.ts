/** What is seen from outside: the metrics that are sampled at a scrape, and readiness. */
import type { Pipeline } from './config/pipeline.ts'
import type { Counts } from './counts.ts'
import type { Dimension } from './dimension/dimension.ts'
import type { MemoryLimits } from './memory.ts'
import type { Check } from './ops/http.ts'
import type { Metrics } from './ops/metrics.ts'
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
  const rows = dimensions.reduce((sum, { table }) => sum + table.bytes, 0)
  metrics.memory_bytes.set({ part: 'dimensions' }, rows)
  if (worker !== undefined) collectTasks(metrics, pipeline, worker)
}

function stateOf(dimensions: readonly Dimension[], worker: Worker | undefined): string {
  if (worker === undefined) return dimensions.length === 0 ? 'starting' : 'bootstrapping'
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
  const memory = { pages: 0, index: 0, fetch: 0, epoch: 0 }
  for (const { task, state, restoreRemaining } of worker.tasks) {
    const partition = String(task.partition)
    metrics.tasks.inc({ state }, 1)
    metrics.restore_records_remaining.set({ partition }, restoreRemaining)
    memory.pages += task.window.pageBytes
    memory.index += task.window.indexBytes
    memory.epoch += task.epochBytes
    for (const [side, topic] of [pipeline.facts.topic, pipeline.join.topic].entries()) {
      records[side] += task.window.side(side).entries
      segments[side] += task.window.side(side).count
      memory.fetch += task.queues[side].bufferedBytes
      metrics.consumer_lag_records.set({ topic, partition }, task.queues[side].lag)
    }
    if (Number.isFinite(task.streamTime)) {
      metrics.stream_time_timestamp_seconds.set({ task: partition }, task.streamTime / 1000)
    }
  }
  for (const [part, bytes] of Object.entries(memory)) metrics.memory_bytes.set({ part }, bytes)
  for (const side of [0, 1]) {
    metrics.window_records.set({ side: SIDES[side] }, records[side])
    metrics.window_segments.set({ side: SIDES[side] }, segments[side])
  }
}

export function readiness(
  pipeline: Pipeline,
  dimensions: readonly Dimension[],
  worker: Worker | undefined,
): Check[] {
  const checks = pipeline.dimensions.map(({ name }, d): Check => {
    const dimension = dimensions[d]
    const ok = dimension?.isReady ?? false
    return {
      name: `dimension ${name}`,
      ok,
      detail: ok ? `${dimension.table.size} rows` : `${dimension?.remaining ?? 'all'} offsets left`,
    }
  })
  const joined = worker?.joined ?? false
  checks.push({ name: 'group', ok: joined, detail: joined ? 'joined' : 'joining' })
  const restoring = worker?.tasks.filter(({ state }) => state === 'restoring').length ?? 0
  checks.push({
    name: 'tasks',
    ok: restoring === 0,
    detail: restoring === 0 ? `${worker?.tasks.length ?? 0} running` : `${restoring} restoring`,
  })
  return checks
}
