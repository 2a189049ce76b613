import type { RecordColumns } from '../batch.ts'
import { USUAL_BATCH_BYTES } from '../broker/compression-room.ts'
import { RecordBatchWriter } from '../broker/record-batch-writer.ts'
import type { Bytes } from '../bytes.ts'
import type { Compression } from '../config/pipeline.ts'
import type { Condition } from './condition.ts'
import { timeText } from './time-text.ts'

/** Where one stored record's parts are. */
export interface Entry {
  readonly buffer: Bytes
  readonly keyStart: number
  readonly keyEnd: number
  readonly time: number
  readonly headersStart: number
  readonly headersEnd: number
  readonly bodyStart: number
  readonly bodyEnd: number
}

export interface OutputTopic {
  readonly topic: string
  readonly compression: Compression
  readonly partitions: number
  /** No record batch may be larger: what the topic takes. */
  readonly maxBatchBytes: number
}

/**
 * What a value has around its parts, which are concatenated: a match is open ++ fact with its columns ++ between ++
 * right record ++ close.
 */
export interface OutputShape {
  readonly open: Bytes
  readonly between: Bytes
  readonly close: Bytes
}

/** Outputs that the topic does not take. */
export interface OutputRejects {
  tooLarge(left: Entry, bytes: number): void
  tooOld(left: Entry, time: number): void
  failed(left: Entry, time: number, error: string): void
}

/** What Kafka's format adds to a batch and, at most, to a record. */
const BATCH_OVERHEAD = 61
const RECORD_OVERHEAD = 40

/** Bytes of a batch with one record of so many bytes. */
export const batchOf = (recordBytes: number): number =>
  BATCH_OVERHEAD + RECORD_OVERHEAD + recordBytes

/** Why the topic does not take a record of so many bytes of key, value and headers. @param what it is */
export const tooLargeText = (what: string, to: OutputTopic, bytes: number): string =>
  `${what} has ${bytes} bytes, in a batch of its own ${batchOf(bytes)}; ${to.maxBatchBytes} is the most that ${to.topic} takes (max.message.bytes)`

/** Why it does not take one of this time, in ms. */
export const tooOldText = (what: string, { topic }: OutputTopic, time: number): string =>
  `${what}’s time is ${timeText(time)}, longer ago than ${topic} takes (message.timestamp.before.max.ms, or difference.max.ms)`

/** Batches of one topic-partition for one epoch; a new one is begun before the limit is passed. */
export class BatchList {
  readonly #output: OutputTopic
  readonly #partition: number
  #batches: RecordBatchWriter[] = []
  #open: RecordBatchWriter | undefined
  #lastBytes = 0
  bytes = 0
  records = 0

  /** @param task the number of the partition that the records come from: theirs is the same, or in a topic of fewer another */
  constructor(output: OutputTopic, task: number) {
    this.#output = output
    this.#partition = task % output.partitions
  }

  fits(recordBytes: number): boolean {
    return batchOf(recordBytes) <= this.#output.maxBatchBytes
  }

  /** A batch with room for a record of this many bytes of key, value and headers. */
  writer(recordBytes: number): RecordBatchWriter {
    const bytes = RECORD_OVERHEAD + recordBytes
    this.bytes += bytes
    this.records++
    const open = this.#open
    // Only a record that is larger makes a larger batch.
    const most = Math.min(USUAL_BATCH_BYTES, this.#output.maxBatchBytes)
    if (open !== undefined && open.bytes + bytes <= most) return open
    return this.#begin()
  }

  #begin(): RecordBatchWriter {
    const { topic, compression } = this.#output
    const batch = new RecordBatchWriter({
      topic,
      partition: this.#partition,
      transactional: true,
      compression,
      expectedBytes: Math.min(this.#lastBytes, USUAL_BATCH_BYTES, this.#output.maxBatchBytes),
    })
    this.#batches.push(batch)
    this.#open = batch
    return batch
  }

  drain(): RecordBatchWriter[] {
    const batches = this.#batches
    this.#batches = []
    this.#open = undefined
    this.#lastBytes = this.bytes
    this.bytes = 0
    this.records = 0
    return batches
  }
}

/** Concatenates a match: the stored left record is the output's prefix, the stored right one its suffix. */
export class TaskOutput {
  readonly batches: BatchList
  /** Event times of the matches, and of facts that are joined with nothing, since the last `drainTimes`, in ms; so many of them. */
  #times = new Float64Array(0)
  #matches = 0
  readonly #shape: OutputShape
  /** Bytes of the shape. */
  readonly #around: number
  readonly #missingRight: Bytes
  readonly #rejects: OutputRejects
  /** null: all come out. */
  readonly #condition: Condition | null
  /** The broker takes no record that is older, in ms. */
  oldest = Number.NEGATIVE_INFINITY

