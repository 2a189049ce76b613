import type { RecordColumns } from '../batch.ts'
import { USUAL_BATCH_BYTES } from '../broker/compression-room.ts'
import { RecordBatchWriter } from '../broker/record-batch-writer.ts'
import type { Bytes } from '../bytes.ts'
import type { Compression, MatchHeaders } from '../config/pipeline.ts'
import { type HeaderSection, MergedHeaders } from './match-headers.ts'
import { timeText } from './time-text.ts'

/** Where one stored record's parts are. */
export interface Entry extends HeaderSection {
  readonly keyStart: number
  readonly keyEnd: number
  readonly time: number
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

/** Outputs that the topic does not take. @param source whose record it is that is told of: of a match the fact */
export interface OutputRejects {
  tooLarge(source: number, of: Entry, bytes: number): void
  tooOld(source: number, of: Entry, time: number): void
}

/** What the output has in place of a source's part, by source. */
export type MissingParts = readonly [Bytes, Bytes]

/** The number of the facts among the sources; the right stream's is the next one. */
const FACTS = 0

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
  readonly #missing: MissingParts
  readonly #headers: MatchHeaders
  readonly #merged = new MergedHeaders()
  readonly #rejects: OutputRejects
  /** The broker takes no record that is older, in ms. */
  oldest = Number.NEGATIVE_INFINITY

  /** @param headers whose headers a match has */
  constructor(
    batches: BatchList,
    shape: OutputShape,
    missing: MissingParts,
    rejects: OutputRejects,
    headers: MatchHeaders = 'left',
  ) {
    this.batches = batches
    this.#shape = shape
    this.#around = shape.open.length + shape.between.length + shape.close.length
    this.#missing = missing
    this.#rejects = rejects
    this.#headers = headers
  }

  match(left: Entry, right: Entry): void {
    const time = left.time > right.time ? left.time : right.time
    const headers = this.#headersOf(left, right)
    const leftBytes = left.bodyEnd - left.bodyStart
    const rightBytes = right.bodyEnd - right.bodyStart
    const writer = this.#begin(FACTS, left, headers, time, leftBytes + rightBytes)
    if (writer === undefined) return
    this.#matched(time)
    writer.append(left.buffer, left.bodyStart, left.bodyEnd)
    this.#between(writer)
    writer.append(right.buffer, right.bodyStart, right.bodyEnd)
    this.#end(writer, headers)
  }

  /** A record of a source comes out without a match, with its own key and headers. */
  unmatched(source: number, record: Entry): void {
    const { buffer, bodyStart, bodyEnd } = record
    const missing = this.#missing[1 - source]
    const bytes = bodyEnd - bodyStart + missing.length
    const writer = this.#begin(source, record, record, record.time, bytes)
    if (writer === undefined) return
    const isFact = source === FACTS
    if (isFact) writer.append(buffer, bodyStart, bodyEnd)
    else writer.append(missing, 0, missing.length)
    this.#between(writer)
    if (isFact) writer.append(missing, 0, missing.length)
    else writer.append(buffer, bodyStart, bodyEnd)
    this.#end(writer, record)
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

  #headersOf(left: Entry, right: Entry): HeaderSection {
    if (this.#headers === 'left') return left
    return this.#headers === 'right' ? right : this.#merged.of(left, right)
  }

  /** @param bytes of the body. @returns the batch, with all up to the body; undefined: the topic does not take the record */
  #begin(
    source: number,
    of: Entry,
    { headersStart, headersEnd }: HeaderSection,
    time: number,
    bytes: number,
  ): RecordBatchWriter | undefined {
    const { buffer, keyStart, keyEnd } = of
    const valueBytes = this.#around + bytes
    const headerBytes = headersEnd - headersStart
    const all = keyEnd - keyStart + headerBytes + valueBytes
    if (!this.batches.fits(all)) {
      this.#rejects.tooLarge(source, of, all)
      return undefined
    }
    if (time < this.oldest) {
      this.#rejects.tooOld(source, of, time)
      return undefined
    }
    const { open } = this.#shape
    const writer = this.batches.writer(all)
    writer.begin(time, buffer, keyStart, keyEnd, valueBytes, headerBytes)
    writer.append(open, 0, open.length)
    return writer
  }

  #between(writer: RecordBatchWriter): void {
    const { between } = this.#shape
    writer.append(between, 0, between.length)
  }

  #end(writer: RecordBatchWriter, { buffer, headersStart, headersEnd }: HeaderSection): void {
    const { close } = this.#shape
    writer.append(close, 0, close.length)
    writer.end(buffer, headersStart, headersEnd)
  }
}
