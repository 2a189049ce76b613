import type { Figures } from './figures.ts'

/** Figures are kept so often. */
const EVERY_MS = 10_000
const SHORT_MS = 60_000
const LONG_MS = 600_000
/** The last minute says little where it has fewer records than this. */
const ENOUGH = 100

/** `count` of `among` records. */
export interface Part {
  readonly count: number
  readonly among: number
  /** The time in which they came. */
  readonly ms: number
}

/** The count, among the figures, that is looked at. */
type Of = (figures: Figures) => number

/** What the last minutes have brought, in bounded memory. */
export class Recent {
  readonly #marks: Figures[] = []
  #now: Figures

  constructor(first: Figures) {
    this.#now = first
    this.#marks.push(first)
  }

  add(now: Figures): void {
    this.#now = now
    const marks = this.#marks
    if (now.at - marks[marks.length - 1].at >= EVERY_MS) marks.push(now)
    // The first that is left is as old as may be looked back, or older.
    while (marks.length > 1 && marks[1].at <= now.at - LONG_MS) marks.shift()
  }

  /** How many of how many: of the last minute, or, where little comes, of the last ten. */
  part(count: Of, among: Of): Part {
    const minute = this.#since(SHORT_MS, count, among)
    return minute.among >= ENOUGH ? minute : this.#since(LONG_MS, count, among)
  }

  #since(ms: number, count: Of, among: Of): Part {
    const now = this.#now
    const then = this.#marks.findLast(({ at }) => at <= now.at - ms) ?? this.#marks[0]
    const counted = count(now) - count(then)
    return {
      count: counted,
      among: Math.max(counted, among(now) - among(then)),
      ms: now.at - then.at,
    }
  }
}
