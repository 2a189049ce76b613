import { type Bytes, NO_BYTES } from '../bytes.ts'
import type { ValueReader } from '../codec/port.ts'
import type { Block } from '../input/input-queue.ts'
import { LooseRecord } from '../output/loose-record.ts'
import type { TaskOutput } from '../output/task-output.ts'
import { timeText } from '../output/time-text.ts'
import type { Join } from '../plan/plan.ts'
import { LEFT, RIGHT } from '../state/page.ts'
import type { StreamClock } from '../state/task-state.ts'
import type { JoinWindow } from '../window/join-window.ts'
import { isLate } from '../window/lateness.ts'
import type { Facts } from './facts.ts'
import { REFUSED, type Side, TAKEN } from './side.ts'
import type { TaskContext } from './task.ts'

interface JoinParts {
  readonly context: TaskContext
  readonly join: Join
  readonly facts: Facts
  readonly right: Side
  readonly window: JoinWindow
  readonly clock: StreamClock
  readonly rows: Pick<TaskOutput, 'unmatched'>
}

/** Takes the records of a join one by one: each is put on its own side of the window, and looked for on the other. */
export class JoinRecords {
  readonly #context: TaskContext
  readonly #join: Join
  readonly #facts: Facts
  readonly #right: Side
  readonly #window: JoinWindow
  readonly #clock: StreamClock
  readonly #rows: JoinParts['rows']
  readonly #lateRecord = new LooseRecord()

  constructor({ context, join, facts, right, window, clock, rows }: JoinParts) {
    this.#context = context
    this.#join = join
    this.#facts = facts
    this.#right = right
    this.#window = window
    this.#clock = clock
    this.#rows = rows
  }

  /** @param row of the record in the slice. @returns its fate: see `Side.open` */
  processFact(block: Block, i: number, row: number): number {
    const window = this.#window
    const facts = this.#facts
    const value = facts.open(block, i, row)
    if (typeof value === 'number') return value
    const late = isLate(window.times, block.times[i], this.#clock.streamTime)
    if (late && this.#join.late[LEFT] !== 'emit') return this.#late(LEFT, block, i)
    const rowBytes = facts.lookUp(value, row)
    if (rowBytes < 0) return facts.withoutRows(rowBytes, block, i)

    const { columns } = block
    const bodyBytes = value.projectedBytes + rowBytes
    const around = facts.key.end - facts.key.start + columns.headerEnds[i] - columns.headerStarts[i]
    if (bodyBytes + around > this.#context.maxEntryBytes) return facts.tooLarge(block, i, bodyBytes)
    if (late) {
      const record = this.#beginLate(facts, block, i, bodyBytes)
      this.#writeFact(value, record.buffer, record.bodyStart)
      return this.#emitLate(LEFT)
    }
    const at = this.#insert(facts, block, i, row, bodyBytes)
    this.#writeFact(value, window.bodyBuffer, at)
    this.#probe(LEFT, facts.hashes[row])
    return TAKEN
  }

  /** The same of a record of the right stream. */
  processRight(block: Block, i: number, row: number): number {
    const window = this.#window
    const right = this.#right
    const value = right.open(block, i, row)
    if (typeof value === 'number') return value
    const late = isLate(window.times, block.times[i], this.#clock.streamTime)
    if (late && this.#join.late[RIGHT] !== 'emit') return this.#late(RIGHT, block, i)

    const { columns } = block
    const bodyBytes = value.projectedBytes
    const around = right.key.end - right.key.start + columns.headerEnds[i] - columns.headerStarts[i]
    if (bodyBytes + around > this.#context.maxEntryBytes) return right.tooLarge(block, i, bodyBytes)
    if (late) {
      const record = this.#beginLate(right, block, i, bodyBytes)
      value.project(record.buffer, record.bodyStart)
      return this.#emitLate(RIGHT)
    }
    const at = this.#insert(right, block, i, row, bodyBytes)
    value.project(window.bodyBuffer, at)
    this.#probe(RIGHT, right.hashes[row])
    return TAKEN
  }

  /** Puts the record into the window. @returns where exactly `bodyBytes` have to be written */
  #insert(
    side: Side,
    { columns, times }: Block,
    i: number,
    row: number,
    bodyBytes: number,
  ): number {
    const { key } = side
    // What has none keeps none: they are a byte that says so.
    const headerBytes = columns.headerEnds[i] - columns.headerStarts[i]
    const isBare = side.index === RIGHT && headerBytes <= 1
    return this.#window.insert(
      side.index,
      times,
      i,
      side.hashes[row],
      key.buffer,
      key.start,
      key.end,
      isBare ? NO_BYTES : columns.buffer,
      isBare ? 0 : columns.headerStarts[i],
      isBare ? 0 : columns.headerEnds[i],
      bodyBytes,
    )
  }

  #probe(side: number, hash: number): void {
    this.#context.counts.probe(side, this.#window.probe(side, hash))
  }

  /** The fact's fields and its rows' columns, as many bytes as were found to be needed. */
  #writeFact(value: ValueReader, body: Bytes, start: number): void {
    this.#facts.enricher.write(body, value.project(body, start))
  }

  /** A record that comes out without a match, and is not kept: its body is written next. */
  #beginLate({ key }: Side, { columns, times }: Block, i: number, bodyBytes: number): LooseRecord {
    this.#lateRecord.begin(times[i], key, columns, i, bodyBytes)
    return this.#lateRecord
  }

  #emitLate(side: number): number {
    const { late, window } = this.#context.counts
    this.#rows.unmatched(side, this.#lateRecord)
    late[side]++
    window.unmatched[side]++
    return TAKEN
  }

  #late(side: number, block: Block, i: number): number {
    const { counts } = this.#context
    counts.late[side]++
    if (this.#join.late[side] === 'drop') {
      counts.droppedLate++
      return REFUSED
    }
    const { heldMs } = this.#window.times
    const time = block.times[i]
    const behind = this.#clock.streamTime - time
    const error = `Its time ${timeText(time)} is ${behind} ms behind stream time; before, after and grace of the join allow ${heldMs}`
    const of = side === LEFT ? this.#facts : this.#right
    return of.reject(block, i, 'window', 'late', error)
  }
}
