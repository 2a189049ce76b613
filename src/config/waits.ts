/** How long facts wait for a row that is missing, and which pipelines keep state for it. */
import type { DimensionConfig, Pipeline } from './pipeline.ts'
import type { RawMissing } from './raw-pipeline.ts'
import { milliseconds } from './units.ts'

/** What becomes of a fact without a row, from both forms of the file. */
export function missingOf(
  raw: RawMissing | undefined,
): Pick<DimensionConfig, 'missing' | 'waitMs'> {
  if (raw === undefined || raw === null || typeof raw === 'string') {
    return { missing: raw ?? 'null', waitMs: 0 }
  }
  return { missing: raw.then ?? 'null', waitMs: milliseconds(raw.wait) }
}

/** How long a fact waits for rows at most, in ms; 0: none waits. */
export const longestWait = (dimensions: readonly Pick<DimensionConfig, 'waitMs'>[]): number =>
  Math.max(0, ...dimensions.map(({ waitMs }) => waitMs))

/** What decides whether tasks keep state from one record to the next. */
export type Keeping = Pick<Pipeline, 'joins' | 'dimensions'>

/** Whether tasks keep state: records that are joined wait in a window, and so do facts that lack a row. */
export const keepsState = ({ joins, dimensions }: Keeping): boolean =>
  joins.length > 0 || longestWait(dimensions) > 0
