import { type Counts, REBALANCE_REASONS } from '../../counts/counts.ts'
import type { Metrics } from './metrics.ts'

/** What is counted by what it was: requests, errors, commits, operations of stores. */
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
