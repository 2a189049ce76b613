import type { Counts } from '../../counts/counts.ts'
import type { Dimension } from '../../dimension/dimension.ts'

/** What is shown of a dimension that is loaded as a whole, again and again; null: it is not. */
export function snapshotView({ name, swaps }: Dimension, counts: Counts): object | null {
  if (swaps === null) return null
  const { boundary, complete, known } = swaps.snapshots
  const last = known.at(-1)
  return {
    complete,
    begunAt: Number.isFinite(boundary) ? boundary : null,
    loading: last === undefined || last.isRefused || last.begin <= boundary ? null : last.name,
    refused: last?.isRefused ? last.name : null,
    deleted: counts.snapshotDeletions.get(name) ?? 0,
  }
}
