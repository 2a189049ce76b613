import { SLICE } from '../batch.ts'
import type { Block, InputQueue } from '../input/input-queue.ts'
import { ALL, merge, type Slice } from '../input/merge.ts'
import { mergeMany } from '../input/merge-many.ts'
import { mergeByProgress } from '../input/merge-progress.ts'
import type { Horizons } from './horizons.ts'
import type { RowWait } from './row-wait.ts'

/**
 * Chooses the records that a join takes next; a fact that waits for rows holds all sides.
 * @param horizons null: no side is repartitioned. @param rows null: no look-up is as of a time
 * @returns whether there are any
 */
export function nextSlice(
  slice: Slice,
  queues: readonly InputQueue[],
  horizons: Horizons | null,
  rows: RowWait | null,
): boolean {
  const [facts, right] = queues
  const { head } = facts
  const factsEnd = rows === null || head === undefined ? ALL : rows.endOf(head, mostOf(head))
  if (horizons !== null) {
    return mergeByProgress(slice, queues, horizons.sides, horizons.leadMs, factsEnd)
  }
  if (queues.length > 2) return mergeMany(slice, queues, factsEnd)
  return merge(slice, facts, right, factsEnd)
}

/** Behind what a slice may have of a block. */
const mostOf = ({ columns, at }: Block): number => Math.min(columns.length, at + SLICE)
