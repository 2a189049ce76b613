import { type Bytes, hashBytes } from '../bytes.ts'
import type { WindowCounts } from '../counts/counts.ts'
import { LooseRecord } from '../output/loose-record.ts'
import type { HeaderSection } from '../output/match-headers.ts'
import type { OutputHeaders } from '../output/output-headers.ts'
import type { Entry, MissingParts } from '../output/task-output.ts'
import type { TaskRejects } from '../output/task-rejects.ts'
import { timeText } from '../output/time-text.ts'
import type { Join } from '../plan/plan.ts'
import { LEFT } from '../state/page.ts'
import { reachMs } from '../window/join-clock.ts'
import type { JoinWindow } from '../window/join-window.ts'
import { isLate } from '../window/lateness.ts'
import type { JoinSink } from '../window/window-options.ts'
import { BodyParts } from './body-parts.ts'
import type { RowMarks } from './interval-rows.ts'
import type { TaskContext } from './task.ts'

/** Takes a record that was late, and comes out of its join at once, without a match. */
export interface LateSink {
  late(side: number, record: Entry): void
}

export interface NextJoinOptions {
  readonly context: TaskContext
  /** The join whose sink this is, and the one that takes what it gives. */
  readonly from: Join
  readonly to: Join
  /** What `from` gives has in place of a side that is missing. */
  readonly missing: MissingParts
  readonly rejects: TaskRejects
  /** Of `to`. */
  readonly counts: WindowCounts
  /** Which ones what `from` finds has. */
  readonly headers: OutputHeaders
  /** Of a bounded run; null: every row comes out. */
  readonly marks: RowMarks | null
}

/** Between two joins of a chain: what the first finds, or closes without a match, is a left record of the second. */
export class NextJoin implements JoinSink, LateSink {
  readonly #options: NextJoinOptions
  readonly #parts: BodyParts
  readonly #maxEntryBytes: number
  readonly #counts: WindowCounts
  readonly #headers: OutputHeaders
  readonly #marks: RowMarks | null
  readonly #lateRecord = new LooseRecord()
  /** The record's time: an array, as `insert` takes it. */
  readonly #times = new Float64Array(1)
  #from!: JoinWindow
  #to!: JoinWindow
  #late!: LateSink

  constructor(options: NextJoinOptions) {
    this.#options = options
    const { context, missing, counts, headers, marks } = options
    this.#parts = new BodyParts(context.outputs.shape.between, missing)
    this.#maxEntryBytes = context.maxEntryBytes
    this.#counts = counts
    this.#headers = headers
    this.#marks = marks
  }

  /** @param late takes what comes out of `to` at once, as it is late there */
  connect(from: JoinWindow, to: JoinWindow, late: LateSink): void {
    this.#from = from
    this.#to = to
    this.#late = late
  }

  match(left: Entry, right: Entry): void {
    const from = this.#from
    this.#to.takenAt = from.takenAt - from.times.heldMs
    const time = left.time > right.time ? left.time : right.time
    this.#take(left, this.#headers.ofMatch(left, right), time, left, right)
  }

  unmatched(side: number, record: Entry): void {
    this.#to.takenAt = record.time - reachMs(this.#from.times, side)
    this.#takeAlone(side, record)
  }

  /** It comes when it comes, and so may be late in the next join, too. */
  late(side: number, record: Entry): void {
    const to = this.#to
    to.takenAt = to.clock.streamTime
    if (isLate(to.times, record.time, to.takenAt)) this.#takeLate(side, record)
    else this.#takeAlone(side, record)
  }

  #takeAlone(side: number, record: Entry): void {
    if (side === LEFT) this.#take(record, record, record.time, record, null)
    else this.#take(record, record, record.time, null, record)
  }

  /** @param keyed has the key. @param left @param right the parts of the body; null: it is missing */
  #take(
    keyed: Entry,
    headers: HeaderSection,
    time: number,
    left: Entry | null,
    right: Entry | null,
  ): void {
    const to = this.#to
    const { buffer, keyStart, keyEnd } = keyed
    const { headersStart, headersEnd } = headers
    const bytes = this.#bodyBytes(left, right)
    const around = keyEnd - keyStart + headersEnd - headersStart
    if (bytes + around > this.#maxEntryBytes) {
      this.#tooLarge(left === null ? keyed : (this.#marks?.ofLeft(left) ?? left), bytes)
      return
    }
    this.#times[0] = time
    const hash = hashBytes(buffer, keyStart, keyEnd)
    const at = to.insert(
      LEFT,
      this.#times,
      0,
      hash,
      buffer,
      keyStart,
      keyEnd,
      headers.buffer,
      headersStart,
      headersEnd,
      bytes,
    )
    this.#write(left, right, to.bodyBuffer, at)
    this.#counts.probe(LEFT, to.probeAsTaken(LEFT, hash))
  }

  #bodyBytes(left: Entry | null, right: Entry | null): number {
    return this.#parts.bytes(left, right) + (this.#marks === null ? 0 : this.#marks.bytes(left))
  }

  #write(left: Entry | null, right: Entry | null, body: Bytes, start: number): void {
    const at = this.#marks?.write(left, (left ?? right)!, body, start) ?? start
    this.#parts.write(left, right, body, at)
  }

  #tooLarge(keyed: Entry, bytes: number): void {
    const { from, rejects } = this.#options
    const error = `The record that ${from.name} has completed has ${bytes} bytes; ${this.#maxEntryBytes} is the most of which changelog and output topic take what is written (max.message.bytes)`
    rejects.completed(keyed, 'too_large', error)
  }

  #takeLate(side: number, record: Entry): void {
    const { context, to, rejects, counts } = this.#options
    context.counts.late[0]++
    if (to.late[LEFT] === 'drop') {
      context.counts.droppedLate++
      return
    }
    const whole = this.#loose(side, record)
    if (to.late[LEFT] === 'emit') {
      counts.unmatched[LEFT]++
      this.#late.late(LEFT, whole)
      return
    }
    const { heldMs } = this.#to.times
    const behind = this.#to.takenAt - record.time
    const error = `Its time ${timeText(record.time)} is ${behind} ms behind the stream time of ${to.name}; before, after and grace of the join allow ${heldMs}`
    rejects.completed(this.#marks?.ofGiven(whole) ?? whole, 'late', error)
  }

  /** The record as a left one of the next join. */
  #loose(side: number, record: Entry): Entry {
    const [left, right] = side === LEFT ? [record, null] : [null, record]
    const whole = this.#lateRecord
    whole.beginOf(record, this.#bodyBytes(left, right))
    this.#write(left, right, whole.buffer, whole.bodyStart)
    return whole
  }
}
