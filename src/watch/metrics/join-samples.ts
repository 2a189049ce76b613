/** What is counted, and held, of joins. A label says of which one only where there are several. */
import type { Pipeline } from '../../config/pipeline.ts'
import { sourcesOf } from '../../config/topic-names.ts'
import type { Counts, WindowCounts } from '../../counts/counts.ts'
import type { TaskFigures } from '../../task/task.ts'
import { SIDES } from '../status/parts.ts'
import type { Metrics } from './metrics.ts'

export function collectJoins(metrics: Metrics, pipeline: Pipeline, counts: Counts): void {
  const { joins } = pipeline
  const longestMs = Math.max(...joins.map(({ beforeMs, afterMs }) => Math.max(beforeMs, afterMs)))
  const graceMs = Math.max(...joins.map((join) => join.graceMs))
  for (const [source, { config }] of sourcesOf(pipeline).entries()) {
    const { topic } = config
    metrics.records_late_total.inc({ topic }, counts.late[source])
    metrics.record_lateness_seconds.set(
      { topic },
      counts.lateness[source],
      Math.max(1, (longestMs + graceMs) / 1000),
    )
  }
  for (const [j, { beforeMs, afterMs }] of joins.entries()) {
    const windowMs = Math.max(beforeMs, afterMs)
    collectWindow(metrics, labelsOf(pipeline, j), counts.windows[j], windowMs)
  }
  metrics.records_dropped_total.inc({ stage: 'window', reason: 'late' }, counts.droppedLate)
}

function collectWindow(
  metrics: Metrics,
  join: Labels,
  window: WindowCounts,
  windowMs: number,
): void {
  for (const [s, side] of SIDES.entries()) {
    metrics.window_probes_total.inc({ side, result: 'hit', ...join }, window.probeHits[s])
    metrics.window_probes_total.inc({ side, result: 'miss', ...join }, window.probeMisses[s])
    metrics.window_segments_expired_total.inc({ side, ...join }, window.segmentsExpired[s])
    metrics.window_unmatched_total.inc({ side, ...join }, window.unmatched[s])
    metrics.match_delay_seconds.set(
      { first: side, ...join },
      window.matchDelays[s],
      Math.max(1, windowMs / 1000),
    )
  }
  metrics.window_closed_matches_total.inc({ ...join }, window.closedMatches)
}

/** @param figures of the tasks of a stage that joins. @param first of its joins, by its number. @param count how many it has */
export function collectHeld(
  metrics: Metrics,
  pipeline: Pipeline,
  figures: readonly TaskFigures[],
  first: number,
  count: number,
): void {
  const sum = (of: (task: TaskFigures) => readonly number[], at: number): number =>
    figures.reduce((total, task) => total + of(task)[at], 0)
  for (let j = 0; j < count; j++) {
    const join = labelsOf(pipeline, first + j)
    for (const [s, side] of SIDES.entries()) {
      const at = j * SIDES.length + s
      metrics.window_records.set(
        { side, ...join },
        sum(({ records }) => records, at),
      )
      metrics.window_segments.set(
        { side, ...join },
        sum(({ segments }) => segments, at),
      )
    }
  }
}

type Labels = { readonly join?: string }

const labelsOf = ({ joins }: Pipeline, j: number): Labels =>
  joins.length === 1 ? {} : { join: joins[j].name }
