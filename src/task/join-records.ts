import type { Bytes } from '../bytes.ts'
import type { ValueReader } from '../codec/port.ts'
import type { WindowCounts } from '../counts/counts.ts'
import type { Block } from '../input/input-queue.ts'
import { LooseRecord } from '../output/loose-record.ts'
import type { ToldHeaders } from '../output/own-headers.ts'
import { timeText } from '../output/time-text.ts'
import type { Join, Stage } from '../plan/plan.ts'
import { LEFT, RIGHT } from '../state/page.ts'
import type { StreamClock } from '../state/task-state.ts'
import type { JoinWindow } from '../window/join-window.ts'
import { isLate } from '../window/lateness.ts'
import type { Facts } from './facts.ts'
import type { JoinChain } from './join-chain.ts'
import type { KeylessRecords } from './keyless-records.ts'
import type { LateSink } from './next-join.ts'
import type { Owed } from './owed.ts'
import { REFUSED, type Side, TAKEN, WAITS } from './side.ts'
import type { TaskContext } from './task.ts'

interface TaskParts {
  readonly context: TaskContext
  /** Of the first join. */
  readonly facts: Facts
  readonly clock: StreamClock
  /** By source. */
  readonly headers: readonly ToldHeaders[]
}

interface ChainParts extends TaskParts {
  /** The task's. */
  readonly stage: Stage
  /** Takes what has no key; null: all have one. */
  readonly keyless: KeylessRecords | null
  /** By join. */
  readonly rights: readonly Side[]
}

interface JoinParts extends TaskParts {
  readonly join: Join
  readonly right: Side
  readonly window: JoinWindow
  readonly counts: WindowCounts
  readonly late: LateSink
  readonly keyless: KeylessRecords | null
  /** null: the join gives nothing to another one. */
  readonly owed: Owed | null
}

/** Takes the records of a join one by one: each is put on its own side of the window, and looked for on the other. */
export class JoinRecords {
  readonly #context: TaskContext
  readonly #join: Join
  readonly #facts: Facts
  readonly #right: Side
  readonly #window: JoinWindow
  readonly #clock: StreamClock
  /** How far behind the task's the join's stream time is, in ms. */
  readonly #delayMs: number
  readonly #counts: WindowCounts
  readonly #lateSink: LateSink
  readonly #keyless: KeylessRecords | null
  readonly #owed: Owed | null
  readonly #headers: readonly ToldHeaders[]
  readonly #lateRecord = new LooseRecord()

  /** Of each join of a chain. */
  static of(chain: JoinChain, { rights, stage, keyless, ...parts }: ChainParts): JoinRecords[] {
    const { counts } = parts.context
    const { joins, firstJoin } = stage
    const last = joins.length - 1
    return joins.map(
      (join, j) =>
        new JoinRecords({
          ...parts,
          join,
          right: rights[j],
          window: chain.windows[j],
          counts: counts.windows[firstJoin + j],
          keyless,
          late: chain.lates[j],
          owed: j === last ? null : chain.owed,
        }),
    )
  }

  private constructor(parts: JoinParts) {
    const { context, join, facts, right, window, clock, counts, late } = parts
    const { keyless, owed, headers } = parts
    this.#context = context
    this.#join = join
    this.#facts = facts
    this.#right = right
    this.#window = window
    this.#clock = clock
    this.#delayMs = window.clock.delayMs
    this.#counts = counts
    this.#lateSink = late
    this.#keyless = keyless
    this.#owed = owed
    this.#headers = headers
  }

