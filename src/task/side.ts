import { type RecordColumns, type RejectReason, SLICE, type Stage } from '../batch.ts'
import { hashBytes, sameBytes } from '../bytes.ts'
import {
  FILTERED,
  type KeyReader,
  TAKEN as OF_ITS_TOPIC,
  OTHER_TYPE,
  refusalOf,
  type TopicCodec,
  type ValueReader,
} from '../codec/port.ts'
import type { Enricher } from '../dimension/enrich.ts'
import { type Block, InputQueue } from '../input/input-queue.ts'
import type { Times } from '../input/interval.ts'
import type { TaskRejects } from '../output/task-rejects.ts'
import type { Source } from '../plan/plan.ts'
import { EventTimes, UNTIMED } from './event-times.ts'
import type { TaskContext } from './task.ts'

/** A record's fate inside a slice. Of those that are done with only the taken ones move stream time. */
export const REFUSED = 0
export const NEEDS_SCHEMA = 1
export const TAKEN = 2
export const NEEDS_KEY_SCHEMA = 3
/** It comes after what earlier joins owe. */
export const WAITS = 4
/** It lacks a row that facts wait for. */
export const WAITING = 5

const KEY_MISMATCH =
  'The join field is not the record’s key, so the topic is not partitioned by it; key the topic by the join field, or name its side in join.repartition'
const ALWAYS = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }

/** One source of a task: reads of its records what is compared, and says why one is refused. */
export class Side {
  /** The number of the source in its stage. */
  readonly index: number
  /** The input whose records they are: see `Source`. */
  readonly input: number
  readonly queue: InputQueue
  /** The record's key, of the record that `open` has opened last, where the source is keyed. */
  readonly key: KeyReader
  /** Of the records that `lookAhead` has read, by row: the hash of the key. */
  readonly hashes = new Int32Array(SLICE)
  /** A schema is being loaded: the task stands still, and only it. */
  loading = false
  /** The earliest and the latest time of the records that `lookAhead` has read. */
  from = Number.POSITIVE_INFINITY
  to = Number.NEGATIVE_INFINITY
  readonly #source: Source
  readonly #codec: TopicCodec
  readonly #context: TaskContext
  readonly #rejects: TaskRejects
  readonly #eventTimes: EventTimes
  /** The event times that are taken. */
  readonly #times: Times
  /** By row: who has read the value. */
  readonly readers: (ValueReader | undefined)[] = new Array(SLICE).fill(undefined)

  /** @param side the number of the source in its stage */
  constructor(
    side: number,
    source: Source,
    partition: number,
    context: TaskContext,
    rejects: TaskRejects,
  ) {
    const { codec, interval, elapsed } = context
    const { index } = source
    const { values, key } = codec.sources[index]
    this.index = side
    this.input = source.input
    this.key = key
    this.#source = source
    this.#codec = values
    this.#context = context
    this.#rejects = rejects
    this.queue = new InputQueue(this.#source.time !== null, elapsed)
    this.queue.endsAt = interval?.offsets[index].get(partition)?.to ?? Number.POSITIVE_INFINITY
    this.#times = interval?.times[index] ?? ALWAYS
    this.#eventTimes = new EventTimes(this.#source, context)
  }

  /** Reads the event times of the records that wait first. False: a schema is being loaded. */
  readTimes(): boolean {
    const { head } = this.queue
    if (head === undefined || head.timesRead) return true
    const unknown = this.#eventTimes.read(head, this.#codec)
    if (unknown < 0) return true
    this.#loadValue(head.columns, unknown)
    return false
  }

  /**
   * Walks the values and hashes the keys of the records `[block.at, end)`. What is wrong with one is found again,
   * and told, by `open`.
   * @param enricher hashes their look-up keys; undefined: they have none
   */
  lookAhead(block: Block, end: number, enricher: Enricher | undefined): void {
    const first = block.at
    const { key, hashes } = this
    const readers = this.readers
    const { isKeyed } = this.#source
    let from = Number.POSITIVE_INFINITY
    let to = Number.NEGATIVE_INFINITY
    enricher?.begin(block.times, first)
    for (let i = first; i < end; i++) {
      const row = i - first
      const value = this.#readAhead(block, i, row)
      // Most have one reader; a store of an object costs more than a look.
      if (readers[row] !== value) readers[row] = value
      if (value === undefined) continue
      if (isKeyed) hashes[row] = hashBytes(key.buffer, key.start, key.end)
      const time = block.times[i]
      if (time < from) from = time
      if (time > to) to = time
      if (enricher !== undefined) enricher.hash(value, row)
    }
    this.from = from
    this.to = to
  }

  /** undefined: `open` will say why. */
  #readAhead({ columns }: Block, i: number, row: number): ValueReader | undefined {
    const { buffer, keyStarts, keyEnds, valueStarts, valueEnds, headerStarts, headerEnds } = columns
    const { isKeyed, isPrepared } = this.#source
    if ((isKeyed && keyEnds[i] < 0 && !isPrepared) || valueEnds[i] < 0) return undefined
    const headerStart = headerStarts[i]
    const headerEnd = headerEnds[i]
    const value = this.#codec.reader(buffer, valueStarts[i], valueEnds[i], headerStart, headerEnd)
    if (value === null || typeof value === 'string') return undefined
    if (value.read(row, buffer, valueStarts[i], valueEnds[i]) !== null) return undefined
    if (!isKeyed || keyEnds[i] < 0) return value
    return this.key.read(buffer, keyStarts[i], keyEnds[i], headerStart, headerEnd)
      ? value
      : undefined
  }

