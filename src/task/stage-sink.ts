import type { RecordBatchWriter } from '../broker/record-batch-writer.ts'
import { type Bytes, NO_BYTES } from '../bytes.ts'
import { FRAME_BYTES } from '../codec/frame/framing.ts'
import type { ValueReader } from '../codec/port.ts'
import { LooseRecord } from '../output/loose-record.ts'
import type { HeaderSection } from '../output/match-headers.ts'
import { OutputHeaders } from '../output/output-headers.ts'
import type { Entry } from '../output/task-output.ts'
import type { TaskRejects } from '../output/task-rejects.ts'
import type { StreamClock } from '../state/task-state.ts'
import { JoinClock } from '../window/join-clock.ts'
import type { JoinWindow } from '../window/join-window.ts'
import { BodyParts } from './body-parts.ts'
import { IDLE, InternalSink } from './internal-sink.ts'
import { RowMarks } from './interval-rows.ts'
import type { EndOptions, StageEnd } from './stage-end.ts'
import type { TaskContext } from './task.ts'

/**
 * Between two stages that join: what the first has completed goes to an internal topic, as the window of the second stores
 * it, under the key that is compared there. Marks tell that stage how far this one is: as in a chain in one task (see
 * `JoinClock`), nothing that this one gives in time is older than S less what its windows hold.
 */
export class StageSink implements StageEnd {
  /** Its records are as old as they may be. */
  oldest = Number.NEGATIVE_INFINITY
  readonly #to: InternalSink
  readonly #parts: BodyParts
  readonly #frame: Bytes
  /** Reads the key of what was completed. */
  readonly #reader: ValueReader
  readonly #key = { buffer: NO_BYTES, start: 0, end: 0 }
  /** Whether the next stage gives on what has no key. */
  readonly #passes: boolean
  readonly #headers: OutputHeaders
  /** Of a bounded run; null: every row comes out. */
  readonly #marks: RowMarks | null
  readonly #rejects: TaskRejects
  readonly #counts: TaskContext['counts']
  readonly #whole = new LooseRecord()
  #clock!: JoinClock
  #isIdle = false

  /** @param options of a stage that goes on in another one */
  constructor({ context, stage, partition, rejects, names }: EndOptions) {
    const { codec, counts, outputs, repartition, interval } = context
    const { number, firstJoin, joins } = stage
    const to = stage.to!
    const last = joins.length - 1
    this.#to = new InternalSink(repartition[number], to.idleMs, partition, context)
    this.#parts = new BodyParts(outputs.shape.between, codec.missing[firstJoin + last])
    this.#frame = codec.preparedFrame
    this.#reader = codec.leftKeys[stage.state!.number]
    this.#passes = to.withoutKey === 'pass'
    this.#headers = new OutputHeaders(joins[last].headers, null, names)
    this.#marks = RowMarks.of(stage, last, interval)
    this.#rejects = rejects
    this.#counts = counts
  }

  /** @param task the task's stream time. @param last its last window */
  connect(task: StreamClock, last: JoinWindow): void {
    this.#clock = new JoinClock(task, last)
  }

  get bytes(): number {
    return this.#to.bytes
  }

  match(left: Entry, right: Entry): void {
    const time = left.time > right.time ? left.time : right.time
    this.#take(left, this.#headers.ofMatch(left, right), time, left, right)
  }

  unmatched(side: number, record: Entry): void {
    if (side === 0) this.#take(record, record, record.time, record, null)
    else this.#take(record, record, record.time, null, record)
  }

  /** @param keyed has the key that was compared here. @param left @param right null: it is missing */
  #take(
    keyed: Entry,
    headers: HeaderSection,
    time: number,
    left: Entry | null,
    right: Entry | null,
  ): void {
    const whole = this.#whole
    const { buffer, keyStart: start, keyEnd: end } = keyed
    const bytes = this.#parts.bytes(left, right) + (this.#marks?.bytes(left) ?? 0)
    whole.begin(time, end < 0 ? null : { buffer, start, end }, headers, bytes)
    const at = this.#marks?.write(left, (left ?? right)!, whole.buffer, whole.bodyStart)
    this.#parts.write(left, right, whole.buffer, at ?? whole.bodyStart)
    const { bodyStart } = this.#bare(whole)
    const reader = this.#reader
    // A reader passes over a frame, which stored bodies have not.
    const fault = reader.read(0, whole.buffer, bodyStart - FRAME_BYTES, whole.bodyEnd)
    if (fault !== null) throw new Error(`A completed record cannot be read: ${reader.fault}`)
    reader.select(0)
    const key = this.#key
    key.end = reader.keyEnd(0)
    if (key.end < 0 && !this.#passes) {
      this.#counts.droppedMissing++
      return
    }
    key.start = reader.keyStart(0)
    key.buffer = key.end < 0 ? NO_BYTES : reader.keyBuffer(0)
    this.#write(whole, bytes)
  }

  #write(whole: LooseRecord, bytes: number): void {
    const frame = this.#frame
    const key = this.#key.end < 0 ? null : this.#key
    const writer = this.#to.beginJoined(whole, key, frame.length + bytes)
    if (writer === undefined) {
      this.#rejects.completed(this.#bare(whole), 'too_large', this.#to.fault)
      return
    }
    writer.append(frame, 0, frame.length)
    writer.append(whole.buffer, whole.bodyStart, whole.bodyEnd)
    this.#to.end(writer)
  }

  /** As the pipeline has it: without a mark. */
  #bare(whole: Entry): Entry {
    return this.#marks?.ofGiven(whole) ?? whole
  }

  /** Something has come, so the next stage waits for what becomes of it. */
  restartIdle(): void {
    this.#isIdle = false
    this.#to.restartIdle()
  }

  /** Nothing is held back. */
  get isIdle(): boolean {
    return this.#isIdle
  }

  /**
   * Where nothing is held that may come out, and nothing will come, or has come for long, the next stage is not held back.
   * @returns whether that is news
   */
  fallIdle(isOver: boolean, hasEnded: boolean): boolean {
    if (this.#isIdle || !isOver || !(hasEnded || this.#to.isSilent)) return false
    this.#isIdle = true
    return true
  }

  /** The epoch's batches: behind all that it has stands how far the next stage may go. */
  drain(): RecordBatchWriter[] {
    this.#to.reach(this.#isIdle ? IDLE : this.#clock.settled)
    return this.#to.drain()
  }

  /** Of what comes out: nothing does here. */
  drainTimes(): Float64Array {
    return NO_TIMES
  }
}

const NO_TIMES = new Float64Array(0)
