/** The kinds of a join, which differ in whose records come out without a match. */

export const JOIN_KINDS = ['inner', 'left', 'right', 'outer'] as const
export type JoinKind = (typeof JOIN_KINDS)[number]

/** In a sentence. */
export const A_JOIN: Readonly<Record<JoinKind, string>> = {
  inner: 'an inner join',
  left: 'a left join',
  right: 'a right join',
  outer: 'an outer join',
}

/** Facts are the left side, the second stream is the right one. */
export type SideName = 'left' | 'right'

/** Whether a side's records come out without a match, once they have closed. */
export const comesOutAlone = (kind: JoinKind, side: SideName): boolean =>
  kind === 'outer' || kind === side
