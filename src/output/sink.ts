import type { RecordColumns, RejectReason } from '../batch.ts'
import { partitionOf } from '../broker/partition-of.ts'
import type { RecordBatchWriter } from '../broker/record-batch-writer.ts'
import { type Bytes, NO_BYTES } from '../bytes.ts'
import { FRAME_BYTES } from '../codec/frame/framing.ts'
import { FILTERED, refusalOf, type ValueReader } from '../codec/port.ts'
import { BatchList, type OutputTopic, tooLargeText } from './batch-list.ts'
import { type HeaderSection, MergedHeaders } from './match-headers.ts'
import type { OutputShape } from './task-output.ts'

const NO_HEADERS: HeaderSection = { buffer: NO_BYTES, headersStart: 0, headersEnd: 0 }
const COMPLETED = 'The completed record'

/** A completed record: its value, framed, and what goes with it. There is one for all that a task writes, one after the other. */
export class Completed {
  time = 0
  /** keyEnd -1: no key. */
  key = NO_BYTES
  keyStart = 0
  keyEnd = -1
  value = NO_BYTES
  valueStart = 0
  /** Behind the frame. */
  bodyStart = 0
  valueEnd = 0
  headers: HeaderSection = NO_HEADERS
  /** It was made of record `i` of these alone: a fact that is joined with nothing; null: there were two. */
  columns: RecordColumns | null = null
  i = 0
}

export interface SinkRejects {
  /** A completed record that cannot be written to an output. */
  unwritten(to: OutputTopic, record: Completed, reason: RejectReason, error: string): void
}

/** Counts completed records that are dropped by an output's condition, by its topic. */
export interface SinkCounts {
  readonly filtered: { add(topic: string): void }
}

/** An output that takes of completed records what it wants: some of them, some of their fields, another key. */
export class Sink {
  readonly #topic: OutputTopic
  readonly #shape: OutputShape
  /** Names the values' schema, behind the record's own: readers take the last one. null: none does. */
  readonly #named: HeaderSection | null
  readonly #merged = new MergedHeaders()
  readonly #reader: ValueReader
  readonly #isKeyed: boolean
  /** The task's, where records stay in it. */
  readonly #partition: number
  readonly #rejects: SinkRejects
  readonly #counts: SinkCounts
  /** By partition. */
  readonly #lists: BatchList[] = []

  constructor(
    { topic, shape, reader, isKeyed }: SinkOutput,
    partition: number,
    rejects: SinkRejects,
    counts: SinkCounts,
  ) {
    this.#topic = topic
    this.#shape = shape
    this.#named = sectionOf(shape)
    this.#reader = reader
    this.#isKeyed = isKeyed
    this.#partition = partition
    this.#rejects = rejects
    this.#counts = counts
  }

  /** Memory of what was written since the last `drain`. */
  get bytes(): number {
    let bytes = 0
    for (const list of this.#lists) bytes += list?.bytes ?? 0
    return bytes
  }

  drain(): RecordBatchWriter[] {
    return this.#lists.flatMap((list) => list.drain())
  }

  /** @returns whether the output has it now */
  write(record: Completed): boolean {
    const reader = this.#reader
    // A reader passes over a frame of so many bytes; whose this is may have more.
    const fault = reader.read(0, record.value, record.bodyStart - FRAME_BYTES, record.valueEnd)
    if (fault !== null) throw new Error(`A completed record cannot be read: ${reader.fault}`)
    reader.select(0)
    const { fate } = reader
    if (fate === FILTERED) {
      this.#counts.filtered.add(this.#topic.topic)
      return false
    }
    const refusal = refusalOf(fate)
    if (refusal !== null) {
      this.#rejects.unwritten(this.#topic, record, refusal, reader.failure)
      return false
    }
    const { key, keyStart, keyEnd } = record
    return this.#isKeyed
      ? this.#writeKeyed(record)
      : this.#write(record, key, keyStart, keyEnd, this.#partition)
  }

  #writeKeyed(record: Completed): boolean {
    const reader = this.#reader
    const end = reader.keyEnd(0)
    // Without a key it goes where its fact is.
    if (end < 0) return this.#write(record, record.key, 0, -1, this.#partition)
    const key = reader.keyBuffer(0)
    const start = reader.keyStart(0)
    const partition = partitionOf(key, this.#topic.partitions, start, end)
    return this.#write(record, key, start, end, partition)
  }

  #write(record: Completed, key: Bytes, start: number, end: number, partition: number): boolean {
    const reader = this.#reader
    const { open, close } = this.#shape
    const { time } = record
    const named = this.#named
    const headers = named === null ? record.headers : this.#merged.of(record.headers, named)
    const { headersStart, headersEnd } = headers
    const valueBytes = open.length + reader.projectedBytes + close.length
    const headerBytes = headersEnd - headersStart
    const bytes = Math.max(0, end - start) + headerBytes + valueBytes
    const list = this.#list(partition)
    if (!list.fits(bytes)) {
      const error = tooLargeText(COMPLETED, this.#topic, bytes)
      this.#rejects.unwritten(this.#topic, record, 'too_large', error)
      return false
    }
    const writer = list.writer(bytes)
    writer.begin(time, key, start, end, valueBytes, headerBytes)
    writer.append(open, 0, open.length)
    writer.wrote(reader.project(writer.buffer, writer.position))
    writer.append(close, 0, close.length)
    writer.end(headers.buffer, headersStart, headersEnd)
    return true
  }

  #list(partition: number): BatchList {
    const at = partition % this.#topic.partitions
    for (let next = this.#lists.length; next <= at; next++) {
      this.#lists.push(new BatchList(this.#topic, next))
    }
    return this.#lists[at]
  }
}

const sectionOf = ({ header = NO_BYTES }: OutputShape): HeaderSection | null =>
  header.length === 0 ? null : { buffer: header, headersStart: 0, headersEnd: header.length }

/** What a sink writes to, and how. */
export interface SinkOutput {
  readonly topic: OutputTopic
  readonly shape: OutputShape
  /** Reads completed records: see `OutputCodec`. */
  readonly reader: ValueReader
  /** Whether the reader's key field is the key. */
  readonly isKeyed: boolean
}
