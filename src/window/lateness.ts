import type { JoinConfig } from '../config/pipeline.ts'

/**
 * All inequalities of the join. A fact at `t` and a right record at `r` match when t − B ≤ r ≤ t + A.
 * S is stream time when a record arrives: the highest event time of the records of both sides that were
 * accepted before it. B is `before`, A is `after`, G is grace.
 *
 *                         S ≤ t + A + G             S ≤ t + A + B + G
 *                        ├─────────────┤           ├────────────────┤
 *     a fact at t:  ─────┼── open ─────┼── closed ──┼── late ───────────▶ S
 *                        t          t + A + G    t + A + B + G
 *
 *     a right record at r:
 *                   ─────┼── held ──────────────────┼── late ───────────▶ S
 *                        r                       r + A + B + G
 *
 * - Held: the record can be matched, by whatever arrives. A fact is held while it is open or closed, but
 *   what has come out without a match is not matched afterwards.
 * - Closed: a fact of a left join that has no match comes out without one, with the others of its slice of time.
 *   A fact that arrives closed is matched at once with all that is held; without a match it comes out so, too.
 * - Late: the record arrives when it would not be held any more. It joins nothing, and `join.late` says
 *   what becomes of it.
 *
 * A right record that may match a fact that is still open is never late, for the fact is open until its last
 * match can have come: r ≥ t − B and S ≤ t + A + G give S ≤ r + A + B + G.
 */
export interface Lateness {
  readonly beforeMs: number
  readonly afterMs: number
  /** A record is held, and not late, until it is further than this behind stream time: A + B + G. */
  readonly heldMs: number
  /** A fact is open until it is further than this behind stream time: A + G. */
  readonly openMs: number
}

export function latenessOf({
  beforeMs,
  afterMs,
  graceMs,
}: Pick<JoinConfig, 'beforeMs' | 'afterMs' | 'graceMs'>): Lateness {
  const openMs = afterMs + graceMs
  return { beforeMs, afterMs, heldMs: beforeMs + openMs, openMs }
}

/** @param distance the right record's time less the fact's, in ms */
export const isInside = ({ beforeMs, afterMs }: Lateness, distance: number): boolean =>
  -beforeMs <= distance && distance <= afterMs

/** Whether a record is not held any more; it is late if it arrives only now. */
export const isLate = ({ heldMs }: Lateness, time: number, streamTime: number): boolean =>
  streamTime > time + heldMs

/** Of a fact. */
export const isClosed = ({ openMs }: Lateness, time: number, streamTime: number): boolean =>
  streamTime > time + openMs
