/** Tasks whose epochs are committed to a Kafka in memory, by owners that die, stand still, are refused, and follow on one another. */
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { partitionOf } from '../../src/broker/partition-of.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { bytesOf } from '../../src/bytes.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { sourcesOf } from '../../src/config/topic-names.ts'
import { Counts } from '../../src/counts/counts.ts'
import { DimensionTable } from '../../src/dimension/table.ts'
import { MemoryShares, memoryLimits } from '../../src/plan/memory.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import type { TaskContext } from '../../src/task/task.ts'
import {
  enrichPipeline,
  FRAME,
  joinPipeline,
  recordBytes,
  rowOf,
  SILENCE_MS,
  storedRow,
} from '../cli/simulate/join/simulated-join.ts'
import { MemoryKafka } from '../support/memory-broker.ts'
import {
  committedBodies,
  committedRejects,
  expectedRejects,
  expectedRows,
} from '../support/memory-outputs.ts'
import { taskContext, wholeOutput } from '../support/task-context.ts'
import { LEFT, type ModelTimes } from '../window/model.ts'
import { NOON, type StreamRecord } from '../window/random-streams.ts'
import { Disk } from './disk.ts'
import { Owner } from './owner.ts'

export const CHANGELOG = 'changelog'
export const BATCH_BYTES = 1_048_588
const AHEAD_MS = 3_600_000
const NO_LIMITS = { limit: null, pages: null, fetch: null, epoch: null, dimensions: null }
const SHARES = new MemoryShares(memoryLimits(NO_LIMITS, 1 << 30), 1)

/** Readers wait by timers that keep no process alive, as connections would. */
const alive = setInterval(() => {}, 1000)
after(() => clearInterval(alive))

/** The key of a row that comes only in the end. */
export const LATER = 'later'
/** Longer than any stream is. */
const WAIT_MS = 300 * 86_400_000

/** The same, whose facts wait. */
export const withWait = ({ joins, dimensions, ...rest }: Pipeline): Pipeline => ({
  ...rest,
  joins: joins.map((join) => ({ ...join, waitMs: WAIT_MS })),
  dimensions: dimensions.map((dimension) => ({ ...dimension, waitMs: WAIT_MS })),
})

export class MemoryWorld {
  readonly kafka = new MemoryKafka()
  pipeline: Pipeline
  readonly codec: PipelineCodec
  /** Of each input: several are of one epoch. */
  readonly partitions = 3
  /** Bytes that committed pages, and an epoch, may have from now on. */
  pageBytes = SHARES.pageBytes
  epochBytes = SHARES.epochBytes
  readonly #times: ModelTimes | null
  readonly #records: readonly StreamRecord[]
  readonly #waiting: StreamRecord[]
  readonly #output: AvroJson
  readonly #table = new DimensionTable()
  /** Whether facts wait for rows. */
  waits: boolean
  readonly #disks = new Map<string, readonly Disk[]>()
  #clock = NOON
  #owners = 0

  private constructor(
    times: ModelTimes | null,
    records: readonly StreamRecord[],
    pipeline: Pipeline,
    codec: PipelineCodec,
    waits: boolean,
  ) {
    this.pipeline = pipeline
    this.waits = waits
    this.codec = codec
    this.#times = times
    this.#records = records
    this.#waiting = [...records]
    this.#output = new AvroJson(JSON.parse(codec.outputSchema))
    this.#putRow('here')
    for (const topic of [...this.topics, pipeline.output.topic, CHANGELOG]) {
      this.kafka.topics.create(topic, this.partitions, {})
    }
    this.kafka.topics.create(pipeline.output.rejects, 1, {})
  }

  /**
   * @param times of the join; null: facts are joined with nothing
   * @param records of which none is late, whatever comes when
   * @param waits whether facts wait for rows: some get theirs when all has been put, those without one are given up in silence
   */
  static async open(
    times: ModelTimes | null,
    records: readonly StreamRecord[],
    waits = false,
  ): Promise<MemoryWorld> {
    const plain = times === null ? enrichPipeline() : joinPipeline(times, false)
    const pipeline = waits ? withWait(plain) : plain
    const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
    const read = records.filter(({ side }) => times !== null || side === LEFT)
    return new MemoryWorld(times, read, pipeline, codec, waits)
  }

  /** The pipeline file has a wait from now on: the processes that come next are of it. */
  beginToWait(): void {
    this.waits = true
    this.pipeline = withWait(this.pipeline)
  }

