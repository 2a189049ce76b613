/**
 * A task: one partition number of both inputs, with its own window. The way of the data is
 * `Task.process`, top to bottom:
 *
 *     fetch → decode → enrich (dimensions) → put own side, probe other side (window) → concatenate → epoch → commit
 */
import { type RejectReason, SLICE, type Stage } from '../batch.ts'
import type { Fetched } from '../broker/port.ts'
import type { RecordBatchWriter } from '../broker/record-batch-writer.ts'
import { type Bytes, copyBytes, hashBytes, NO_BYTES, sameBytes } from '../bytes.ts'
import { unitHint } from '../codec/likely-unit.ts'
import {
  type KeyReader,
  OTHER_TYPE,
  type PipelineCodec,
  type TopicCodec,
  type ValueReader,
} from '../codec/port.ts'
import type { Pipeline } from '../config/pipeline.ts'
import type { Counts } from '../counts/counts.ts'
import type { DimensionTable } from '../dimension/table.ts'
import { type Block, InputQueue } from '../input/input-queue.ts'
import type { Interval } from '../input/interval.ts'
import { merge, newSlice, type SliceSide } from '../input/merge.ts'
import { LooseFact } from '../output/loose-fact.ts'
import { BatchList, type OutputTopic, TaskOutput } from '../output/task-output.ts'
import { TaskRejects } from '../output/task-rejects.ts'
import { LAST_DATE, timeText } from '../output/time-text.ts'
import type { MemoryShares } from '../plan/memory.ts'
import { Heads } from '../state/heads.ts'
import { LEFT, type Page, RIGHT } from '../state/page.ts'
import type { WindowStore } from '../state/page-store.ts'
import { WriteBack } from '../state/write-back.ts'
import { JoinWindow } from '../window/join-window.ts'
import { isLate } from '../window/lateness.ts'
import { windowTimes } from '../window/segments.ts'

/** What all tasks of an instance share. */
export interface TaskContext {
  readonly pipeline: Pipeline
  readonly codec: PipelineCodec
  /** In the file's order. */
  readonly dimensions: readonly DimensionTable[]
  readonly output: OutputTopic
  /** What every output value begins with. */
  readonly outputFrame: Bytes
  readonly rejects: OutputTopic
  readonly rejectPartitions: number
  /** The most a stored record may have, so that its changelog record is under the topic's limit. */
  readonly maxEntryBytes: number
  /** How far ahead of the clock an event time may be: `join.ahead`, or the output topic's limit where that is less. */
  readonly aheadMs: number
  /** How far behind the clock an output's time may be; infinite where the output topic has no such limit. */
  readonly behindMs: number
  readonly memory: MemoryShares
  readonly counts: Counts
  /** Without it everything is taken, for ever. */
  readonly interval?: Interval | undefined
  /** The wall clock, in ms: `Date.now`, or a simulation's. */
  readonly now: () => number
  /** A clock for durations, in ms, which never goes back: `performance.now`, or a simulation's. */
  readonly elapsed: () => number
}

/** What a task adds to an epoch. */
export interface TaskEpoch {
  readonly task: Task
  readonly outputs: readonly RecordBatchWriter[]
  /** Event times of the matches among the outputs, in ms. */
  readonly matchTimes: Float64Array
  readonly rejects: readonly RecordBatchWriter[]
  readonly pages: readonly Page[]
  /** The next offsets to read; -1 where nothing was read yet. */
  readonly left: number
  readonly right: number
  readonly streamTime: number
  readonly closedBefore: number
  readonly nextPage: number
  /** Segments to delete from the store once the epoch is committed. */
  readonly expired: readonly number[]
}

/** Of one turn, at most. */
const SLICES = 8
/** A record's fate inside a slice. Of those that are done with only the taken ones move stream time. */
const REFUSED = 0
const NEEDS_SCHEMA = 1
const TAKEN = 2
const NEEDS_KEY_SCHEMA = 3
const KEY_MISMATCH =
  'The join field is not the record’s key, so the topic is not partitioned by it; key the topic by the join field'
/** The event time of a record whose time cannot be read, or be right: it is rejected, and moves no stream time. */
const UNTIMED = Number.NEGATIVE_INFINITY
const ALWAYS = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }

