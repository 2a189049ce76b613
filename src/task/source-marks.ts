import type { RecordColumns } from '../batch.ts'
import type { Fetched } from '../broker/port.ts'
import type { Progress } from '../input/merge-progress.ts'
import { type Mark, markAt, ownHeaders } from '../output/internal-records.ts'
import type { StateStore } from '../state/task-state.ts'
import { IDLE } from './internal-sink.ts'

interface WaitingMark extends Mark {
  readonly offset: number
}

/**
 * How far the source partitions are whose records come, mixed, by one partition of an internal topic. Such records
 * are not in the order of time: a source partition that is read later than the others brings older ones. So stream time
 * goes no further than that of the slowest. It is told by marks among the records, and counts from there on.
 *
 * What was told is part of the task's state, beside what has come out of its window, so that a restart goes on from
 * there: a source partition that is idle is not told of again.
 */
export class SourceMarks implements StateStore, Progress {
  readonly number: number
  /** By source partition, its stream time in ms: before the first mark -Infinity, IDLE while it holds nothing back. */
  readonly #times: number[]
  /** Of records that were fetched, and not all taken. */
  readonly #waiting: WaitingMark[] = []
  /** The slowest source partition's stream time, in ms; infinite: none holds anything back. */
  horizon = Number.NEGATIVE_INFINITY
  /** How far the side is: `horizon`, or where all are idle the highest time that was told. */
  reached = Number.NEGATIVE_INFINITY

  /** @param number of the store. @param partitions of the source */
  constructor(number: number, partitions: number) {
    this.number = number
    this.#times = new Array(partitions).fill(Number.NEGATIVE_INFINITY)
  }

  /** The offset of the next mark that was fetched and not passed; infinite: there is none. */
  get nextMark(): number {
    return this.#waiting.length === 0 ? Number.POSITIVE_INFINITY : this.#waiting[0].offset
  }

  /** Takes the marks from among the records, and our headers from before their own. */
  sift(fetched: Fetched): Fetched {
    const { columns } = fetched
    const kept = this.#sift(columns)
    return kept === columns.length ? fetched : { ...fetched, columns: shortened(columns, kept) }
  }

  /** @returns how many records are left, which come first */
  #sift(columns: RecordColumns): number {
    const { headerStarts, length } = columns
    let kept = 0
    /** The first record behind the last mark. */
    let first = 0
    for (let i = 0; i < length; i++) {
      const mark = markAt(columns, i)
      if (mark === undefined) {
        headerStarts[i] = ownHeaders(columns, i)
        continue
      }
      this.#waiting.push({ ...mark, offset: columns.offsets[i] })
      kept = moveRows(columns, first, i, kept)
      first = i + 1
    }
    return moveRows(columns, first, length, kept)
  }

  /** Nothing before this offset is to be taken any more. @returns whether a mark was among it */
  pass(offset: number): boolean {
    const waiting = this.#waiting
    let passed = 0
    while (passed < waiting.length && waiting[passed].offset < offset) {
      const { partition, time } = waiting[passed++]
      this.#set(partition, time)
    }
    if (passed === 0) return false
    waiting.splice(0, passed)
    this.#settle()
    return true
  }

  /** After a restart a source partition's stage begins anew to count, and tells what is less. */
  #set(partition: number, time: number): void {
    const before = this.#times[partition] ?? Number.NEGATIVE_INFINITY
    this.#times[partition] = before === IDLE || time > before ? time : before
    if (time !== IDLE && time > this.reached) this.reached = time
  }

  #settle(): void {
    let horizon = IDLE
    for (const time of this.#times) if (time < horizon) horizon = time
    this.horizon = horizon
    if (horizon !== IDLE) this.reached = horizon
  }

  /** What was told, by source partition. */
  get closedBefore(): readonly number[] {
    return [...this.#times]
  }

  /** A source that has more partitions since has told nothing of them. */
  restored(times: readonly number[]): void {
    for (const [partition, time] of times.entries()) {
      if (partition < this.#times.length) this.#times[partition] = time
    }
    this.#settle()
  }

  // It has nothing on pages.
  restore(): void {}

  seal(): void {}

  expire(): number[] {
    return []
  }

  hasSegment(): boolean {
    return false
  }
}

const ROWS = [
  ...(['timestamps', 'offsets', 'keyStarts', 'keyEnds'] as const),
  ...(['valueStarts', 'valueEnds', 'headerStarts', 'headerEnds'] as const),
]

/** @returns behind where they are then */
function moveRows(columns: RecordColumns, from: number, end: number, to: number): number {
  if (from > to && end > from) for (const name of ROWS) columns[name].copyWithin(to, from, end)
  return to + end - from
}

const shortened = (columns: RecordColumns, length: number): RecordColumns => ({
  ...columns,
  length,
  release: () => columns.release?.(),
})
