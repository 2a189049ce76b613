import type { RecordColumns } from '../batch.ts'
import { compact, heldBytes } from '../broker/column-arrays.ts'
import type { Fetched } from '../broker/port.ts'

/** A fetched batch on its way through a task. */
export interface Block {
  readonly columns: RecordColumns
  /** Event time of each record, in ms; to be filled, or checked, before it is used. */
  times: Float64Array
  timesRead: boolean
  /** The next record to take. */
  at: number
}

/** Where more blocks than this wait, others get memory of their own: the task stands still, for minutes perhaps. */
const MOST_SHARED = 8
/** An answer older than this says nothing: its leader may be away, and records have come there. */
const FRESH_MS = 2000

/** What one input of a task has fetched and not yet taken. */
export class InputQueue {
  readonly #blocks: Block[] = []
  readonly #timeField: boolean
  readonly #elapsed: () => number
  /** Memory of what waits. */
  bufferedBytes = 0
  /** Behind everything that was fetched. */
  #position = -1
  #lastStableOffset = Number.POSITIVE_INFINITY
  /** Where the partition ended at the last answer. */
  #end = Number.POSITIVE_INFINITY
  /** Since when nothing but undecided records is left; undefined: it is not so. */
  #undecidedAt: number | undefined
  #answeredAt = Number.NEGATIVE_INFINITY
  /** The next offset to read once all that was taken is committed; -1 before the first. */
  taken = -1
  /** Timestamp of the record that was taken last, in ms; 0 before the first. */
  #takenTimestamp = 0
  /** Behind the last record that was taken, and up to where all is committed; -1 before the first. */
  #takenEnd = -1
  #committed = -1
  /** Where reading has begun. */
  #start = Number.POSITIVE_INFINITY
  /** A bounded run takes nothing from this offset on. */
  endsAt = Number.POSITIVE_INFINITY

  /** @param elapsed a clock for durations, in ms, which never goes back */
  constructor(timeField: boolean, elapsed: () => number = () => performance.now()) {
    this.#timeField = timeField
    this.#elapsed = elapsed
  }

  /**
   * Nothing is taken yet.
   * @param committed the group's offset; -1: it has none
   * @param start where reading begins
   */
  begin(committed: number, start: number): void {
    this.taken = this.#committed = committed
    this.#start = start
  }

  offer(fetched: Fetched): void {
    let columns = before(fetched.columns, this.endsAt)
    this.#answeredAt = this.#elapsed()
    this.#position = columns.nextOffset
    this.#lastStableOffset = fetched.lastStableOffset
    this.#end = fetched.highWatermark
    if (this.undecided === 0) this.#undecidedAt = undefined
    else this.#undecidedAt ??= this.#answeredAt
    if (columns.length === 0) {
      if (this.#blocks.length === 0) this.#pass(columns.nextOffset)
      columns.release?.()
      return
    }
    if (this.#blocks.length >= MOST_SHARED) columns = compact(columns)
    this.bufferedBytes += heldBytes(columns)
    const times = this.#timeField ? new Float64Array(columns.length) : columns.timestamps
    this.#blocks.push({ columns, times, timesRead: false, at: 0 })
  }

  /** All that lay before it are control records, and records of aborted transactions. */
  #pass(offset: number): void {
    if (this.taken >= 0 || offset > this.#start) this.taken = offset
  }

  /** Whether more was taken, or passed over, than is committed. */
  get hasMoved(): boolean {
    return this.taken > this.#committed
  }

  /** Where the partition ends, of who has looked while nothing is fetched. */
  sawEnd(offset: number): void {
    if (offset > this.#lastStableOffset || !Number.isFinite(this.#lastStableOffset)) {
      this.#lastStableOffset = offset
    }
  }

  get head(): Block | undefined {
    return this.#blocks[0]
  }

  /**
   * Nothing waits here, and nothing more was on the broker at the last look, a moment ago: no records of
   * open transactions either, whose times nobody knows.
   */
  get caughtUp(): boolean {
    if (this.ended) return true
    if (this.#blocks.length > 0 || this.#position < this.#end) return false
    return this.#elapsed() - this.#answeredAt < FRESH_MS
  }

  /** Offsets behind all that may be read: of transactions that are open. 0 while there is something to read. */
  get undecided(): number {
    const isAtEnd = this.#position >= this.#lastStableOffset && this.#position < this.endsAt
    return isAtEnd ? this.#end - this.#position : 0
  }

  /** For how long nothing but undecided records has been left, in ms; 0 where it is not so. */
  get undecidedMs(): number {
    return this.#undecidedAt === undefined ? 0 : this.#elapsed() - this.#undecidedAt
  }

  /** Nothing more has to be fetched. */
  get complete(): boolean {
    return this.#position >= this.endsAt
  }

  /** Everything was taken, and nothing more will come. */
  get ended(): boolean {
    return this.complete && this.#blocks.length === 0
  }

  /** Ends here: what waits is not taken. */
  end(): void {
    for (const { columns } of this.#blocks.splice(0)) columns.release?.()
    this.bufferedBytes = 0
    this.#position = Math.max(this.#position, this.taken)
    this.endsAt = Math.min(this.endsAt, this.#position)
  }

  /** Whether it is known what waits: after the restore, once a look at the partition has told where it ends. */
  get lagKnown(): boolean {
    return this.taken >= 0 && Number.isFinite(this.#lastStableOffset)
  }

  /** Offsets between what is committed and the end of the partition; 0 while that is not known. */
  get lag(): number {
    return this.lagKnown ? Math.max(0, this.#lastStableOffset - this.#settled) : 0
  }

  /** Offsets between what was taken and the end of the partition; 0 while that is not known. */
  get untaken(): number {
    return this.lagKnown ? Math.max(0, this.#lastStableOffset - this.taken) : 0
  }

  /** An epoch is committed that has all that was taken up to this offset. */
  committed(offset: number): void {
    this.#committed = Math.max(this.#committed, offset)
  }

  /** Control records behind the last record need no commit: without that an idle input would have a lag for ever. */
  get #settled(): number {
    return this.#committed < this.#takenEnd ? this.#committed : this.taken
  }

  /**
   * How long ago the next record was written, in ms; 0 where none is left. While it is not fetched
   * yet the one before it is looked at.
   */
  lagMs(now: number): number {
    const { head } = this
    if (head === undefined && (this.untaken === 0 || this.#takenTimestamp === 0)) return 0
    const timestamp = head ? head.columns.timestamps[head.at] : this.#takenTimestamp
    return Math.max(0, now - timestamp)
  }

  /** The head's records up to `at` have been taken. */
  advance(at: number): void {
    const block = this.#blocks[0]
    const { columns } = block
    if (this.#committed < 0) {
      this.#committed = this.taken >= 0 ? this.taken : columns.offsets[block.at]
    }
    block.at = at
    this.#takenEnd = columns.offsets[at - 1] + 1
    this.#takenTimestamp = columns.timestamps[at - 1]
    if (at < columns.length) {
      this.taken = columns.offsets[at - 1] + 1
      return
    }
    this.taken = columns.nextOffset
    this.bufferedBytes -= heldBytes(columns)
    this.#blocks.shift()
    columns.release?.()
  }
}

/** The records before an offset, which is then the next. */
function before(columns: RecordColumns, end: number): RecordColumns {
  if (columns.nextOffset <= end) return columns
  let { length } = columns
  while (length > 0 && columns.offsets[length - 1] >= end) length--
  return { ...columns, length, nextOffset: end, release: () => columns.release?.() }
}