  /** What is compared: value, key, join field, time. A number: the record's fate is sealed. */
  open(block: Block, i: number, row: number): ValueReader | number {
    if (this.#isOutside(block, i)) {
      this.#context.counts.outside[this.#source.index]++
      return TAKEN
    }
    const value = this.readers[row]
    if (value === undefined) return this.#unread(block, i)
    value.select(row)
    if (this.#source.isComputed && this.#isRefused(value, block, i)) return REFUSED
    if (this.#source.isKeyed && !this.#hasItsKey(value, block, i)) return REFUSED
    return block.times[i] === UNTIMED ? this.#untimed(value, block, i) : value
  }

  /** Whether the topic's expressions drop the record, or fail over it, or the outputs' format cannot say it. */
  #isRefused(value: ValueReader, block: Block, i: number): boolean {
    const { counts } = this.#context
    const { topic } = this.#source
    const { fate } = value
    const refusal = refusalOf(fate)
    if (fate === FILTERED) counts.filtered.add(topic)
    else if (refusal !== null) this.reject(block, i, 'decode', refusal, value.failure)
    else if (fate !== OF_ITS_TOPIC) counts.passedOver.add(topic)
    return fate !== OF_ITS_TOPIC
  }

  /** Reads the record's key. @returns whether it is the join field's text; else the record is rejected */
  #hasItsKey(value: ValueReader, block: Block, i: number): boolean {
    const { buffer, keyStarts, keyEnds, headerStarts, headerEnds } = block.columns
    const { key } = this
    if (keyEnds[i] < 0) return true
    key.read(buffer, keyStarts[i], keyEnds[i], headerStarts[i], headerEnds[i])
    if (this.#source.isPrepared) return true
    const start = value.keyStart(0)
    const length = value.keyEnd(0) - start
    if (
      key.end - key.start === length &&
      sameBytes(value.keyBuffer(0), start, key.buffer, key.start, length)
    )
      return true
    if (value.keyEnd(0) < 0) this.reject(block, i, 'decode', 'null_field', 'The join field is null')
    else this.reject(block, i, 'decode', 'key_mismatch', KEY_MISMATCH)
    return false
  }

  /** Loads the schema that a record needs: `fate` says which. */
  loadFor({ columns }: Block, i: number, fate: number): void {
    if (fate === NEEDS_SCHEMA) this.#loadValue(columns, i)
    else {
      const { buffer, keyStarts, keyEnds, headerStarts, headerEnds } = columns
      this.#wait(this.key.load(buffer, keyStarts[i], keyEnds[i], headerStarts[i], headerEnds[i]))
    }
  }

  #loadValue(columns: RecordColumns, i: number): void {
    const { buffer, valueStarts, valueEnds, headerStarts, headerEnds } = columns
    this.#wait(
      this.#codec.load(buffer, valueStarts[i], valueEnds[i], headerStarts[i], headerEnds[i]),
    )
  }

  /** Meanwhile the other tasks go on, and epochs are committed. */
  #wait(loaded: Promise<void>): void {
    this.loading = true
    void loaded.finally(() => {
      this.loading = false
    })
  }

  /** The slice's first records up to `end` were taken. */
  taken(records: number, end: number): void {
    if (records === 0) return
    this.#context.counts.consumed[this.#source.index] += records
    this.queue.advance(end)
  }

  reject(block: Block, i: number, stage: Stage, reason: RejectReason, error: string): number {
    this.#rejects.record(this.index, block.columns, i, stage, reason, error)
    return REFUSED
  }

  tooLarge(block: Block, i: number, bytes: number): number {
    const { maxEntryBytes } = this.#context
    const error = `The record has ${bytes} bytes; ${maxEntryBytes} is the most of which changelog and output topic take what is written (max.message.bytes)`
    return this.reject(block, i, 'window', 'too_large', error)
  }

  /** Of the interval; what cannot be read is taken to be as old as its record. */
  #isOutside({ times, columns }: Block, i: number): boolean {
    const { from, to } = this.#times
    const time = times[i] === UNTIMED ? columns.timestamps[i] : times[i]
    return time < from || time >= to
  }

  #untimed(value: ValueReader, block: Block, i: number): number {
    const fault = this.#eventTimes.fault(value, block, i)
    if (fault !== null) return this.reject(block, i, 'decode', ...fault)
    this.#context.counts.droppedEarly++
    return REFUSED
  }

  /** Why the look-ahead has passed the record over. */
  #unread(block: Block, i: number): number {
    const { buffer, keyStarts, keyEnds, valueStarts, valueEnds } = block.columns
    const { headerStarts, headerEnds } = block.columns
    const codec = this.#codec
    const fail = (reason: RejectReason, error: string): number =>
      this.reject(block, i, 'decode', reason, error)
    const isNull = valueEnds[i] < 0
    const value = isNull
      ? null
      : codec.reader(buffer, valueStarts[i], valueEnds[i], headerStarts[i], headerEnds[i])
    // Whatever else is wrong with a record of another type does not matter.
    if (value === null && !isNull) return NEEDS_SCHEMA
    if (value === OTHER_TYPE) {
      this.#context.counts.otherTypes.add(this.#source.topic)
      return REFUSED
    }
    if (this.#isUnwanted(value, block, i)) return REFUSED
    if (value === null && this.#source.isEnveloped) {
      this.#context.counts.passedOver.add(this.#source.topic)
      return REFUSED
    }
    if (this.#source.isKeyed && keyEnds[i] < 0) return fail('null_key', 'The record has no key')
    if (value === null) return fail('null_value', 'The record has no value')
    if (typeof value === 'string') return fail(value, codec.fault)
    const fault = value.read(0, buffer, valueStarts[i], valueEnds[i])
    if (fault !== null) return fail(fault, value.fault)
    const { key } = this
    key.read(buffer, keyStarts[i], keyEnds[i], headerStarts[i], headerEnds[i])
    return key.reason === null ? NEEDS_KEY_SCHEMA : fail(key.reason, key.fault)
  }

  /** Whether nobody wants the record, whatever else is wrong with it. */
  #isUnwanted(value: ValueReader | RejectReason | null, block: Block, i: number): boolean {
    if (!this.#source.isComputed || value === null || typeof value === 'string') return false
    const { buffer, valueStarts, valueEnds } = block.columns
    if (value.read(0, buffer, valueStarts[i], valueEnds[i]) !== null) return false
    value.select(0)
    const { fate } = value
    return fate !== OF_ITS_TOPIC && refusalOf(fate) === null && this.#isRefused(value, block, i)
  }
}
