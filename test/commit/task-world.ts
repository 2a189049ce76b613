/** A whole task on its way over instances that stop and crash: inputs, commits, changelog and stores, without a broker. */
import assert from 'node:assert/strict'
import type { Fetched } from '../../src/broker/port.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, recordAt } from '../../src/broker/record-columns.ts'
import { taskOf } from '../../src/broker/task-number.ts'
import { bytesOf } from '../../src/bytes.ts'
import { written } from '../../src/cli/simulate/records.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import { epochPart } from '../../src/commit/epoch-part.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { DimensionTable } from '../../src/dimension/table.ts'
import { MemoryShares, memoryLimits } from '../../src/plan/memory.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { PageStore } from '../../src/state/page-store.ts'
import { JoinTask } from '../../src/task/join-task.ts'
import type { TaskContext, TaskEpoch } from '../../src/task/task.ts'
import {
  FRAME,
  joinPipeline,
  recordBytes,
  rowOf,
  SILENCE_MS,
  storedRow,
} from '../cli/simulate/join/simulated-join.ts'
import { restore, taskContext, wholeOutput } from '../support/task-context.ts'
import { LEFT, type ModelTimes, RIGHT } from '../window/model.ts'
import { NOON, type StreamRecord, type StreamStep } from '../window/random-streams.ts'
import { Disk } from './disk.ts'
import { countsOf, Feed, isSilence, merged } from './feed.ts'
import { Broker } from './task-broker.ts'

/** What becomes of the task once an epoch was taken from it. */
export type Fate =
  | 'goes on'
  | 'aborted'
  | 'lost before it is stored'
  | 'crashed'
  | 'stopped'
  | 'moved'

export interface Move {
  /** So many records of each side come at once, and are taken. */
  readonly facts: number
  readonly right: number
  /** Whether the epoch ends then, and what becomes of the task. */
  readonly ends: boolean
  readonly fate: Fate
  /** So many come while the epoch commits. */
  readonly during: number
  /** Bytes of pages that memory may have, and of an epoch, from now on. */
  readonly pageBytes: number
  readonly epochBytes: number
}

const BATCH_BYTES = 1_048_588
const NO_LIMITS = { limit: null, pages: null, fetch: null, epoch: null, dimensions: null }
const SHARES = new MemoryShares(memoryLimits(NO_LIMITS, 1 << 30), 1)
const INSTANCES = 2
const TOPICS = ['facts', 'right']

export class TaskWorld {
  /** What has been committed, in the order in which it was taken. The outputs are the broker's. */
  history: readonly StreamStep[] = []
  /** Of what has been committed. */
  rejected = 0
  readonly broker = new Broker()
  readonly #feed: Feed
  readonly #disks = Array.from({ length: INSTANCES }, () => new Disk())
  readonly #pipeline: Pipeline
  readonly #codec: PipelineCodec
  readonly #output: AvroJson
  readonly #table = new DimensionTable()
  #instance = 0
  #clock = NOON
  #pageBytes = SHARES.pageBytes
  #epochBytes = SHARES.epochBytes
  #task: JoinTask | undefined
  /** What the epoch has that is being committed; and what has been offered to the task since. */
  #committing: readonly StreamStep[] = []
  #pending: readonly StreamStep[] = []

  private constructor(
    times: ModelTimes,
    pipeline: Pipeline,
    codec: PipelineCodec,
    steps: readonly StreamStep[],
  ) {
    this.#pipeline = pipeline
    this.#codec = codec
    this.#feed = new Feed(steps)
    this.#output = new AvroJson(JSON.parse(codec.outputSchema))
    const key = bytesOf(Buffer.from('here'))
    const row = bytesOf(storedRow(times))
    this.#table.put(key, 0, key.length, row, 0, row.length)
  }

  /** @param steps the last one is a silence */
  static async open(times: ModelTimes, steps: readonly StreamStep[]): Promise<TaskWorld> {
    const pipeline = joinPipeline(times, false)
    const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
    return new TaskWorld(times, pipeline, codec, steps)
  }

  async run(move: Move): Promise<void> {
    this.#pageBytes = move.pageBytes
    this.#epochBytes = move.epochBytes
    const task = await this.#taken()
    await this.#step(task, move.facts, move.right)
    if (move.ends) await this.#end(task, move)
  }

