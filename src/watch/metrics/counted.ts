/** The samples of what an instance counts, of its topics and of itself. */
import type { RejectReason } from '../../batch.ts'
import type { JoinConfig, Pipeline } from '../../config/pipeline.ts'
import { inputsOf, ownTopics, sourcesOf } from '../../config/topic-names.ts'
import { type Counts, REBALANCE_REASONS } from '../../counts/counts.ts'
import { SIDES } from '../status/parts.ts'
import type { Metrics } from './metrics.ts'

/** Reasons of rejects that `decode_errors_total` counts. */
const UNDECODED: readonly RejectReason[] = [
  'bad_key',
  'not_framed',
  'unknown_schema',
  'incompatible_schema',
  'malformed',
]

/** What is counted of the pipeline's topics and dimensions. */
export function collectCounts(metrics: Metrics, pipeline: Pipeline, counts: Counts): void {
  const { output } = pipeline
  for (const [s, { config }] of sourcesOf(pipeline).entries()) {
    const { topic, format, early } = config
    if (early === 'timestamp') {
      metrics.record_times_replaced_total.inc({ topic }, counts.timesReplaced.get(topic) ?? 0)
    }
    metrics.records_consumed_total.inc({ topic }, counts.consumed[s])
    metrics.bytes_consumed_total.inc({ topic }, counts.consumedBytes[s])
    metrics.decode_errors_total.inc({ topic, format }, 0)
  }
  if (pipeline.join !== null) collectJoin(metrics, pipeline, pipeline.join, counts)
  else {
    const { topic } = pipeline.facts
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

function collectJoin(metrics: Metrics, pipeline: Pipeline, join: JoinConfig, counts: Counts): void {
  const windowMs = Math.max(join.beforeMs, join.afterMs)
  for (const [s, side] of SIDES.entries()) {
    const { topic } = sourcesOf(pipeline)[s].config
    metrics.records_late_total.inc({ topic }, counts.late[s])
    metrics.window_probes_total.inc({ side, result: 'hit' }, counts.probeHits[s])
    metrics.window_probes_total.inc({ side, result: 'miss' }, counts.probeMisses[s])
    metrics.window_segments_expired_total.inc({ side }, counts.window.segmentsExpired[s])
    metrics.match_delay_seconds.set(
      { first: side },
      counts.window.matchDelays[s],
      Math.max(1, windowMs / 1000),
    )
    metrics.record_lateness_seconds.set(
      { topic },
      counts.lateness[s],
      Math.max(1, (windowMs + join.graceMs) / 1000),
    )
  }
  metrics.window_unmatched_total.inc({ side: 'left' }, counts.unmatched)
  metrics.window_closed_matches_total.inc(counts.window.closedMatches)
  metrics.records_dropped_total.inc({ stage: 'window', reason: 'late' }, counts.droppedLate)
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

/** What is counted of the service itself. */
export function collectLabelled(metrics: Metrics, counts: Counts): void {
  metrics.slice_duration_seconds.set({}, counts.slices)
  metrics.transaction_duration_seconds.set({}, counts.commits)
  for (const result of ['committed', 'aborted', 'fenced']) {
    metrics.transactions_total.inc({ result }, counts.transactions.get(result) ?? 0)
  }
  metrics.epochs_failing_seconds.set({}, counts.failing.ms / 1000)
  metrics.backpressure_seconds_total.inc({ reason: 'commit' }, counts.waitedForCommitMs / 1000)
  for (const [stage, times] of counts.stages) metrics.stage_duration_seconds.set({ stage }, times)
  for (const reason of REBALANCE_REASONS) {
    metrics.rebalances_total.inc({ reason }, counts.rebalances.get(reason) ?? 0)
  }
  metrics.rebalance_duration_seconds.set({}, counts.rebalanceTimes)
  for (const [labels, count] of counts.errors) {
    const [component, code] = labels.split(' ')
    metrics.errors_total.inc({ component, code }, count)
  }
  for (const [labels, times] of counts.storeOps) {
    const [store, op] = labels.split(' ')
    metrics.store_op_duration_seconds.set({ store, op }, times)
  }
  for (const [labels, count] of counts.quarantined) {
    const [store, reason] = labels.split(' ')
    metrics.stores_quarantined_total.inc({ store, reason }, count)
  }
  for (const [store, times] of counts.restores)
    metrics.restore_duration_seconds.set({ store }, times)
  for (const [store, count] of counts.restored) metrics.restore_records_total.inc({ store }, count)
  for (const [store, count] of counts.restoredBytes)
    metrics.restore_bytes_total.inc({ store }, count)
  for (const [api, times] of counts.kafkaRequests) {
    metrics.kafka_request_duration_seconds.set({ api }, times)
  }
  for (const [labels, count] of counts.kafkaErrors) {
    const [api, error] = labels.split(' ')
    metrics.kafka_request_errors_total.inc({ api, error }, count)
  }
  for (const [broker, count] of counts.kafkaConnections) {
    metrics.kafka_connections.set({ broker }, count)
  }
  for (const [labels, times] of counts.httpRequests) {
    const [route, method, code] = labels.split(' ')
    metrics.http_requests_total.inc({ route, method, code }, times.count)
    metrics.http_request_duration_seconds.set({ route, method, code }, times)
  }
}
