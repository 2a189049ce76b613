import type { Pipeline } from '../../config/pipeline.ts'
import type { Counts } from '../../counts/counts.ts'
import type { Dimension } from '../../dimension/dimension.ts'
import type { Metrics } from './metrics.ts'

/** What there is of rows that are not just the latest of their keys. @param dimensions in the file's order */
export function collectRows(
  metrics: Metrics,
  pipeline: Pipeline,
  counts: Counts,
  dimensions: readonly Dimension[],
): void {
  collectVersions(metrics, pipeline, counts, dimensions)
  collectSnapshots(metrics, counts, dimensions)
}

/** Of dimensions that are looked up as of a time. */
function collectVersions(
  metrics: Metrics,
  pipeline: Pipeline,
  counts: Counts,
  dimensions: readonly Dimension[],
): void {
  for (const [d, { name, versions }] of dimensions.entries()) {
    if (versions === null) continue
    const labels = { dimension: pipeline.dimensions[d].name }
    metrics.dimension_versions.set(labels, versions.table.versions)
    metrics.dimension_late_rows_total.inc(labels, counts.lateRows.get(name) ?? 0)
    metrics.dimension_facts_before_history_total.inc(labels, counts.beforeHistory[d])
  }
  if (pipeline.dimensions.some(({ asOf }) => asOf !== null)) {
    metrics.row_wait_seconds_total.inc(counts.waitedForRowsMs / 1000)
  }
}

/** Of dimensions that are loaded as a whole, again and again. */
function collectSnapshots(
  metrics: Metrics,
  counts: Counts,
  dimensions: readonly Dimension[],
): void {
  for (const { name: dimension, swaps } of new Set(dimensions)) {
    if (swaps === null) continue
    for (const outcome of ['complete', 'refused']) {
      const count = counts.snapshots.get(`${dimension} ${outcome}`) ?? 0
      metrics.dimension_snapshots_total.inc({ dimension, outcome }, count)
    }
    const deleted = counts.snapshotDeletions.get(dimension) ?? 0
    metrics.dimension_snapshot_deletions_total.inc({ dimension }, deleted)
  }
}
