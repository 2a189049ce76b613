import { comesOutAlone, type JoinKind } from '../config/join-kind.ts'
import { LEFT, RIGHT } from '../state/page.ts'
import type { PageWriter } from '../state/page-writer.ts'
import { type OfWindow, OuterSide } from './outer-side.ts'

/** The sides of a window whose records come out without a match: none of an inner join, both of an outer one. */
export class OuterSides {
  /** By side; undefined: its records come out with a match only. */
  readonly of: readonly [OuterSide | undefined, OuterSide | undefined]
  /** Those that there are, facts first. */
  readonly all: readonly OuterSide[]

  constructor(kind: JoinKind, window: OfWindow) {
    this.of = [
      comesOutAlone(kind, 'left') ? new OuterSide(LEFT, window) : undefined,
      comesOutAlone(kind, 'right') ? new OuterSide(RIGHT, window) : undefined,
    ]
    this.all = this.of.filter((side) => side !== undefined)
  }

  /** Whether `close` has anything to do. */
  get isDue(): boolean {
    for (const side of this.all) if (side.isDue) return true
    return false
  }

  /** Entries that have not closed yet, whether they have matched or not. */
  get pending(): number {
    return this.all.reduce((sum, { closing }) => sum + closing.pending, 0)
  }

  /** The join's stream time at which everything that is pending has closed. */
  get closedAt(): number {
    const pending = this.all.filter(({ closing }) => closing.pending > 0)
    return Math.max(...pending.map(({ closedAt }) => closedAt))
  }

  /** Whether a record has come that is to come out at once. */
  get isOverdue(): boolean {
    for (const { closing } of this.all) if (closing.isOverdue) return true
    return false
  }

  /** Of each side: what is older has come out. */
  get closedBefore(): readonly number[] {
    return this.all.map(({ closing }) => closing.closedBefore)
  }

  /** As `OuterSide.close`. */
  async close(full: () => boolean): Promise<void> {
    for (const side of this.all) await side.close(full)
  }

  /** The epoch ends: what has matched in it goes on pages. */
  seal(writer: PageWriter): void {
    for (const side of this.all) side.seal(writer)
  }

  /** After a restore. @param closedBefore as this object had it */
  restored(closedBefore: readonly number[]): void {
    for (const [i, { closing }] of this.all.entries()) {
      closing.restored(closedBefore[i] ?? Number.NEGATIVE_INFINITY)
    }
  }
}