  /** Everything is taken, has closed, and is committed. */
  async finish(): Promise<void> {
    const task = await this.#taken()
    while (!this.#feed.isOver(this.#done)) await this.#step(task, 1000, 1000)
    // A task that was taken anew may have to close what the silence before has closed.
    await this.#process(task)
    await this.#end(task, { fate: 'goes on', during: 0 })
  }

  get #done(): readonly StreamStep[] {
    return [...this.history, ...this.#committing, ...this.#pending]
  }

  async #taken(): Promise<JoinTask> {
    if (this.#task !== undefined) return this.#task
    const store = new PageStore(this.#disks[this.#instance].open(), this.#codec.layout)
    const context = this.#context()
    const task = new JoinTask(taskOf(0, 1), store, context)
    const ports = this.broker.restorePorts(TOPICS, this.#codec.layout)
    const offsets = await restore(task, ports)
    assert.deepEqual(
      offsets.map((offset) => Math.max(0, offset)),
      countsOf(this.history),
    )
    this.#task = task
    return task
  }

  #context(): TaskContext {
    const world = this
    return taskContext(this.#pipeline, this.#codec, {
      dimensions: [this.#table],
      outputs: wholeOutput(this.#pipeline, FRAME),
      aheadMs: 3_600_000,
      maxEntryBytes: BATCH_BYTES,
      memory: {
        ...SHARES,
        get pageBytes() {
          return world.#pageBytes
        },
        get waitingBytes() {
          return SHARES.waitingBytes
        },
        get epochBytes() {
          return world.#epochBytes
        },
      },
      now: () => this.#clock,
      elapsed: () => this.#clock,
    })
  }

  /** Offers records, and takes what can be taken; where none is left before it, a silence. */
  async #step(task: JoinTask, facts: number, right: number): Promise<void> {
    await this.#offer(task, facts, right)
    await this.#process(task)
    if (this.#feed.isOver(this.#done)) return
    if ([LEFT, RIGHT].some((side) => this.#feed.next(this.#done, side, 1).length > 0)) return
    this.#clock += SILENCE_MS
    this.#pending = [...this.#pending, 'silence']
    await this.#offer(task, 0, 0)
    await this.#process(task)
  }

  async #offer(task: JoinTask, ...most: [number, number]): Promise<void> {
    const done = this.#done
    const records = [LEFT, RIGHT].map((side) => this.#feed.next(done, side, most[side]))
    const offsets = countsOf(done)
    for (const { time } of records.flat()) this.#clock = Math.max(this.#clock, time)
    for (const side of [LEFT, RIGHT]) {
      task.offer(side, await answerOf(records[side], offsets[side]))
    }
    this.#pending = [...this.#pending, ...merged(records[LEFT], records[RIGHT])]
  }

  /** Epochs that are full are committed on the way. */
  async #process(task: JoinTask): Promise<void> {
    for (;;) {
      while (await task.process());
      if (!task.full) return
      await this.#commit(task, this.#takeEpoch(task)!, true)
    }
  }

  async #end(task: JoinTask, { fate, during }: Pick<Move, 'fate' | 'during'>): Promise<void> {
    const epoch = this.#takeEpoch(task)
    const next = this.#offer(task, during, during).then(() => task.process())
    if (epoch !== undefined && fate !== 'aborted') {
      await Promise.all([this.#commit(task, epoch, fate !== 'lost before it is stored'), next])
    }
    await next
    if (fate === 'goes on') return this.#process(task)
    if (fate === 'stopped' || fate === 'moved') await task.state.flush()
    if (fate === 'moved') this.#instance = (this.#instance + 1) % INSTANCES
    // What was not committed is read again.
    this.#task = undefined
    this.#committing = []
    this.#pending = []
  }

  #takeEpoch(task: JoinTask): TaskEpoch | undefined {
    const epoch = task.drain()
    if (epoch === undefined) return undefined
    const offsets = epoch.offsets.map((offset) => Math.max(0, offset))
    const before = countsOf(this.history)
    let records = offsets[LEFT] + offsets[RIGHT] - before[LEFT] - before[RIGHT]
    const isIn = (step: StreamStep): boolean => isSilence(step) || records-- > 0
    const end = this.#pending.findIndex((step) => !isIn(step))
    this.#committing = end < 0 ? this.#pending : this.#pending.slice(0, end)
    this.#pending = this.#pending.slice(this.#committing.length)
    assert.deepEqual(countsOf([...this.history, ...this.#committing]), offsets)
    return epoch
  }

  /** @param isStored whether the process lives long enough to hand it to the store */
  async #commit(task: JoinTask, epoch: TaskEpoch, isStored: boolean): Promise<void> {
    const { broker } = this
    const changelog = {
      topic: 'changelog',
      layout: this.#codec.layout,
      schemaIds: [],
      maxRecordBytes: BATCH_BYTES,
      shorten: (_partition: number, offset: number) => {
        broker.head = Math.max(broker.head, offset)
      },
    }
    const part = epochPart(epoch, { topics: TOPICS, topicIds: [null, null], changelog })
    for await (const { columns, i } of written(epoch.outputs)) {
      const value = this.#output.decode(recordAt(columns, i).value!.subarray(FRAME.length))
      broker.outputs.push(rowOf(value))
    }
    for await (const _ of written(epoch.rejects)) this.rejected++
    const first = broker.log.length
    for (const batch of part.changelog) broker.log.push(await batch.seal(-1n, -1, -1))
    const end = broker.log.length
    // A transaction's marker.
    broker.log.push(undefined)
    broker.committed = [epoch.offsets[LEFT], epoch.offsets[RIGHT]]
    this.history = [...this.history, ...this.#committing]
    this.#committing = []
    if (isStored) await part.persist(first, end)
    assert.equal(task.partition, epoch.partition)
  }
}

async function answerOf(records: readonly StreamRecord[], offset: number): Promise<Fetched> {
  const to = { topic: 'input', partition: 0, transactional: false, compression: 'none' } as const
  const writer = new RecordBatchWriter(to)
  for (const record of records)
    writer.recordOf(record.time, { ...recordBytes(record), headers: [] })
  const bytes = records.length === 0 ? Buffer.alloc(0) : Buffer.from(await writer.seal(-1n, -1, -1))
  writer.release()
  if (records.length > 0) bytes.writeBigInt64BE(BigInt(offset))
  const columns = await decodeRecordBatches(bytes, offset, [])
  const end = offset + records.length
  return { topic: 'input', partition: 0, columns, lastStableOffset: end, highWatermark: end }
}
