import type { JoinConfig } from '../config/pipeline.ts'

/**
 * All inequalities of the join. A fact at `t` and a right record at `r` match when t − B ≤ r ≤ t + A.
 * S is stream time when a record arrives: the highest event time of the records of both sides that were
 * accepted before it. B is `before`, A is `after`, G is grace, and the longest time that a fact waits for a row.
 *
 *                         S ≤ t + A + G             S ≤ t + A + B + G
 *                        ├─────────────┤           ├────────────────┤
 *     a fact at t:  ─────┼── open ─────┼── closed ──┼── late ───────────▶ S
 *                        t          t + A + G    t + A + B + G
 *
 *                         S ≤ r + B + G             S ≤ r + A + B + G
 *     a right record     ├─────────────┤           ├────────────────┤
 *     at r:         ─────┼── open ─────┼── closed ──┼── late ───────────▶ S
 *                        r          r + B + G    r + A + B + G
 *
 * - Held: the record can be matched, by whatever arrives. It is held while it is open or closed, but what has come
 *   out without a match is not matched afterwards.
 * - Closed, of a side whose records come out without a match (facts of a left join, right records of a right one, both
 *   of an outer one): a record without a match comes out, with the others of its slice of time. One that arrives closed
 *   is matched at once with all that is held; without a match it comes out so, too. Else being closed means nothing.
 * - Late: the record arrives when it would not be held any more. It joins nothing, and `join.late` says
 *   what becomes of it.
 *
 * What may match a record that is still open is never late, for it is open until its last match can have come: of a
 * fact, r ≥ t − B and S ≤ t + A + G give S ≤ r + A + B + G; of a right record, t ≥ r − A and S ≤ r + B + G give
 * S ≤ t + A + B + G.
 */
export interface Lateness {
  readonly beforeMs: number
  readonly afterMs: number
  /** A record is held, and not late, until it is further than this behind stream time: A + B + G. */
  readonly heldMs: number
  /** By side: a record is open until it is further than this behind stream time; A + G of a fact, B + G of a right record. */
  readonly openMs: readonly [number, number]
}

export type LatenessConfig = Pick<JoinConfig, 'beforeMs' | 'afterMs' | 'graceMs'> &
  Partial<Pick<JoinConfig, 'waitMs'>>

/** G, of which the longest wait for a row is a part: what has waited is not late, nor has its match gone. */
export const graceOf = ({ graceMs, waitMs = 0 }: LatenessConfig): number => graceMs + waitMs

export function latenessOf(join: LatenessConfig): Lateness {
  const { beforeMs, afterMs } = join
  const grace = graceOf(join)
  const openMs = [afterMs + grace, beforeMs + grace] as const
  return { beforeMs, afterMs, heldMs: beforeMs + afterMs + grace, openMs }
}

/** @param distance the right record's time less the fact's, in ms */
export const isInside = ({ beforeMs, afterMs }: Lateness, distance: number): boolean =>
  -beforeMs <= distance && distance <= afterMs

/** Whether a record is not held any more; it is late if it arrives only now. */
export const isLate = ({ heldMs }: Lateness, time: number, streamTime: number): boolean =>
  streamTime > time + heldMs

export const isClosed = (
  { openMs }: Lateness,
  side: number,
  time: number,
  streamTime: number,
): boolean => streamTime > time + openMs[side]
