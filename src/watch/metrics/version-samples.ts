import type { Pipeline } from '../../config/pipeline.ts'
import type { Counts } from '../../counts/counts.ts'
import type { Dimension } from '../../dimension/dimension.ts'
import type { Metrics } from './metrics.ts'

/** What there is of dimensions that are looked up as of a time. @param dimensions in the file's order */
export function collectVersions(
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
