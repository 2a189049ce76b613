import type { RecordColumns } from '../batch.ts'
import type { RecordBatchWriter } from '../broker/record-batch-writer.ts'
import { type Bytes, NO_BYTES } from '../bytes.ts'
import { BatchList, type OutputTopic, type RecordSpace } from './batch-list.ts'
import { GivenHeaders, type HeaderSection } from './match-headers.ts'
import { OutputHeaders } from './output-headers.ts'
import { Scratch } from './scratch.ts'
import { Completed, Sink, type SinkCounts, type SinkOutput, type SinkRejects } from './sink.ts'

/** Where one stored record's parts are. */
export interface Entry extends HeaderSection {
  readonly keyStart: number
  readonly keyEnd: number
  readonly time: number
  readonly bodyStart: number
  readonly bodyEnd: number
}

/**
 * What a value has around its parts, which are concatenated: a match is open ++ fact with its columns ++ between ++
 * right record ++ close. `header`: a raw header section that names the values' schema; not there, or empty: none does.
 */
export interface OutputShape {
  readonly open: Bytes
  readonly between: Bytes
  readonly close: Bytes
  readonly header?: Bytes
}

/** Outputs that the topic does not take. @param source whose record it is that is told of: of a match the fact */
export interface OutputRejects extends SinkRejects {
  tooLarge(to: OutputTopic, source: number, of: Entry, bytes: number): void
  tooOld(to: OutputTopic, source: number, of: Entry, time: number): void
}

/** What a completed record has in place of a side's part, by side. */
export type MissingParts = readonly [Bytes, Bytes]
/** Of what is joined with nothing. */
export const NO_PARTS: MissingParts = [NO_BYTES, NO_BYTES]

/** The number of the facts among the sources, and of the left side. */
const FACTS = 0

/** Where completed records go. */
export interface Outputs {
  /** The first output that takes them as they are; null: none does. */
  readonly whole: OutputTopic | null
  /** Of what is written to it. */
  readonly shape: OutputShape
  /** The others. */
  readonly sinks: readonly SinkOutput[]
}

/** Concatenates a match: the stored left record is the output's prefix, the stored right one its suffix. */
export class TaskOutput {
  /** Of the output that takes completed records as they are. */
  readonly #batches: BatchList | null
  readonly #space: RecordSpace
  readonly #topic: OutputTopic
  readonly #sinks: readonly Sink[]
  /** What they are given. */
  readonly #completed = new Completed()
  readonly #given = new GivenHeaders()
  /** Where the value begins that is being written. */
  #valueStart = 0
  /** Event times of the matches, and of facts that are joined with nothing, since the last `drainTimes`, in ms; so many of them. */
  #times = new Float64Array(0)
  #matches = 0
  readonly #shape: OutputShape
  /** Bytes of the shape. */
  readonly #around: number
  readonly #missing: MissingParts
  /** The number of the right stream among the sources: where there are several joins, of the last one's. */
  readonly #right: number
  readonly #headers: OutputHeaders
  readonly #rejects: OutputRejects
  /** The broker takes no record that is older, in ms. */
  oldest = Number.NEGATIVE_INFINITY

  /** @param right the number of the right stream among the sources */
  constructor(
    { whole, shape, sinks }: Outputs,
    partition: number,
    missing: MissingParts,
    rejects: OutputRejects,
    counts: SinkCounts,
    headers = new OutputHeaders('left', null, null),
    right = 1,
  ) {
    this.#right = right
    this.#batches = whole && new BatchList(whole, partition)
    this.#space = this.#batches ?? new Scratch()
    this.#topic = whole ?? sinks[0].topic
    this.#sinks = sinks.map((sink) => new Sink(sink, partition, rejects, counts))
    this.#shape = shape
    this.#around = shape.open.length + shape.between.length + shape.close.length
    this.#missing = missing
    this.#headers = headers
    this.#rejects = rejects
  }

