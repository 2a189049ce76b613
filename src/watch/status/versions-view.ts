/** What is shown of dimensions that are looked up as of a time, and of the facts that wait for their rows. */
import { plural } from '../../config/text.ts'
import type { Counts } from '../../counts/counts.ts'
import type { Dimension } from '../../dimension/dimension.ts'
import { lookedUpIn, type SlowestRows } from '../../dimension/row-limit.ts'
import type { RunnableTask } from '../../task/task.ts'

/** null: its rows are looked up as they are now. @param d its place in the file */
export function versionsView(
  { name, versions }: Dimension,
  d: number,
  counts: Counts,
): object | null {
  if (versions === null) return null
  return {
    versions: versions.table.versions,
    late: counts.lateRows.get(name) ?? 0,
    beforeHistory: counts.beforeHistory[d],
  }
}

/** Whose rows facts wait for; undefined: all are read past them, or to their ends. */
export const slowestOf = (dimensions: readonly Dimension[]): SlowestRows | undefined =>
  lookedUpIn(dimensions).rowLimit?.slowest

/** What facts wait for, in words. */
export const rowsText = ({ dimension, topic, partition, behind }: SlowestRows): string =>
  `rows of the dimension ${dimension}, whose ${topic}-${partition} is ${plural(behind, 'offset')} behind`

/** What a task waits for; null: for no row. */
export function waitOf(
  { rowWait }: Pick<RunnableTask, 'rowWait'>,
  slowest: SlowestRows | undefined,
): object | null {
  const waiting = rowWait?.waiting ?? null
  // Meanwhile the rows may have come: then it goes on with the next turn.
  if (waiting === null || slowest === undefined) return null
  const { dimension, topic, partition, latest, behind } = slowest
  return {
    factAt: waiting.time,
    ms: waiting.ms,
    dimension,
    topic,
    partition,
    rowsUpTo: Number.isFinite(latest) ? latest : null,
    behind,
  }
}