export class Task {
  readonly partition: number
  readonly window: JoinWindow
  readonly store: WindowStore
  readonly writeBack: WriteBack
  readonly queues: readonly [InputQueue, InputQueue]
  readonly heads = new Heads()
  /** Epochs since what lies before the heads was deleted. */
  unshortened = 0
  #lastInputAt: number
  readonly #context: TaskContext
  readonly #output: TaskOutput
  readonly #rejects: TaskRejects
  readonly #slice = newSlice()
  /** Of the records to be taken, by side and row: who has read the value; hashes of the key and of the look-up keys. */
  readonly #readers = [newReaders(), newReaders()] as const
  readonly #hashes = [new Int32Array(SLICE), new Int32Array(SLICE)] as const
  readonly #lookUpHashes: readonly Int32Array[]
  /** Of no use, but that the look-ahead's reads are not optimized away. */
  ahead = 0
  /** Per dimension: 1 where the fact has a row. */
  readonly #found: Uint8Array
  readonly #lateFact = new LooseFact()
  #expired: number[] = []
  /** A schema is being loaded: the task stands still, and only it. */
  #loading = false
  #dirty = false
  /** By side: the event times that are taken. */
  readonly #times: Interval['times']

  constructor(partition: number, store: WindowStore, context: TaskContext) {
    const { pipeline } = context
    this.partition = partition
    this.store = store
    this.#context = context
    this.#lastInputAt = context.elapsed()
    this.queues = [
      new InputQueue(pipeline.facts.time !== null, context.elapsed),
      new InputQueue(pipeline.join.time !== null, context.elapsed),
    ]
    const { interval } = context
    this.#times = interval?.times ?? [ALWAYS, ALWAYS]
    for (const side of [LEFT, RIGHT]) {
      const end = interval?.offsets[side].get(partition)?.to
      if (end !== undefined) this.queues[side].endsAt = end
    }
    this.#rejects = new TaskRejects(
      new BatchList(context.rejects, partition % context.rejectPartitions),
      partition,
      pipeline,
      context.output,
      context.counts,
    )
    this.#output = new TaskOutput(
      new BatchList(context.output, partition),
      context.outputFrame,
      context.codec.missingRight,
      this.#rejects,
    )
    this.#lookUpHashes = pipeline.dimensions.map(() => new Int32Array(SLICE))
    this.#found = new Uint8Array(pipeline.dimensions.length)
    this.window = new JoinWindow({
      times: windowTimes(pipeline.join),
      kind: pipeline.join.kind,
      recentBytes: () => context.memory.pageBytes,
      readPages: (pages) => store.read(pages),
      sink: this.#output,
      counts: context.counts.window,
    })
    this.writeBack = new WriteBack(store, this.window.recent)
  }

  /** The highest event time of the records that were accepted, in ms. */
  get streamTime(): number {
    return this.window.streamTime
  }

  set streamTime(ms: number) {
    this.window.streamTime = ms
  }

  offer(side: number, fetched: Fetched): void {
    if (fetched.columns.length > 0) this.#lastInputAt = this.#context.elapsed()
    this.queues[side].offer(fetched)
  }

  /** `join.idle` begins anew: until now nothing could come. */
  restartIdle(): void {
    this.#lastInputAt = this.#context.elapsed()
  }

  /** Memory of what the running epoch has added. */
  get epochBytes(): number {
    return this.#output.batches.bytes + this.#rejects.batches.bytes + this.window.epochBytes
  }

  /** The epoch holds as much as it may: the task goes on after the next commit. */
  get full(): boolean {
    return this.epochBytes >= this.#context.memory.epochBytes
  }

  /** Takes some slices of both inputs through every stage. @returns whether there was anything to do */
  async process(): Promise<boolean> {
    if (this.full || this.#loading) return false
    const { now, behindMs } = this.#context
    this.#output.oldest = now() - behindMs
    const [left, right] = this.queues
    const isOver = this.streamTime > (this.#context.interval?.overAt ?? Number.POSITIVE_INFINITY)
    if (isOver && !this.#isSliceOpen) {
      left.end()
      right.end()
    }
    if (!this.#readHeads()) return false

    if (this.window.isClosingDue) {
      await this.#close()
      return true
    }
    if (!this.#takeSlices()) return this.#closeWhenIdle()
    await this.window.resolveCold()
    await this.#close()
    return true
  }

  /** So many that a turn is some milliseconds of work. @returns whether there was one */
  #takeSlices(): boolean {
    const [left, right] = this.queues
    for (let taken = 0; taken < SLICES; taken++) {
      if (!this.#readHeads()) return taken > 0
      if (!this.#isSliceOpen && !merge(this.#slice, left, right)) return taken > 0
      this.#take()
      if (this.#isSliceOpen) return true
    }
    return true
  }

  /** The event times of both heads, which the merge needs. False: a schema is being loaded. */
  #readHeads(): boolean {
    const { codec, pipeline } = this.#context
    const [left, right] = this.queues
    return (
      this.#readTimes(left.head, codec.facts, pipeline.facts.time) &&
      this.#readTimes(right.head, codec.right, pipeline.join.time)
    )
  }

  /** The slice was not taken to its end: the epoch was full, a schema missing, or pages to be read. */
  get #isSliceOpen(): boolean {
    return this.#slice.at < this.#slice.length
  }

  /** Takes the slice's records in its order, or those of them that can be taken now. */
  #take(): void {
    const { window } = this
    const slice = this.#slice
    const { left, right, order, length } = slice
    const { lateness } = this.#context.counts
    const firstLeft = left.block?.at ?? 0
    const firstRight = right.block?.at ?? 0
    this.#lookAhead(LEFT, left)
    this.#lookAhead(RIGHT, right)
    let i = firstLeft
    let j = firstRight
    let n = slice.at
    // Nearly all are: a call for each would box its number.
    const onTime = [0, 0]
    for (; n < length && !this.#loading && !this.full && !window.coldFull; n++) {
      const side = order[n]
      const at = side === LEFT ? i : j
      const block = side === LEFT ? left.block! : right.block!
      const fate =
        side === LEFT
          ? this.#takeFact(block, at, at - firstLeft)
          : this.#takeRight(block, at, at - firstRight)
      if (fate === NEEDS_SCHEMA || fate === NEEDS_KEY_SCHEMA) {
        this.#loadFor(side, block, at, fate)
        break
      }
      if (side === LEFT) i++
      else j++
      const time = block.times[at]
      // A time that is not known has no lateness.
      if (time !== UNTIMED) {
        const behind = window.streamTime - time
        if (behind > 0) lateness[side].add(behind)
        else onTime[side]++
      }
      if (fate === TAKEN && time > window.streamTime) window.streamTime = time
    }
    lateness[LEFT].addNone(onTime[LEFT])
    lateness[RIGHT].addNone(onTime[RIGHT])
    slice.at = n
    this.#taken(LEFT, i - firstLeft, i)
    this.#taken(RIGHT, j - firstRight, j)
  }

  #taken(side: number, records: number, end: number): void {
    if (records === 0) return
    this.#context.counts.consumed[side] += records
    this.queues[side].advance(end)
  }

  /**
   * Walks the values and hashes the keys of the records to be taken, then brings near what they will
   * be looked up in. What is wrong with a record is found again, and told, when its turn comes.
   */
  #lookAhead(side: number, { block, end }: SliceSide): void {
    if (block === undefined || block.at === end) return
    const first = block.at
    const { codec, dimensions } = this.#context
    const readers = this.#readers[side]
    const hashes = this.#hashes[side]
    const topic = side === LEFT ? codec.facts : codec.right
    const key = side === LEFT ? codec.factsKey : codec.rightKey
    const lookUps = side === LEFT ? dimensions.length : 0
    let from = Number.POSITIVE_INFINITY
    let to = Number.NEGATIVE_INFINITY
    for (let i = first; i < end; i++) {
      const row = i - first
      const value = this.#readAhead(topic, key, block, i, row)
      // Most have one reader; a store of an object costs more than a look.
      if (readers[row] !== value) readers[row] = value
      if (value === undefined) continue
      hashes[row] = hashBytes(key.buffer, key.start, key.end)
      const time = block.times[i]
      if (time < from) from = time
      if (time > to) to = time
      if (lookUps > 0) this.#hashLookUps(value, row)
    }
    for (let d = 0; d < lookUps; d++) {
      this.ahead ^= dimensions[d].lookAhead(this.#lookUpHashes[d], end - first)
    }
    this.ahead ^= this.window.lookAhead(side, hashes, end - first, from, to)
  }

  /** undefined: `#open` will say why. */
  #readAhead(
    topic: TopicCodec,
    key: KeyReader,
    { columns }: Block,
    i: number,
    row: number,
  ): ValueReader | undefined {
    const { buffer, keyStarts, keyEnds, valueStarts, valueEnds, headerStarts, headerEnds } = columns
    if (keyEnds[i] < 0 || valueEnds[i] < 0) return undefined
    const headerStart = headerStarts[i]
    const headerEnd = headerEnds[i]
    const value = topic.reader(buffer, valueStarts[i], valueEnds[i], headerStart, headerEnd)
    if (value === null || typeof value === 'string') return undefined
    if (value.read(row, buffer, valueStarts[i], valueEnds[i]) !== null) return undefined
    return key.read(buffer, keyStarts[i], keyEnds[i], headerStart, headerEnd) ? value : undefined
  }

  #hashLookUps(value: ValueReader, row: number): void {
    const { dimensions } = this.#context
    value.select(row)
    for (let d = 0; d < dimensions.length; d++) {
      if (value.keyEnd(d + 1) < 0) continue
      this.#lookUpHashes[d][row] = dimensions[d].hash(
        value.keyBuffer(d + 1),
        value.keyStart(d + 1),
        value.keyEnd(d + 1),
      )
    }
  }

  #loadFor(side: number, { columns }: Block, i: number, fate: number): void {
    const { facts, right, factsKey, rightKey } = this.#context.codec
    const { buffer, keyStarts, valueStarts } = columns
    if (fate === NEEDS_SCHEMA) this.#load(side === LEFT ? facts : right, buffer, valueStarts[i])
    else this.#load(side === LEFT ? factsKey : rightKey, buffer, keyStarts[i])
  }

  /** Meanwhile the other tasks go on, and epochs are committed. */
  #load(codec: TopicCodec | KeyReader, buffer: Bytes, start: number): void {
    this.#loading = true
    void codec.load(buffer, start).finally(() => {
      this.#loading = false
    })
  }

  #takeFact(block: Block, i: number, row: number): number {
    const { codec, pipeline, counts, maxEntryBytes } = this.#context
    const { window } = this
    const value = this.#open(LEFT, codec.facts, codec.factsKey, block, i, row)
    if (typeof value === 'number') return value
    const late = isLate(window.times, block.times[i], window.streamTime)
    if (late && pipeline.join.late.left !== 'emit') return this.#late(LEFT, block, i)
    const rowBytes = this.#lookUp(value, block, i, row)
    if (rowBytes < 0) return REFUSED

    const { columns, times } = block
    const key = codec.factsKey
    const bodyBytes = value.projectedBytes + rowBytes
    const headers = columns.headerEnds[i] - columns.headerStarts[i]
    if (bodyBytes + key.end - key.start + headers > maxEntryBytes) {
      return this.#rejectTooLarge(LEFT, block, i, bodyBytes)
    }
    if (late) return this.#emitLate(value, block, i, bodyBytes)
    const hash = this.#hashes[LEFT][row]
    const at = window.insert(
      LEFT,
      times,
      i,
      hash,
      key.buffer,
      key.start,
      key.end,
      columns.buffer,
      columns.headerStarts[i],
      columns.headerEnds[i],
      bodyBytes,
    )
    this.#writeFact(value, window.bodyBuffer, at)
    counts.probe(LEFT, window.probe(LEFT, hash))
    return TAKEN
  }

  /**
   * Finds the fact's rows. A look-up field that is null has none, as in a left join of SQL.
   * @returns bytes of their columns; -1: the fact is refused
   */
  #lookUp(value: ValueReader, block: Block, i: number, row: number): number {
    const { codec, dimensions, pipeline, counts } = this.#context
    let bytes = 0
    for (let d = 0; d < dimensions.length; d++) {
      const found = this.#find(value, row, d)
      this.#found[d] = found ? 1 : 0
      if (found) {
        bytes += dimensions[d].rowEnd - dimensions[d].rowStart
        continue
      }
      const { missing } = pipeline.dimensions[d]
      if (missing === 'drop') counts.droppedMissing++
      else if (missing === 'reject') this.#rejectMissing(value, block, i, d)
      if (missing !== 'null') return -1
      bytes += codec.missingDimension[d].length
    }
    return bytes
  }

  #find(value: ValueReader, row: number, d: number): boolean {
    const { dimensions, counts } = this.#context
    const hash = this.#lookUpHashes[d][row]
    const end = value.keyEnd(d + 1)
    if (end < 0) {
      counts.lookupNulls[d]++
      return false
    }
    const key = value.keyBuffer(d + 1)
    const start = value.keyStart(d + 1)
    if (dimensions[d].find(hash, key, start, end)) {
      counts.lookupHits[d]++
      return true
    }
    counts.lookupMisses[d]++
    counts.missingKeys[d].add(hash, key, start, end)
    return false
  }

  /** The fact's fields and its rows' columns, as many bytes as were found to be needed. */
  #writeFact(value: ValueReader, body: Bytes, start: number): void {
    const { codec, dimensions } = this.#context
    let at = value.project(body, start)
    for (let d = 0; d < dimensions.length; d++) {
      const { rowBuffer, rowStart, rowEnd } = dimensions[d]
      if (this.#found[d] === 0) at += codec.missingDimension[d].copy(body, at)
      else at = copyBytes(rowBuffer, rowStart, rowEnd, body, at)
    }
  }

  /** It comes out without a match, and is not kept. */
  #emitLate(value: ValueReader, { columns, times }: Block, i: number, bodyBytes: number): number {
    const { codec, counts } = this.#context
    const fact = this.#lateFact
    const at = fact.begin(times[i], codec.factsKey, columns, i, bodyBytes)
    this.#writeFact(value, fact.buffer, at)
    this.#output.unmatched(fact)
    counts.late[LEFT]++
    counts.unmatched++
    return TAKEN
  }

  #takeRight(block: Block, i: number, row: number): number {
    const { codec, counts, maxEntryBytes } = this.#context
    const { window } = this
    const value = this.#open(RIGHT, codec.right, codec.rightKey, block, i, row)
    if (typeof value === 'number') return value
    if (isLate(window.times, block.times[i], window.streamTime)) {
      return this.#late(RIGHT, block, i)
    }
    const key = codec.rightKey
    const bodyBytes = value.projectedBytes
    if (bodyBytes + key.end - key.start > maxEntryBytes) {
      return this.#rejectTooLarge(RIGHT, block, i, bodyBytes)
    }
    const hash = this.#hashes[RIGHT][row]
    const at = window.insert(
      RIGHT,
      block.times,
      i,
      hash,
      key.buffer,
      key.start,
      key.end,
      NO_BYTES,
      0,
      0,
      bodyBytes,
    )
    value.project(window.bodyBuffer, at)
    counts.probe(RIGHT, window.probe(RIGHT, hash))
    return TAKEN
  }

  /** What is compared: value, key, join field, time. A number: the record's fate is sealed. */
  #open(
    side: number,
    codec: TopicCodec,
    key: KeyReader,
    block: Block,
    i: number,
    row: number,
  ): ValueReader | number {
    if (this.#isOutside(side, block, i)) {
      this.#context.counts.outside[side]++
      return TAKEN
    }
    const { buffer, keyStarts, keyEnds, headerStarts, headerEnds } = block.columns
    const value = this.#readers[side][row]
    if (value === undefined) return this.#unread(side, codec, key, block, i)
    value.select(row)
    key.read(buffer, keyStarts[i], keyEnds[i], headerStarts[i], headerEnds[i])
    if (value.keyEnd(0) < 0) {
      return this.#reject(side, block, i, 'decode', 'null_field', 'The join field is null')
    }
    if (!sameText(value, key)) {
      return this.#reject(side, block, i, 'decode', 'key_mismatch', KEY_MISMATCH)
    }
    return block.times[i] === UNTIMED ? this.#untimed(side, value, block, i) : value
  }

  /** Of the interval; what cannot be read is taken to be as old as its record. */
  #isOutside(side: number, { times, columns }: Block, i: number): boolean {
    const { from, to } = this.#times[side]
    const time = times[i] === UNTIMED ? columns.timestamps[i] : times[i]
    return time < from || time >= to
  }

  #untimed(side: number, value: ValueReader, block: Block, i: number): number {
    const { pipeline, aheadMs, counts, now } = this.#context
    const { time: field } = side === LEFT ? pipeline.facts : pipeline.join
    const time = field === null ? block.columns.timestamps[i] : value.time
    if (Number.isNaN(time)) {
      return this.#reject(side, block, i, 'decode', 'null_field', 'The time field is null')
    }
    if (time < -LAST_DATE) {
      const error = `Its time ${time} ms is before the first date that there is`
      return this.#reject(side, block, i, 'decode', 'too_old', error)
    }
    if (pipeline.join.early === 'drop') {
      counts.droppedEarly++
      return REFUSED
    }
    const limit =
      aheadMs === pipeline.join.aheadMs
        ? 'join.ahead'
        : 'message.timestamp.after.max.ms of the output topic'
    const hint = field === null ? '' : unitHint(field, value.timeText, value.timeReading!, now())
    const error = `Its time ${timeText(time)} is ${Math.ceil(time - now())} ms ahead of the clock; ${limit} allows ${aheadMs}${hint}`
    return this.#reject(side, block, i, 'decode', 'future_time', error)
  }

  /** Why the look-ahead has passed the record over. */
  #unread(side: number, codec: TopicCodec, key: KeyReader, block: Block, i: number): number {
    const { buffer, keyStarts, keyEnds, valueStarts, valueEnds } = block.columns
    const { headerStarts, headerEnds } = block.columns
    const fail = (reason: RejectReason, error: string): number =>
      this.#reject(side, block, i, 'decode', reason, error)
    const isNull = valueEnds[i] < 0
    const value = isNull
      ? null
      : codec.reader(buffer, valueStarts[i], valueEnds[i], headerStarts[i], headerEnds[i])
    // Whatever else is wrong with a record of another type does not matter.
    if (value === null && !isNull) return NEEDS_SCHEMA
    if (value === OTHER_TYPE) {
      const { counts, pipeline } = this.#context
      counts.otherTypes.add(side === LEFT ? pipeline.facts.topic : pipeline.join.topic)
      return REFUSED
    }
    if (keyEnds[i] < 0) return fail('null_key', 'The record has no key')
    if (value === null) return fail('null_value', 'The record has no value')
    if (typeof value === 'string') return fail(value, codec.fault)
    const fault = value.read(0, buffer, valueStarts[i], valueEnds[i])
    if (fault !== null) return fail(fault, value.fault)
    key.read(buffer, keyStarts[i], keyEnds[i], headerStarts[i], headerEnds[i])
    return key.reason === null ? NEEDS_KEY_SCHEMA : fail(key.reason, key.fault)
  }

  #late(side: number, block: Block, i: number): number {
    const { counts, pipeline } = this.#context
    counts.late[side]++
    const { left, right } = pipeline.join.late
    if ((side === LEFT ? left : right) === 'drop') {
      counts.droppedLate++
      return REFUSED
    }
    const { streamTime, times } = this.window
    const error = `Its time ${timeText(block.times[i])} is ${streamTime - block.times[i]} ms behind stream time; before, after and grace of the join allow ${times.heldMs}`
    return this.#reject(side, block, i, 'window', 'late', error)
  }

  #rejectMissing(value: ValueReader, block: Block, i: number, d: number): void {
    const { name, on } = this.#context.pipeline.dimensions[d]
    const end = value.keyEnd(d + 1)
    const key = (): string => value.keyBuffer(d + 1).toString('utf8', value.keyStart(d + 1), end)
    const error =
      end < 0
        ? `The field ${on} is null, so the dimension ${name} has no row for it`
        : `The dimension ${name} has no row for ${key()}`
    this.#reject(LEFT, block, i, 'enrich', 'missing_dimension', error)
  }

  #rejectTooLarge(side: number, block: Block, i: number, bytes: number): number {
    const { maxEntryBytes } = this.#context
    const error = `The record has ${bytes} bytes; ${maxEntryBytes} is the most of which changelog and output topic take what is written (max.message.bytes)`
    return this.#reject(side, block, i, 'window', 'too_large', error)
  }

  #reject(
    side: number,
    block: Block,
    i: number,
    stage: Stage,
    reason: RejectReason,
    error: string,
  ): number {
    this.#rejects.record(side, block.columns, i, stage, reason, error)
    return REFUSED
  }

  /** The merge of both sides needs the event times ahead, also where a field carries them. */
  #readTimes(block: Block | undefined, codec: TopicCodec, field: string | null): boolean {
    if (block === undefined || block.timesRead) return true
    if (field === null) {
      this.#checkTimes(block)
      return true
    }
    const { buffer, length, valueStarts, valueEnds, headerStarts, headerEnds } = block.columns
    for (let i = 0; i < length; i++) {
      block.times[i] = UNTIMED
      if (valueEnds[i] < 0) continue
      const value = codec.reader(
        buffer,
        valueStarts[i],
        valueEnds[i],
        headerStarts[i],
        headerEnds[i],
      )
      if (value === null) {
        this.#load(codec, buffer, valueStarts[i])
        return false
      }
      if (typeof value === 'string') continue
      if (value.read(0, buffer, valueStarts[i], valueEnds[i]) !== null) continue
      value.select(0)
      if (!Number.isNaN(value.time)) block.times[i] = value.time
    }
    this.#checkTimes(block)
    return true
  }

  /** No date has such a time, and brokers calculate wrong with it. A clock that is wrong by hours must not make stream time pass all other records, nor the broker refuse the epoch. */
  #checkTimes(block: Block): void {
    block.timesRead = true
    const latest = this.#context.now() + this.#context.aheadMs
    for (let i = 0; i < block.columns.length; i++) {
      if (!(block.times[i] > latest) && block.times[i] >= -LAST_DATE) continue
      if (block.times === block.columns.timestamps) block.times = block.times.slice()
      block.times[i] = UNTIMED
    }
  }

  /** What stream time has passed by comes out, or goes. */
  async #close(): Promise<void> {
    this.#dirty = true
    this.#context.counts.unmatched += await this.window.closeUnmatched(() => this.full)
    this.dropExpired()
  }

  /**
   * A left join whose inputs have ended, or have been silent for `join.idle`, closes its windows.
   * Stream time moves with it and is part of the epoch, so that a replay decides the same.
   */
  async #closeWhenIdle(): Promise<boolean> {
    const { join } = this.#context.pipeline
    const [left, right] = this.queues
    const { closing, times } = this.window
    if (join.kind !== 'left' || closing.pending === 0) return false
    if (!left.caughtUp || !right.caughtUp) return false
    const ended = left.ended && right.ended
    if (!ended && this.#context.elapsed() - this.#lastInputAt < join.idleMs) return false
    this.streamTime = Math.max(this.streamTime, closing.latest + closing.sliceMs + times.openMs)
    await this.#close()
    return true
  }

  /** After a restore: what stream time has passed by goes. */
  dropExpired(): void {
    for (const start of this.window.expire()) this.#expired.push(start)
  }

  /** Of a bounded run: everything was taken, has come out, and is in an epoch. */
  get ended(): boolean {
    const { closing } = this.window
    const isOpen = this.#context.pipeline.join.kind === 'left' && closing.pending > 0
    return !this.#dirty && !this.#isSliceOpen && !isOpen && this.queues.every((q) => q.ended)
  }

  /** What the task adds to the epoch; undefined: nothing. */
  take(): TaskEpoch | undefined {
    if (!this.#dirty) return undefined
    this.#dirty = false
    const expired = this.#expired
    this.#expired = []
    return {
      task: this,
      outputs: this.#output.batches.take(),
      matchTimes: this.#output.takeTimes(),
      rejects: this.#rejects.batches.take(),
      pages: this.window.take(),
      left: this.queues[LEFT].taken,
      right: this.queues[RIGHT].taken,
      streamTime: this.streamTime,
      closedBefore: this.window.closing.closedBefore,
      nextPage: this.window.nextPage,
      expired,
    }
  }
}

/** Whether the join field's text is the record's key. */
function sameText(value: ValueReader, key: KeyReader): boolean {
  const start = value.keyStart(0)
  const length = value.keyEnd(0) - start
  return (
    key.end - key.start === length &&
    sameBytes(value.keyBuffer(0), start, key.buffer, key.start, length)
  )
}

const newReaders = (): (ValueReader | undefined)[] => new Array(SLICE).fill(undefined)