  match(left: Entry, right: Entry): void {
    const time = left.time > right.time ? left.time : right.time
    const headers = this.#headers.ofMatch(left, right)
    const leftBytes = left.bodyEnd - left.bodyStart
    const rightBytes = right.bodyEnd - right.bodyStart
    const writer = this.#begin(FACTS, left, headers, time, leftBytes + rightBytes)
    if (writer === undefined) return
    writer.append(left.buffer, left.bodyStart, left.bodyEnd)
    this.#between(writer)
    writer.append(right.buffer, right.bodyStart, right.bodyEnd)
    if (this.#end(writer, left, headers, time)) this.#matched(time)
  }

  /** A record of a side comes out without a match, with its own key and headers. */
  unmatched(side: number, record: Entry): void {
    const { buffer, bodyStart, bodyEnd, time } = record
    const missing = this.#missing[1 - side]
    const bytes = bodyEnd - bodyStart + missing.length
    const isFact = side === FACTS
    const writer = this.#begin(isFact ? FACTS : this.#right, record, record, time, bytes)
    if (writer === undefined) return
    if (isFact) writer.append(buffer, bodyStart, bodyEnd)
    else writer.append(missing, 0, missing.length)
    this.#between(writer)
    if (isFact) writer.append(missing, 0, missing.length)
    else writer.append(buffer, bodyStart, bodyEnd)
    this.#end(writer, record, record, time)
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
    const headerBytes = this.#headers.ofFactBytes ?? headerEnds[i] - headerStarts[i]
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
    const headerBytes = this.#headers.ofFactBytes ?? headerEnds[i] - headerStarts[i]
    return keyBytes + headerBytes + bytes + this.#around
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
    const headers = this.#headers.ofFact
    if (headers !== null) writer.end(headers.buffer, headers.headersStart, headers.headersEnd)
    else writer.end(columns.buffer, columns.headerStarts[i], columns.headerEnds[i])
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
    if (!this.#space.fits(all)) {
      this.#rejects.tooLarge(this.#topic, source, of, all)
      return undefined
    }
    if (time < this.oldest) {
      this.#rejects.tooOld(this.#topic, source, of, time)
      return undefined
    }
    const { open } = this.#shape
    const writer = this.#space.writer(all)
    writer.begin(time, buffer, keyStart, keyEnd, valueBytes, headerBytes)
    this.#valueStart = writer.position
    writer.append(open, 0, open.length)
    return writer
  }

  #between(writer: RecordBatchWriter): void {
    const { between } = this.#shape
    writer.append(between, 0, between.length)
  }

  /** @returns whether any output has the record */
  #end(writer: RecordBatchWriter, of: Entry, headers: HeaderSection, time: number): boolean {
    const { close } = this.#shape
    writer.append(close, 0, close.length)
    const isWritten = this.#sinks.length === 0 || this.#sinkEntry(writer, of, headers, time)
    writer.end(headers.buffer, headers.headersStart, headers.headersEnd)
    return isWritten
  }

  #sinkEntry(writer: RecordBatchWriter, of: Entry, headers: HeaderSection, time: number): boolean {
    const completed = this.#completed
    completed.time = time
    completed.key = of.buffer
    completed.keyStart = of.keyStart
    completed.keyEnd = of.keyEnd
    completed.headers = headers
    completed.columns = null
    return this.#sink(writer)
  }

  #sinkFact(writer: RecordBatchWriter, columns: RecordColumns, time: number, i: number): boolean {
    const completed = this.#completed
    completed.time = time
    completed.key = columns.buffer
    completed.keyStart = columns.keyStarts[i]
    completed.keyEnd = columns.keyEnds[i]
    completed.headers = this.#headers.ofFact ?? this.#given.of(columns, i)
    completed.columns = columns
    completed.i = i
    return this.#sink(writer)
  }

  /** Gives the sinks the completed record whose value ends where the writer is. @returns whether any output has it */
  #sink(writer: RecordBatchWriter): boolean {
    const completed = this.#completed
    completed.value = writer.buffer
    completed.valueStart = this.#valueStart
    completed.bodyStart = this.#valueStart + this.#shape.open.length
    completed.valueEnd = writer.position
    let isWritten = this.#batches !== null
    for (const sink of this.#sinks) isWritten = sink.write(completed) || isWritten
    return isWritten
  }
}
