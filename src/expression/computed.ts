/** Values of a topic with what is computed of them: whether they are taken, and their derived fields. */
import type { Schema } from 'avsc'
import { type RejectReason, SLICE } from '../batch.ts'
import { type Bytes, bytesOf, copyBytes, NO_BYTES } from '../bytes.ts'
import { FieldText, fieldKind } from '../codec/avro/field.ts'
import type { AvroReader } from '../codec/avro/reader.ts'
import { AvroSink } from '../codec/avro/sink.ts'
import { readTime, type TimeKind, timeKind, timeText } from '../codec/avro/time.ts'
import { AvroSource } from '../codec/avro/walk.ts'
import { FAILED, type Fate, TAKEN, type TimeReading, type ValueReader } from '../codec/port.ts'
import type { TimeUnit } from '../config/pipeline.ts'
import { Evaluation } from './evaluation.ts'
import type { Program, ProgramField } from './program.ts'

/** What is wanted of a topic's derived fields. */
export interface Wanted {
  /** Those of the output, in order; `nullable`: made nullable there, so that a union's branch goes before the value. */
  readonly select: readonly { readonly name: string; readonly nullable: boolean }[]
  /** By key field of the reader that is made: the derived field that it is; null: one of the record's own. */
  readonly keys: readonly (string | null)[]
  /** null: the time is the record's own field, or timestamp. */
  readonly time: string | null
  readonly timeUnit: TimeUnit | null
}

/** Room for the derived fields of each row; what is longer has memory of its own. */
const USUAL_BYTES = 128

/** What is computed of the values of one topic, whatever schemas they are written with. */
export class Computation {
  readonly program: Program
  /** The record's fields that have to be there for it. */
  readonly fields: readonly string[]
  /** Those of the output first; then what is wanted as a key or as the time only. */
  readonly written: readonly ProgramField[]
  readonly wanted: Wanted
  readonly rows: ComputedRows

  constructor(program: Program, wanted: Wanted) {
    const field = (name: string): ProgramField => program.fields.find((one) => one.name === name)!
    const others = [...wanted.keys, wanted.time].filter((name) => name !== null)
    this.program = program
    this.fields = program.reads
    this.wanted = wanted
    this.written = [
      ...wanted.select.map(({ name }) => field(name)),
      ...[...new Set(others)].map(field),
    ]
    this.rows = new ComputedRows(this)
  }

  /** A reader of the same values as `reader`, which speaks of what is computed as well. */
  over(reader: AvroReader): ValueReader {
    return new ComputedReader(reader, this)
  }
}

/** What is noted of each row. */
class ComputedRows {
  readonly fates = new Uint8Array(SLICE)
  readonly faults = new Int32Array(SLICE)
  readonly sentences: string[] = []
  /** The derived fields, one after the other; of them, those of the output come first, up to `ends`. */
  readonly buffers: Bytes[] = new Array(SLICE).fill(NO_BYTES)
  readonly starts = new Int32Array(SLICE)
  readonly ends = new Int32Array(SLICE)
  readonly timeStarts = new Int32Array(SLICE)
  readonly times = new Float64Array(SLICE).fill(Number.NaN)
  readonly texts: readonly (FieldText | null)[]
  readonly timeKind: TimeKind | null
  #room = bytesOf(Buffer.alloc(SLICE * USUAL_BYTES))

  /** Throws SCHEMA_INVALID where a key or the time is none. */
  constructor({ wanted, written }: Computation) {
    const schema = (name: string): Schema => written.find((one) => one.name === name)!.schema
    const { keys, time, timeUnit } = wanted
    this.texts = keys.map((name) =>
      name === null ? null : new FieldText(fieldKind(name, schema(name))),
    )
    this.timeKind = time === null ? null : timeKind(time, schema(time), timeUnit)
  }

  /** Keeps what is in the sink. */
  keep(row: number, { buffer, start, at }: AvroSink): void {
    const bytes = at - start
    const isUsual = bytes <= USUAL_BYTES
    const target = isUsual ? this.#room : bytesOf(Buffer.allocUnsafeSlow(bytes))
    const first = isUsual ? row * USUAL_BYTES : 0
    if (this.buffers[row] !== target) this.buffers[row] = target
    this.starts[row] = first
    copyBytes(buffer, start, at, target, first)
  }
}

