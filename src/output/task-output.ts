import type { RecordColumns } from '../batch.ts'
import type { RecordBatchWriter } from '../broker/record-batch-writer.ts'
import type { Bytes } from '../bytes.ts'
import { BatchList, type OutputTopic, type RecordSpace } from './batch-list.ts'
import { Scratch } from './scratch.ts'
import { type Completed, Sink, type SinkCounts, type SinkOutput, type SinkRejects } from './sink.ts'

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
export interface OutputRejects extends SinkRejects {
  tooLarge(to: OutputTopic, left: Entry, bytes: number): void
  tooOld(to: OutputTopic, left: Entry, time: number): void
}

/** Where completed records go. */
export interface Outputs {
  /** The first output that takes them as they are; null: none does. */
  readonly whole: OutputTopic | null
  /** Of what is written to it. */
  readonly shape: OutputShape
  /** The others. */
  readonly sinks: readonly SinkOutput[]
}

type Value = 'value' | 'valueStart' | 'valueEnd' | 'headers'

/** Concatenates a match: the stored left record is the output's prefix, the stored right one its suffix. */
export class TaskOutput {
  /** Of the output that takes completed records as they are. */
  readonly #batches: BatchList | null
  readonly #space: RecordSpace
  readonly #topic: OutputTopic
  readonly #sinks: readonly Sink[]
  /** Where the value begins that is being written. */
  #valueStart = 0
  /** Event times of the matches, and of facts that are joined with nothing, since the last `drainTimes`, in ms; so many of them. */
  #times = new Float64Array(0)
  #matches = 0
  readonly #shape: OutputShape
  /** Bytes of the shape. */
  readonly #around: number
  readonly #missingRight: Bytes
  readonly #rejects: OutputRejects
  /** The broker takes no record that is older, in ms. */
  oldest = Number.NEGATIVE_INFINITY

  /** @param missingRight a match's right side where there is none */
  constructor(
    { whole, shape, sinks }: Outputs,
    partition: number,
    missingRight: Bytes,
    rejects: OutputRejects,
    counts: SinkCounts,
  ) {
    this.#batches = whole && new BatchList(whole, partition)
    this.#space = this.#batches ?? new Scratch()
    this.#topic = whole ?? sinks[0].topic
    this.#sinks = sinks.map((sink) => new Sink(sink, partition, rejects, counts))
    this.#shape = shape
    this.#around = shape.open.length + shape.between.length + shape.close.length
    this.#missingRight = missingRight
    this.#rejects = rejects
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
    if (!this.#space.fits(all) || times[i] < this.oldest) return undefined
    const writer = this.#space.writer(all)
    const { open } = this.#shape
    const headerBytes = headerEnds[i] - headerStarts[i]
    writer.begin(times[i], buffer, keyStarts[i], keyEnds[i], bytes + this.#around, headerBytes)
    this.#valueStart = writer.position
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
  endFact(
    writer: RecordBatchWriter,
    position: number,
    columns: RecordColumns,
    times: Float64Array,
    i: number,
  ): void {
    const { close } = this.#shape
    writer.wrote(position)
    writer.append(close, 0, close.length)
    if (this.#sinks.length === 0 || this.#sinkFact(writer, columns, times[i], i)) {
      this.#matched(times[i])
    }
    writer.end(columns.buffer, columns.headerStarts[i], columns.headerEnds[i])
  }

  /** Memory of what was written since the last `drain`. */
  get bytes(): number {
    let bytes = this.#batches?.bytes ?? 0
    for (const sink of this.#sinks) bytes += sink.bytes
    return bytes
  }

  /** The epoch's batches, of all outputs. */
  drain(): RecordBatchWriter[] {
    const sunk = this.#sinks.flatMap((sink) => sink.drain())
    return [...(this.#batches?.drain() ?? []), ...sunk]
  }

  /** Whether the output that takes completed records as they are has room for one of this many bytes of key, value and headers. */
  fits(bytes: number): boolean {
    return this.#space.fits(bytes)
  }

  /** For messages. */
  get topic(): OutputTopic {
    return this.#topic
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

  /** False: no output has it. */
  #write(left: Entry, time: number, suffix: Bytes, start: number, end: number): boolean {
    const { buffer, keyStart, keyEnd, headersStart, headersEnd, bodyStart, bodyEnd } = left
    const valueBytes = this.#around + bodyEnd - bodyStart + end - start
    const bytes = keyEnd - keyStart + headersEnd - headersStart + valueBytes
    if (!this.#space.fits(bytes)) {
      this.#rejects.tooLarge(this.#topic, left, bytes)
      return false
    }
    if (time < this.oldest) {
      this.#rejects.tooOld(this.#topic, left, time)
      return false
    }
    const { open, between, close } = this.#shape
    const writer = this.#space.writer(bytes)
    writer.begin(time, buffer, keyStart, keyEnd, valueBytes, headersEnd - headersStart)
    this.#valueStart = writer.position
    writer.append(open, 0, open.length)
    writer.append(buffer, bodyStart, bodyEnd)
    writer.append(between, 0, between.length)
    writer.append(suffix, start, end)
    writer.append(close, 0, close.length)
    const isWritten = this.#sinks.length === 0 || this.#sinkMatch(writer, left, time)
    writer.end(buffer, headersStart, headersEnd)
    return isWritten
  }

  #sinkMatch(writer: RecordBatchWriter, left: Entry, time: number): boolean {
    const { buffer, keyStart, keyEnd, headersStart, headersEnd } = left
    const around = { time, key: buffer, keyStart, keyEnd, headersStart, headersEnd, source: null }
    return this.#sink(writer, around)
  }

  #sinkFact(writer: RecordBatchWriter, columns: RecordColumns, time: number, i: number): boolean {
    return this.#sink(writer, {
      time,
      key: columns.buffer,
      keyStart: columns.keyStarts[i],
      keyEnd: columns.keyEnds[i],
      headersStart: columns.headerStarts[i],
      headersEnd: columns.headerEnds[i],
      source: { columns, i },
    })
  }

  /**
   * Gives the sinks the completed record whose value ends where the writer is. Key and headers lie in one buffer.
   * @returns whether any output has it
   */
  #sink(writer: RecordBatchWriter, around: Omit<Completed, Value>): boolean {
    const record = {
      ...around,
      headers: around.key,
      value: writer.buffer,
      valueStart: this.#valueStart,
      valueEnd: writer.position,
    }
    let isWritten = this.#batches !== null
    for (const sink of this.#sinks) isWritten = sink.write(record) || isWritten
    return isWritten
  }
}
