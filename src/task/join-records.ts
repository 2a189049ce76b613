import { type Bytes, NO_BYTES } from '../bytes.ts'
import type { ValueReader } from '../codec/port.ts'
import type { Block } from '../input/input-queue.ts'
import { LooseFact } from '../output/loose-fact.ts'
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
  readonly output: TaskOutput
}

/** Takes the records of a join one by one: each is put on its own side of the window, and looked for on the other. */
export class JoinRecords {
  readonly #context: TaskContext
  readonly #join: Join
  readonly #facts: Facts
  readonly #right: Side
  readonly #window: JoinWindow
  readonly #clock: StreamClock
  readonly #output: TaskOutput
  readonly #lateFact = new LooseFact()

  constructor({ context, join, facts, right, window, clock, output }: JoinParts) {
    this.#context = context
    this.#join = join
    this.#facts = facts
    this.#right = right
    this.#window = window
    this.#clock = clock
    this.#output = output
  }

  /** @param row of the record in the slice. @returns its fate: see `Side.open` */
  processFact(block: Block, i: number, row: number): number {
    const window = this.#window
    const facts = this.#facts
    const value = facts.open(block, i, row)
    if (typeof value === 'number') return value
    const late = isLate(window.times, block.times[i], this.#clock.streamTime)
    if (late && this.#join.late[LEFT] !== 'emit') return this.#late(LEFT, block, i)
    const rowBytes = facts.lookUp(value, block, i, row)
    if (rowBytes < 0) return REFUSED

    const { columns } = block
    const bodyBytes = value.projectedBytes + rowBytes
    const around = facts.key.end - facts.key.start + columns.headerEnds[i] - columns.headerStarts[i]
    if (bodyBytes + around > this.#context.maxEntryBytes) return facts.tooLarge(block, i, bodyBytes)
    if (late) return this.#emitLate(value, block, i, bodyBytes)
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
    if (isLate(window.times, block.times[i], this.#clock.streamTime)) {
      return this.#late(RIGHT, block, i)
    }
    const { columns } = block
    const bodyBytes = value.projectedBytes
    const around = right.key.end - right.key.start + columns.headerEnds[i] - columns.headerStarts[i]
    if (bodyBytes + around > this.#context.maxEntryBytes) return right.tooLarge(block, i, bodyBytes)
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

  /** It comes out without a match, and is not kept. */
  #emitLate(value: ValueReader, { columns, times }: Block, i: number, bodyBytes: number): number {
    const { counts } = this.#context
    const fact = this.#lateFact
    const at = fact.begin(times[i], this.#facts.key, columns, i, bodyBytes)
    this.#writeFact(value, fact.buffer, at)
    this.#output.unmatched(fact)
    counts.late[LEFT]++
    counts.unmatched++
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