  /** @param row of the record in the slice. @returns its fate: see `Side.open` */
  processFact(block: Block, i: number, row: number): number {
    const window = this.#window
    const facts = this.#facts
    const value = facts.open(block, i, row)
    if (typeof value === 'number') return value
    if (this.#keyless !== null && block.columns.keyEnds[i] < 0) {
      return this.#keyless.take(value, block, i)
    }
    const late = isLate(window.times, block.times[i], this.#clock.streamTime)
    if (late && this.#join.late[LEFT] !== 'emit') return this.#late(facts, LEFT, block, i)
    if (late && this.#owed?.isOwed === true) return WAITS
    const rowBytes = facts.lookUp(value, row)
    if (rowBytes < 0) return facts.withoutRows(rowBytes, block, i)

    const bodyBytes = value.projectedBytes + rowBytes
    const around = facts.key.end - facts.key.start + this.#headerBytes(facts, block, i)
    if (bodyBytes + around > this.#context.maxEntryBytes) return facts.tooLarge(block, i, bodyBytes)
    if (late) {
      const record = this.#beginLate(facts, block, i, bodyBytes)
      this.#writeFact(value, record.buffer, record.bodyStart)
      return this.#emitLate(facts, LEFT)
    }
    const at = this.#insert(facts, LEFT, block, i, row, bodyBytes)
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
    const late = isLate(window.times, block.times[i], this.#clock.streamTime - this.#delayMs)
    if (late && this.#join.late[RIGHT] !== 'emit') return this.#late(right, RIGHT, block, i)
    if (late && this.#owed?.isOwed === true) return WAITS

    const bodyBytes = value.projectedBytes
    const around = right.key.end - right.key.start + this.#headerBytes(right, block, i)
    if (bodyBytes + around > this.#context.maxEntryBytes) return right.tooLarge(block, i, bodyBytes)
    if (late) {
      const record = this.#beginLate(right, block, i, bodyBytes)
      value.project(record.buffer, record.bodyStart)
      return this.#emitLate(right, RIGHT)
    }
    const at = this.#insert(right, RIGHT, block, i, row, bodyBytes)
    value.project(window.bodyBuffer, at)
    this.#probe(RIGHT, right.hashes[row])
    return TAKEN
  }

  /** Bytes of the headers that are kept with record `i`, and written with it. */
  #headerBytes({ index }: Side, { columns, times }: Block, i: number): number {
    return this.#headers[index].write(columns, times, i)
  }

  /** Puts the record into the window. @returns where exactly `bodyBytes` have to be written */
  #insert(
    { key, hashes, index }: Side,
    side: number,
    { times }: Block,
    i: number,
    row: number,
    bodyBytes: number,
  ): number {
    const { buffer, headersStart, headersEnd } = this.#headers[index]
    return this.#window.insert(
      side,
      times,
      i,
      hashes[row],
      key.buffer,
      key.start,
      key.end,
      buffer,
      headersStart,
      headersEnd,
      bodyBytes,
    )
  }

  #probe(side: number, hash: number): void {
    this.#counts.probe(side, this.#window.probe(side, hash))
  }

  /** The fact's fields and its rows' columns, as many bytes as were found to be needed. */
  #writeFact(value: ValueReader, body: Bytes, start: number): void {
    this.#facts.enricher.write(body, value.project(body, start))
  }

  /** A record that comes out without a match, and is not kept: its body is written next. */
  #beginLate(side: Side, { times }: Block, i: number, bodyBytes: number): LooseRecord {
    this.#lateRecord.begin(times[i], side.key, this.#headers[side.index], bodyBytes)
    return this.#lateRecord
  }

  #emitLate(of: Side, side: number): number {
    this.#lateSink.late(side, this.#lateRecord)
    this.#context.counts.late[of.input]++
    this.#counts.unmatched[side]++
    return TAKEN
  }

  #late(of: Side, side: number, block: Block, i: number): number {
    const { counts } = this.#context
    counts.late[of.input]++
    if (this.#join.late[side] === 'drop') {
      counts.droppedLate++
      return REFUSED
    }
    const { heldMs } = this.#window.times
    const time = block.times[i]
    const behind = this.#clock.streamTime - this.#delayMs - time
    const error = `Its time ${timeText(time)} is ${behind} ms behind stream time; before, after and grace of the join allow ${heldMs}`
    return of.reject(block, i, 'window', 'late', error)
  }
}
