import type { JoinFigures } from './figures.ts'

/** So many records of each side without a match are no chance any more. */
const MANY = 2000
/** So many matches should have come among them, going by how many came before. */
const DUE = 20

/** What has come without one match. */
export interface Silence {
  /** Records of each side since the last match, or the start. */
  readonly left: number
  readonly right: number
  /** Keys of one side were there on the other: it is the times that do not fit. */
  readonly keysFound: boolean
}

/** Whether the two sides of the join still find one another. */
export class Matching {
  /** The figures as they were at the last match. */
  #then: JoinFigures
  #now: JoinFigures

  constructor(first: JoinFigures) {
    this.#then = this.#now = first
  }

  look(now: JoinFigures): void {
    this.#now = now
    if (now.matches > this.#then.matches) this.#then = now
  }

  /** What has come without a match; undefined: there are matches, or it is too early to tell, as no window has closed. */
  get silence(): Silence | undefined {
    const then = this.#then
    const now = this.#now
    const [left, right] = now.taken.map((taken, side) => taken - then.taken[side])
    const least = Math.min(left, right)
    const closed = now.closed.every((segments, side) => segments > then.closed[side])
    const due = then.matches * least >= DUE * Math.min(...then.taken)
    if (least < MANY || !closed || !due) return undefined
    return { left, right, keysFound: now.keysFound > then.keysFound }
  }
}
