/**
 * Where the records of a stage go that another one reads: an internal topic, keyed by what that stage joins by. With
 * each epoch it tells the next stage, in every partition, how far the stream time of its own source partition is.
 */
import type { RecordColumns } from '../batch.ts'
import { partitionOf } from '../broker/partition-of.ts'
import type { RecordBatchWriter } from '../broker/record-batch-writer.ts'
import { type Bytes, NO_BYTES } from '../bytes.ts'
import type { InputQueue } from '../input/input-queue.ts'
import { BatchList, type OutputTopic, tooLargeText } from '../output/batch-list.ts'
import { MARK_RECORD_BYTES, OriginHeaders, writeMark } from '../output/internal-records.ts'
import type { HeaderSection } from '../output/match-headers.ts'
import type { Entry } from '../output/task-output.ts'
import type { TaskContext } from './task.ts'

/** What a source partition's stream time is while it holds nothing back. */
export const IDLE = Number.POSITIVE_INFINITY

/** The text of a record's new key. */
export interface KeyText {
  readonly buffer: Bytes
  readonly start: number
  readonly end: number
}

const NO_KEY: KeyText = { buffer: NO_BYTES, start: 0, end: -1 }

export class InternalSink {
  readonly #to: OutputTopic
  readonly #idleMs: number
  /** Of the source. */
  readonly #partition: number
  readonly #context: Pick<TaskContext, 'now' | 'elapsed'>
  /** By partition of the internal topic. */
  readonly #batches: readonly BatchList[]
  readonly #headers = new OriginHeaders()
  /** Bytes of key, value and headers of the record that `begin` was asked for last, and of the headers alone. */
  #bytes = 0
  #headerBytes = 0
  /** The highest event time that was taken, in ms; IDLE: nothing has come for long, and nothing waits. */
  #streamTime = Number.NEGATIVE_INFINITY
  /** What was last told of it. */
  #told = Number.NEGATIVE_INFINITY
  /** When something was last written, by the clock for durations: what is rejected moves nothing, and is not waited for. */
  #lastWrittenAt: number

  /** @param idleMs after so long without a record the source partition holds nothing back. @param partition of the source */
  constructor(
    to: OutputTopic,
    idleMs: number,
    partition: number,
    context: Pick<TaskContext, 'now' | 'elapsed'>,
  ) {
    this.#to = to
    this.#idleMs = idleMs
    this.#partition = partition
    this.#context = context
    this.#lastWrittenAt = context.elapsed()
    this.#batches = Array.from({ length: to.partitions }, (_, p) => new BatchList(to, p))
  }

  /** Memory of what was written since the last `drain`. */
  get bytes(): number {
    let bytes = 0
    for (const batches of this.#batches) bytes += batches.bytes
    return bytes
  }

  /**
   * Begins the record that record `i` of the source becomes: exactly `valueBytes` are written into the batch next, then `end`
   * is called. @param key null: it has none, and stays on the partition of its number. @param told headers in place of its own. @returns the batch; undefined: the topic does not take so much, as `fault` says
   */
  begin(
    columns: RecordColumns,
    i: number,
    time: number,
    key: KeyText | null,
    valueBytes: number,
    told: HeaderSection | null = null,
  ): RecordBatchWriter | undefined {
    this.#headerBytes = this.#headers.write(columns, i, this.#partition, told)
    const writer = this.#begin(time, key, valueBytes)
    if (writer === undefined) return undefined
    if (this.#streamTime === IDLE || time > this.#streamTime) this.#streamTime = time
    return writer
  }

  /** The same of a record that was joined. It moves no stream time: see `reach`. */
  beginJoined(
    record: Entry,
    key: KeyText | null,
    valueBytes: number,
  ): RecordBatchWriter | undefined {
    this.#headerBytes = this.#headers.writeJoined(record, record.time)
    return this.#begin(record.time, key, valueBytes)
  }

  #begin(time: number, key: KeyText | null, valueBytes: number): RecordBatchWriter | undefined {
    const { partitions } = this.#to
    const { buffer, start, end } = key ?? NO_KEY
    const partition =
      end < 0 ? this.#partition % partitions : partitionOf(buffer, partitions, start, end)
    const batches = this.#batches[partition]
    this.#bytes = Math.max(0, end - start) + valueBytes + this.#headerBytes
    if (!batches.fits(this.#bytes)) return undefined
    const writer = batches.writer(this.#bytes)
    writer.begin(time, buffer, start, end, valueBytes, this.#headerBytes)
    return writer
  }

  /** Nothing older comes than this, in ms; IDLE: nothing is waited for. */
  reach(time: number): void {
    this.#streamTime = time
  }

  end(writer: RecordBatchWriter): void {
    writer.end(this.#headers.buffer, 0, this.#headerBytes)
  }

  /** The source partition holds nothing back. */
  get isIdle(): boolean {
    return this.#streamTime === IDLE
  }

  /** Whether stream time has passed this, in ms; what is idle has passed any. */
  isPast(time: number): boolean {
    return this.#streamTime > time
  }

  /** Why the topic does not take the record that `begin` was asked for last. */
  get fault(): string {
    return tooLargeText('The record on its way to the join', this.#to, this.#bytes)
  }

  /** Something was written, or could not come until now. */
  restartIdle(): void {
    this.#lastWrittenAt = this.#context.elapsed()
  }

  /** Nothing was written for long. */
  get isSilent(): boolean {
    return this.#context.elapsed() - this.#lastWrittenAt >= this.#idleMs
  }

  /** A partition that has ended, or is at its end and has been silent for long, holds nothing back. @returns whether that is news */
  fallIdle(queue: InputQueue): boolean {
    if (this.#streamTime === IDLE || !queue.caughtUp) return false
    if (!queue.ended && !this.isSilent) return false
    this.#streamTime = IDLE
    return true
  }

  /**
   * The next record has this time, in ms, and has to wait: a partition that holds nothing back does so from now on, so that the
   * join does not go past it. @returns whether that is news
   */
  hold(time: number): boolean {
    if (this.#streamTime !== IDLE || !Number.isFinite(time)) return false
    this.#streamTime = time
    return true
  }

  /** The epoch's batches: behind all that it has for a partition stands where stream time is now. */
  drain(): RecordBatchWriter[] {
    this.#tell()
    return this.#batches.flatMap((batches) => batches.drain())
  }

  #tell(): void {
    if (this.#streamTime === this.#told) return
    this.#told = this.#streamTime
    const mark = { partition: this.#partition, time: this.#streamTime }
    const now = this.#context.now()
    for (const batches of this.#batches) writeMark(batches.writer(MARK_RECORD_BYTES), now, mark)
  }
}