  constructor(
    batches: BatchList,
    shape: OutputShape,
    missingRight: Bytes,
    rejects: OutputRejects,
    condition: Condition | null = null,
  ) {
    this.batches = batches
    this.#shape = shape
    this.#around = shape.open.length + shape.between.length + shape.close.length
    this.#missingRight = missingRight
    this.#rejects = rejects
    this.#condition = condition
  }

  match(left: Entry, right: Entry): void {
    const time = left.time > right.time ? left.time : right.time
    if (this.#write(left, time, right.buffer, right.bodyStart, right.bodyEnd)) this.#matched(time)
  }

  unmatched(left: Entry): void {
    this.#write(left, left.time, this.#missingRight, 0, this.#missingRight.length)
  }

  /**
   * Begins the output of a fact that is joined with nothing: record `i` of its input, whose body the caller then
   * writes into the batch and tells by `endFact`.
   * @param bytes of the body. @returns the batch; undefined: the topic does not take the record
   */
  beginFact(
    columns: RecordColumns,
    times: Float64Array,
    i: number,
    bytes: number,
  ): RecordBatchWriter | undefined {
    const { buffer, keyStarts, keyEnds, headerStarts, headerEnds } = columns
    const all = this.recordBytes(columns, i, bytes)
    if (!this.batches.fits(all) || times[i] < this.oldest) return undefined
    this.#matched(times[i])
    const writer = this.batches.writer(all)
    const { open } = this.#shape
    const headerBytes = headerEnds[i] - headerStarts[i]
    writer.begin(times[i], buffer, keyStarts[i], keyEnds[i], bytes + this.#around, headerBytes)
    writer.append(open, 0, open.length)
    return writer
  }

  /** Bytes of key, value and headers of the output of record `i`, whose body has so many. */
  recordBytes(
    { keyStarts, keyEnds, headerStarts, headerEnds }: RecordColumns,
    i: number,
    bytes: number,
  ): number {
    const keyBytes = Math.max(0, keyEnds[i] - keyStarts[i])
    return keyBytes + headerEnds[i] - headerStarts[i] + bytes + this.#around
  }

  /** @param position behind the body */
  endFact(writer: RecordBatchWriter, position: number, columns: RecordColumns, i: number): void {
    const { close } = this.#shape
    writer.wrote(position)
    writer.append(close, 0, close.length)
    writer.end(columns.buffer, columns.headerStarts[i], columns.headerEnds[i])
  }

  drainTimes(): Float64Array {
    const times = this.#times.slice(0, this.#matches)
    this.#matches = 0
    return times
  }

  #matched(time: number): void {
    if (this.#matches === this.#times.length) this.#growTimes()
    this.#times[this.#matches++] = time
  }

  #growTimes(): void {
    const times = new Float64Array(Math.max(1024, 2 * this.#times.length))
    times.set(this.#times)
    this.#times = times
  }

  /** Whether the condition takes it. */
  #takes(left: Entry, time: number, suffix: Bytes, start: number, end: number): boolean {
    const condition = this.#condition!
    const { open, between, close } = this.#shape
    condition.begin(this.#around + left.bodyEnd - left.bodyStart + end - start)
    condition.append(open, 0, open.length)
    condition.append(left.buffer, left.bodyStart, left.bodyEnd)
    condition.append(between, 0, between.length)
    condition.append(suffix, start, end)
    condition.append(close, 0, close.length)
    const fate = condition.judge(condition.end)
    if (fate === 'failed') this.#rejects.failed(left, time, condition.failure)
    return fate === 'taken'
  }

  /** False: the condition or the topic does not take it. */
  #write(left: Entry, time: number, suffix: Bytes, start: number, end: number): boolean {
    if (this.#condition !== null && !this.#takes(left, time, suffix, start, end)) return false
    const { buffer, keyStart, keyEnd, headersStart, headersEnd, bodyStart, bodyEnd } = left
    const valueBytes = this.#around + bodyEnd - bodyStart + end - start
    const bytes = keyEnd - keyStart + headersEnd - headersStart + valueBytes
    if (!this.batches.fits(bytes)) {
      this.#rejects.tooLarge(left, bytes)
      return false
    }
    if (time < this.oldest) {
      this.#rejects.tooOld(left, time)
      return false
    }
    const { open, between, close } = this.#shape
    const writer = this.batches.writer(bytes)
    writer.begin(time, buffer, keyStart, keyEnd, valueBytes, headersEnd - headersStart)
    writer.append(open, 0, open.length)
    writer.append(buffer, bodyStart, bodyEnd)
    writer.append(between, 0, between.length)
    writer.append(suffix, start, end)
    writer.append(close, 0, close.length)
    writer.end(buffer, headersStart, headersEnd)
    return true
  }
}
