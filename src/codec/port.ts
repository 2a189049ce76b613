/** What the stages need of a value format. `avsc` stays behind this port. */
import type { RejectReason } from '../batch.ts'
import type { Bytes } from '../bytes.ts'
import type { TimeUnit } from '../config/pipeline.ts'
import type { AvroRecordSchema } from './avro/reader.ts'
import type { FormerRow } from './envelope/former-row.ts'

/** What a time field counts. */
export interface TimeReading {
  /** null: it is text, ISO 8601. */
  readonly unit: TimeUnit | null
  /** False: the pipeline file says so, or nothing does and it is milliseconds. */
  readonly fromSchema: boolean
}

/**
 * What becomes of a value: it is taken, dropped as the topic's `where` wants it, or an expression fails over it; or, by its
 * envelope, its row is deleted, or it is of no row at all and passed over; or the output's format cannot say it.
 */
export const TAKEN = 0
export const FILTERED = 1
export const FAILED = 2
export const DELETED = 3
export const PASSED = 4
export const UNWRITABLE = 5
export type Fate =
  | typeof TAKEN
  | typeof FILTERED
  | typeof FAILED
  | typeof DELETED
  | typeof PASSED
  | typeof UNWRITABLE

/** Why a value of this fate is rejected; null: it is not. */
export const refusalOf = (fate: Fate): RejectReason | null =>
  fate === FAILED ? 'expression_failed' : fate === UNWRITABLE ? 'unwritable' : null

/**
 * Reads values of one topic without making an object per record: `read` walks a value and keeps
 * positions in a row; after `select` of that row the other members speak of that value.
 */
export interface ValueReader {
  /** The whole value is walked, so that a truncated or overlong one is found. `row` is below SLICE. */
  read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null
  /** What is wrong with the value `read` has just refused. */
  readonly fault: string
  select(row: number): void
  /**
   * TAKEN where nothing is computed of the topic's values, and they are in no envelopes. Of another value nothing else is
   * known; of a DELETED one the key fields, where the plan asks for them, and the time, where the envelope has it.
   */
  readonly fate: Fate
  /** Which expression has FAILED, and why; or which field is UNWRITABLE. */
  readonly failure: string
  /** Event time in ms; NaN where the topic has no time field, or the field is null or text that is no time. */
  readonly time: number
  /** For messages: the time field as it is in the value, its digits or its text in quotes ('' for null), and how it is read. */
  readonly timeText: string
  /** null: the topic has no time field. */
  readonly timeReading: TimeReading | null
  /** Text form (UTF-8; a number's decimal digits) of key field `k` in `keyBuffer(k)[keyStart(k), keyEnd(k))`; keyEnd -1 = null. */
  keyBuffer(k: number): Bytes
  keyStart(k: number): number
  keyEnd(k: number): number
  /** How many bytes `project` will write. */
  readonly projectedBytes: number
  /** Writes the selected fields in output form at `position`; returns the position behind them. */
  project(target: Bytes, position: number): number
  /**
   * Of the value that was read last, by an envelope that says what its row was before: speaks of the key fields as they
   * were, until the next `select`. False: nothing says it.
   */
  selectFormer?(): boolean
  /**
   * Of the value that was read last: a selected field that is not in it, as it was not changed, and has to come from the row
   * as it was; '', or undefined: there is none.
   */
  readonly lacking?: string
}

/** A record of another type than the one that is read of the topic: it is passed over. */
export const OTHER_TYPE = 'other_type'
export type OtherType = typeof OTHER_TYPE

/** Values of one topic, each with a frame that names its schema: see `framing.ts`. */
export interface TopicCodec {
  /**
   * The reader for the value's schema id; null: not loaded yet, `load` it and ask again.
   * A RejectReason: the value has no frame, or its schema is unknown or incompatible (remembered).
   * `buffer[headerStart, headerEnd)` are the record's raw headers, as in `RecordColumns`: one of them may have the id.
   */
  reader(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): ValueReader | RejectReason | OtherType | null
  /** Why `reader` has just answered with a reason or OTHER_TYPE. */
  readonly fault: string
  /**
   * Loads the schema of this value, of which `reader` is told the same. Waits out an outage of the registry (retries, logs);
   * never throws for a bad id.
   */
  load(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): Promise<void>
}