  #putRow(of: string): void {
    const key = bytesOf(Buffer.from(of))
    const row = bytesOf(storedRow(this.#times))
    this.#table.put(key, 0, key.length, row, 0, row.length)
  }

  /** Of the sources. */
  get topics(): string[] {
    return sourcesOf(this.pipeline).map(({ config }) => config.topic)
  }

  /** A new process on a machine, which has the machine's transactional id and stores. */
  owner(machine: string): Owner {
    return new Owner(this, machine, `${machine} ${++this.#owners}`)
  }

  /** By partition. */
  disks(machine: string): readonly Disk[] {
    let disks = this.#disks.get(machine)
    if (disks === undefined) {
      disks = Array.from({ length: this.partitions }, () => new Disk())
      this.#disks.set(machine, disks)
    }
    return disks
  }

  /** A machine with these disks, by partition. */
  furnish(machine: string, disks: readonly Disk[]): void {
    this.#disks.set(machine, disks)
  }

  context(): TaskContext {
    const world = this
    const topic = { compression: 'none', maxBatchBytes: BATCH_BYTES } as const
    const { partitions } = this
    const { output } = this.pipeline
    return taskContext(this.pipeline, this.codec, {
      dimensions: [this.#table],
      aheadMs: AHEAD_MS,
      maxEntryBytes: BATCH_BYTES,
      counts: new Counts(['d']),
      outputs: wholeOutput(this.pipeline, FRAME, { ...topic, partitions }),
      rejects: { ...topic, topic: output.rejects, partitions: 1 },
      memory: {
        ...SHARES,
        get pageBytes() {
          return world.pageBytes
        },
        get waitingBytes() {
          return SHARES.waitingBytes
        },
        get epochBytes() {
          return world.epochBytes
        },
      },
      now: () => this.#clock,
      elapsed: () => this.#clock,
    })
  }

  /** So many of the stream are still to come. */
  get left(): number {
    return this.#waiting.length
  }

  /** The next ones of the stream are there to be read. */
  async put(count: number): Promise<void> {
    for (const record of this.#waiting.splice(0, Math.max(0, count))) {
      const { key, side, time, id } = record
      this.#clock = Math.max(this.#clock, time)
      const partition = partitionOf(Buffer.from(key), this.partitions)
      const to = { topic: this.topics[side], partition }
      // Some fill a page of their own.
      const pad: [string, Buffer] = ['pad', Buffer.alloc(id % 9 === 4 ? 5000 : 8)]
      const row = this.waits && id % 2 === 1 ? LATER : 'here'
      await this.kafka.append(to, [
        { ...recordBytes(record, row), headers: [pad], timestamp: time },
      ])
    }
  }

  async putAll(): Promise<void> {
    await this.put(this.#waiting.length)
  }

  /** Until what is open has closed. */
  fallSilent(): void {
    this.#clock += this.waits ? SILENCE_MS + WAIT_MS : SILENCE_MS
  }

  /** Somebody else's transaction leaves its offsets, and its records, in the changelog, and is aborted. */
  async disturb(): Promise<void> {
    const producer = this.kafka
      .client('somebody')
      .producer({ transactionalId: 'somebody', timeoutMs: 10_000 })
    await producer.init()
    producer.begin()
    const batches = this.disks('nowhere').map((_, partition) => {
      const to = { topic: CHANGELOG, partition, transactional: true, compression: 'none' } as const
      const writer = new RecordBatchWriter(to)
      writer.recordOf(this.#clock, { key: null, value: Buffer.from('no page'), headers: [] })
      return writer
    })
    await producer.send(batches)
    await producer.init()
  }

  /** Everything is put, taken by `owner`, has closed and is committed: is each row there once, and each reject? */
  async assertFinished(owner: Owner): Promise<void> {
    await this.putAll()
    await owner.work()
    this.#putRow(LATER)
    await owner.work()
    this.fallSilent()
    await owner.work()
    const { kafka, topics, partitions, pipeline } = this
    const bodies = await committedBodies(kafka, pipeline.output.topic)
    const rows = bodies.map((body) => rowOf(this.#output.decode(body)))
    assert.deepEqual(rows.sort(), expectedRows(this.#times, this.#records))
    const rejects = await committedRejects(kafka, pipeline.output.rejects)
    assert.deepEqual(rejects, expectedRejects(this.#records, topics, partitions))
  }
}