/** A reader, and beside it what is computed of each value that it has read. */
class ComputedReader implements ValueReader {
  readonly #inner: AvroReader
  readonly #rows: ComputedRows
  readonly #evaluation: Evaluation
  /** Of key field `k`: which of the inner reader's it is; -1: a derived one. */
  readonly #innerKeys: Int32Array
  /** Of key field `k`, and last of the time: which of the written fields it is; -1: none of them. */
  readonly #places: Int32Array
  readonly #source = new AvroSource()
  readonly #sink = new AvroSink()
  #row = 0

  constructor(inner: AvroReader, computation: Computation) {
    const { rows, wanted, written } = computation
    const place = (name: string | null): number => written.findLastIndex((one) => one.name === name)
    this.#inner = inner
    this.#rows = rows
    this.#evaluation = new Evaluation(inner, computation, rows.sentences)
    let own = 0
    this.#innerKeys = Int32Array.from(wanted.keys, (name) => (name === null ? own++ : -1))
    this.#places = Int32Array.from([...wanted.keys, wanted.time], place)
  }

  get fault(): string {
    return this.#inner.fault
  }

  read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    const refused = this.#inner.read(row, buffer, start, end)
    if (refused !== null) return refused
    const rows = this.#rows
    const sink = this.#sink
    const evaluation = this.#evaluation
    sink.begin()
    const fate = evaluation.run(buffer, end, sink)
    rows.fates[row] = fate
    if (fate === TAKEN) this.#keep(row)
    else if (fate === FAILED) rows.faults[row] = evaluation.fault
    sink.rewind(0)
    return null
  }

  #keep(row: number): void {
    const rows = this.#rows
    const { places, selected } = this.#evaluation
    rows.keep(row, this.#sink)
    const start = rows.starts[row]
    const source = this.#source
    source.buffer = rows.buffers[row]
    source.end = start + this.#sink.written
    rows.ends[row] = start + selected
    const { texts } = rows
    for (let k = 0; k < texts.length; k++) {
      if (texts[k] === null) continue
      source.at = start + places[this.#places[k]]
      texts[k]!.read(row, source)
    }
    if (rows.timeKind === null) return
    source.at = start + places[this.#places[texts.length]]
    rows.timeStarts[row] = source.at
    rows.times[row] = readTime(rows.timeKind, source)
  }

  select(row: number): void {
    this.#row = row
    this.#inner.select(row)
  }

  get fate(): Fate {
    return this.#rows.fates[this.#row] as Fate
  }

  get failure(): string {
    return this.#rows.sentences[this.#rows.faults[this.#row]]
  }

  get time(): number {
    const { timeKind: kind, times, fates } = this.#rows
    if (kind === null) return this.#inner.time
    return fates[this.#row] === TAKEN ? times[this.#row] : Number.NaN
  }

  get timeText(): string {
    const { timeKind: kind, buffers, timeStarts } = this.#rows
    if (kind === null) return this.#inner.timeText
    const buffer = buffers[this.#row]
    this.#source.open(buffer, timeStarts[this.#row], buffer.length)
    return timeText(kind, this.#source)
  }

  get timeReading(): TimeReading | null {
    return this.#rows.timeKind ?? this.#inner.timeReading
  }

  keyBuffer(k: number): Bytes {
    const text = this.#rows.texts[k]
    return text === null
      ? this.#inner.keyBuffer(this.#innerKeys[k])
      : text.buffer(this.#rows.buffers[this.#row], this.#row)
  }

  keyStart(k: number): number {
    const text = this.#rows.texts[k]
    return text === null ? this.#inner.keyStart(this.#innerKeys[k]) : text.start(this.#row)
  }

  keyEnd(k: number): number {
    const text = this.#rows.texts[k]
    return text === null ? this.#inner.keyEnd(this.#innerKeys[k]) : text.end(this.#row)
  }

  get projectedBytes(): number {
    const { starts, ends } = this.#rows
    return this.#inner.projectedBytes + ends[this.#row] - starts[this.#row]
  }

  project(target: Bytes, position: number): number {
    const { buffers, starts, ends } = this.#rows
    const at = this.#inner.project(target, position)
    return copyBytes(buffers[this.#row], starts[this.#row], ends[this.#row], target, at)
  }
}