/** Text form of a record's key, by the topic's key format. */
export interface KeyReader {
  /**
   * True: the text is in `buffer[start, end)` of this object, until it reads again. False: `reason` says why not.
   * `headerStart` and `headerEnd` as with `TopicCodec.reader`.
   */
  read(buffer: Bytes, start: number, end: number, headerStart: number, headerEnd: number): boolean
  readonly buffer: Bytes
  readonly start: number
  readonly end: number
  /** Why `read` has just found no text; null: the key's schema is not loaded yet, `load` it and read again. */
  readonly reason: RejectReason | null
  /** The same as a sentence. */
  readonly fault: string
  /** Loads the schema of this key, as `TopicCodec.load` does. */
  load(
    buffer: Bytes,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): Promise<void>
  /** In place of `read` where the key is in the value, which is selected. */
  readValue?(value: ValueReader): boolean
  /** Then: the key that the row had before it was changed; null: the same, or nothing says it. Another one is selected now. */
  formerOf?(value: ValueReader): KeyReader | null
}

/** A stored record's bytes as an object that JSON can carry. */
export type RecordView = (bytes: Buffer) => Record<string, unknown>

export interface StoredViews {
  /** Of records in the window, by source: facts with their columns, and what is selected of each right stream. */
  readonly sources: readonly RecordView[]
  /** Of rows, in the file's order. */
  readonly dimensions: readonly RecordView[]
}

/** How the records of a source are read. */
export interface SourceCodec {
  readonly values: TopicCodec
  /** Not asked where the source's keys are not compared. */
  readonly key: KeyReader
}

/** Everything that is compiled from the pipeline file and its schemas before the first record. */
export interface PipelineCodec {
  /** In the plan's order: facts, and each join's right stream; then internal topics. */
  readonly sources: readonly SourceCodec[]
  /** By dimension, as all that follows; those with one table have one codec and one reader of keys. */
  readonly dimensions: readonly TopicCodec[]
  /** Which part of a row is the dimension's columns: see `row/parts.ts`. */
  readonly rowParts: readonly number[]
  readonly dimensionKeys: readonly KeyReader[]
  readonly formerRows: readonly FormerRow[]
  /** Changes when the same rows would be stored otherwise, or under another text. */
  readonly rowLayouts: readonly string[]
  /** The columns of a dimension without a row, in output form (used with `missing: null`). */
  readonly missingDimension: readonly Bytes[]
  /**
   * By join: what comes out of it has in place of a side's columns, the left side first, whose are all that come before
   * the join's own. Nothing where the side's are always there.
   */
  readonly missing: readonly (readonly [Bytes, Bytes])[]
  readonly views: StoredViews
  /** Changes when the bytes of stored records would mean something else. */
  readonly layout: string
  /**
   * By stage that joins, and gives what it has completed to another one: reads a completed record, as that one's window
   * stores it; its only key field is what is compared there.
   */
  readonly leftKeys: readonly ValueReader[]
  /** What a fact begins with that one stage has completed for another one. */
  readonly preparedFrame: Bytes
  /** The completed record's derived schema as JSON text. */
  readonly outputSchema: string
  /** In the file's order. */
  readonly outputs: readonly OutputCodec[]
}

/** How an output's values are made. */
export interface OutputCodec {
  /** Of Avro its schema and of JSON a JSON Schema, as JSON text; of Protobuf a .proto file. */
  readonly schema: string
  /** Reads a completed record, framed, and projects what the output takes; its only key field, if it has one, is the key. */
  readonly reader: ValueReader
  /** Of Protobuf: what its messages are read as, made by `viewOf`; null: it is another format. */
  readonly view: AvroRecordSchema | null
  /** Of Protobuf: fields and symbols whose number nobody has kept yet. */
  readonly invented: readonly string[]
  readonly isKeyed: boolean
  /** Whether the output takes each completed record as it is. */
  readonly isWhole: boolean
}
/* Key fields: of facts, the join field, where there is a join, then the fields that are looked up, dimension by dimension;
 * of the right stream, the join field; of a dimension, the fields by which others are looked up. */
