/** What a dimension's store says of itself, and whether it goes on from where its topic is now. */
import type { Extent } from './extent.ts'
import type { Mark } from './marks.ts'
import { stampBytes } from './stamp.ts'

export interface DimensionCheckpoint {
  readonly layout: string
  /** The next offsets to read, by partition. */
  readonly offsets: readonly number[]
  /**
   * Wall clock, in ms: all that was in the topic then is stored or lies ahead. Older than the topic's
   * delete.retention.ms, it may have missed deletions.
   */
  readonly currentAt: number
  /** Timestamp of the latest record, in ms. */
  readonly lastUpdateMs?: number
  /** null: the broker gave none; undefined: it was written before ids were. */
  readonly topicId?: string | null
  /** Bytes of each value's stamp; undefined: it was written before there were stamps. */
  readonly stampBytes?: number
  /** By partition, where there is no id; null: nothing was read of it. */
  readonly marks?: readonly (Mark | null)[]
}

/**
 * Why rows that are there cannot be used any more: they are of another layout; their topic was made anew; it has more
 * partitions, which the stored rows cannot be told from; they may have missed deletions; retention or truncation has
 * taken what lies between; a key lies on two partitions, and there are no times to tell the newer by; a page is damaged.
 */
export const ANEW_REASONS = {
  layout: 'its columns, or the times that its rows are kept by, are others',
  recreated: 'its topic was deleted and made anew',
  partitions: 'its topic has another number of partitions',
  stale: 'it is older than delete.retention.ms, and may have missed deletions',
  out_of_range: 'its topic does not have the next records any more',
  moved_keys: 'keys lie on several partitions, which takes times to tell the newer row',
  damaged: 'a page is damaged',
} as const
export type AnewReason = keyof typeof ANEW_REASONS

/** undefined: it goes on. */
export function unusableBecause(
  checkpoint: DimensionCheckpoint,
  layout: string,
  { id, heads, ends, keepMs }: Extent,
): AnewReason | undefined {
  const { layout: stored, offsets, topicId = null, currentAt } = checkpoint
  if (stored !== layout) return 'layout'
  if (topicId !== null && id !== null && topicId !== id) return 'recreated'
  const stamps = checkpoint.stampBytes ?? (offsets.length === 1 ? 0 : -1)
  if (offsets.length > heads.length || stamps < stampBytes(heads.length)) return 'partitions'
  if (Date.now() - currentAt >= keepMs) return 'stale'
  if (offsets.some((offset, p) => offset > ends[p])) return 'recreated'
  if (offsets.some((offset, p) => offset < heads[p])) return 'out_of_range'
  return undefined
}
