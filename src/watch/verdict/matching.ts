import type { JoinFigures } from './figures.ts'

/** So many records of each side without a match are no chance any more. */
const MANY = 2000
/** So many matches should have come among them, going by how many came before. */
const DUE = 20

/** What has come without one match. */
export interface Silence {
  /** The number of the join; the first that is silent. */
  readonly join: number
  /** Records of each side since the last match, or the start. */
  readonly left: number
  readonly right: number
  /** Keys of one side were there on the other: it is the times that do not fit. */
  readonly keysFound: boolean
}

/** Whether the two sides of each join still find one another. */
export class Matching {
  readonly #joins: readonly JoinMatching[]

  /** @param first by join */
  constructor(first: readonly JoinFigures[]) {
    this.#joins = first.map((figures, j) => new JoinMatching(j, figures))
  }

  look(now: readonly JoinFigures[]): void {
    for (const [j, join] of this.#joins.entries()) join.look(now[j])
  }

  /** What has come without a match; undefined: there are matches, or it is too early to tell, as no window has closed. */
  get silence(): Silence | undefined {
    for (const { silence } of this.#joins) if (silence !== undefined) return silence
    return undefined
  }
}

class JoinMatching {
  readonly #join: number
  /** The figures as they were at the last match. */
  #then: JoinFigures
  #now: JoinFigures

  constructor(join: number, first: JoinFigures) {
    this.#join = join
    this.#then = this.#now = first
  }

  look(now: JoinFigures): void {
    this.#now = now
    if (now.matches > this.#then.matches) this.#then = now
  }

  get silence(): Silence | undefined {
    const then = this.#then
    const now = this.#now
    const [left, right] = now.taken.map((taken, side) => taken - then.taken[side])
    const least = Math.min(left, right)
    const closed = now.closed.every((segments, side) => segments > then.closed[side])
    const due = then.matches * least >= DUE * Math.min(...then.taken)
    if (least < MANY || !closed || !due) return undefined
    return { join: this.#join, left, right, keysFound: now.keysFound > then.keysFound }
  }
}
