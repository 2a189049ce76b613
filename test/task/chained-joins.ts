/** A task with several joins alone, for very many streams, in turns and commits as they fall; what has come out is read at the end. */
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import type { Admin, Fetched } from '../../src/broker/port.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, recordAt } from '../../src/broker/record-columns.ts'
import { taskOf } from '../../src/broker/task-number.ts'
import { bytesOf } from '../../src/bytes.ts'
import { replayInterval } from '../../src/cli/replay-interval.ts'
import { written } from '../../src/cli/simulate/records.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import { epochPart } from '../../src/commit/epoch-part.ts'
import { comesOutAlone, JOIN_KINDS, type JoinKind } from '../../src/config/join-kind.ts'
import { parsePipeline } from '../../src/config/load.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import type { Counts } from '../../src/counts/counts.ts'
import type { Interval, Times } from '../../src/input/interval.ts'
import { MemoryShares, memoryLimits } from '../../src/plan/memory.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { PageStore } from '../../src/state/page-store.ts'
import { JoinTask } from '../../src/task/join-task.ts'
import type { TaskContext } from '../../src/task/task.ts'
import { windowTimes } from '../../src/window/segments.ts'
import { FRAME, recordBytes, SILENCE_MS } from '../cli/simulate/join/simulated-join.ts'
import { Disk } from '../commit/disk.ts'
import { Broker } from '../commit/task-broker.ts'
import { restore, taskContext, wholeOutput } from '../support/task-context.ts'
import type { LatePolicy } from '../window/model.ts'
import { NOON } from '../window/random-streams.ts'
import { type ChainJoin, ChainModel, type ChainRecord, chainText } from './chain-model.ts'

/** What comes at once, and what happens then. */
export interface Burst {
  readonly records: readonly ChainRecord[]
  /** Nothing comes for so long that all windows close. */
  readonly isSilent: boolean
  readonly fate: Fate
}

/**
 * What becomes of the task behind a burst: its epoch is committed, so that what is stored has to be read from there; and
 * the process ends, with its last epoch or without, and with what it has not stored yet or without.
 */
export type Fate = 'goes on' | 'commits' | 'crashes' | 'dies when it has committed' | 'stops'

export interface RandomChain {
  readonly joins: readonly ChainJoin[]
  readonly bursts: readonly Burst[]
  /** Whether an epoch is full with its first record. */
  readonly isTight: boolean
}

interface Compiled {
  readonly pipeline: Pipeline
  readonly codec: PipelineCodec
  readonly output: AvroJson
}

const compiled = new Map<string, Compiled>()

/** Of the kinds of the joins; of the same all streams have the same codec. */
async function compile(kinds: readonly JoinKind[]): Promise<Compiled> {
  const known = compiled.get(kinds.join())
  if (known !== undefined) return known
  const joins = kinds.map((kind, j) => {
    const within = 'within: 0, grace: 0'
    return `  j${j}: { topic: right${j}, schema: right.avsc, on: k, ${within}, kind: ${kind}, idle: 7d, select: { r${j}: right } }`
  })
  const text = `
name: chain
kafka: { brokers: "localhost:1" }
facts: { topic: facts, schema: fact.avsc, select: [fact] }
joins:
${joins.join('\n')}
output: { topic: joined, schemaId: 1 }
`
  const file = fileURLToPath(new URL('../cli/simulate/join/pipeline.yaml', import.meta.url))
  const pipeline = parsePipeline(text, file, {})
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const one = { pipeline, codec, output: new AvroJson(JSON.parse(codec.outputSchema)) }
  compiled.set(kinds.join(), one)
  return one
}

/** What comes out of a task with these joins, in the end with all windows closed. Sorted. */
export async function chainRows(
  joins: readonly ChainJoin[],
  records: readonly ChainRecord[],
): Promise<string[]> {
  const task = new ChainedTask(joins, await compile(joins.map(({ kind }) => kind)), false)
  await task.take({ records, isSilent: true, fate: 'commits' })
  return task.outcome().rows
}

/** The times of a source's records of a key that a task has stored, once all is committed. */
export async function storedTimes(
  joins: readonly ChainJoin[],
  records: readonly ChainRecord[],
  source: number,
  key: string,
): Promise<number[]> {
  const task = new ChainedTask(joins, await compile(joins.map(({ kind }) => kind)), false)
  await task.take({ records, isSilent: false, fate: 'commits' })
  const { queries } = await task.taken()
  const found = await queries.recordsOf(source, bytesOf(Buffer.from(key)), 100)
  return found.map(({ time }) => time)
}

/**
 * What a replay gives of an interval: it reads as much of the bursts as it has to, and goes on where it was stopped. In the end
 * all has ended. Sorted.
 */
export async function replayedRows({ joins, bursts, isTight }: RandomChain, rows: Times) {
  const compiled = await compile(joins.map(({ kind }) => kind))
  const streams = [0, ...joins.map((_, j) => 1 + j)].map((source) =>
    bursts.flatMap(({ records }) => records.filter((record) => record.source === source)),
  )
  const own = withJoins(compiled.pipeline, joins)
  const interval = await replayInterval(own, rows, 0, adminOf(own, streams))
  const task = new ChainedTask(joins, compiled, isTight, interval)
  for (const burst of bursts) await task.take(burst)
  await task.take({ records: [], isSilent: false, fate: 'commits' })
  const { ended } = await task.taken()
  return { ...task.outcome(), ended, interval }
}

/** Records' timestamps are their event times. */
function adminOf(pipeline: Pipeline, streams: readonly (readonly ChainRecord[])[]): Admin {
  const topics = [pipeline.facts.topic, ...pipeline.joins.map(({ topic }) => topic)]
  const offsets = async (topic: string, at: string | number) => {
    const records = streams[topics.indexOf(topic)]
    if (at === 'earliest') return new Map([[0, 0]])
    if (typeof at === 'string') return new Map([[0, records.length]])
    return new Map([[0, records.findIndex(({ time }) => time >= at)]])
  }
  return { offsets } as unknown as Admin
}

const withJoins = (pipeline: Pipeline, joins: readonly ChainJoin[]): Pipeline => ({
  ...pipeline,
  joins: pipeline.joins.map((join, j) => {
    const { late, sliceMs: _, ...times } = joins[j]
    return { ...join, ...times, late: { left: late[0], right: late[1] } }
  }),
})

/** Throws unless the chain gives what the model gives. @returns the model */
export async function agree({ joins, bursts, isTight }: RandomChain): Promise<ChainModel> {
  const model = new ChainModel(joins)
  const task = new ChainedTask(joins, await compile(joins.map(({ kind }) => kind)), isTight)
  const silence: Burst = { records: [], isSilent: true, fate: 'commits' }
  for (const burst of [...bursts, silence]) {
    await task.take(burst)
    for (const record of merged(burst.records, joins.length + 1)) model.take(record)
    if (burst.isSilent) model.closeAll()
  }
  const rows = model.rows.map((row) => chainText(row, joins.length + 1)).sort()
  const { rows: found, rejected, ...counted } = task.outcome()
  assert.deepEqual({ rows: found, rejected }, { rows, rejected: model.rejected })
  const { dropped, closedMatches } = model
  const isOnce = bursts.every(({ fate }) => fate === 'goes on' || fate === 'commits')
  if (isOnce) assert.deepEqual(counted, { dropped, closedMatches })
  return model
}

/** In the order in which a task takes them: the next record of each source, the earliest first. */
export function merged(records: readonly ChainRecord[], sources: number): ChainRecord[] {
  const queues = Array.from({ length: sources }, (_, s) => records.filter((r) => r.source === s))
  const taken: ChainRecord[] = []
  for (;;) {
    const waiting = queues.filter(({ length }) => length > 0)
    if (waiting.length === 0) return taken
    const earliest = Math.min(...waiting.map(([{ time }]) => time))
    taken.push(waiting.find(([{ time }]) => time === earliest)!.shift()!)
  }
}

const NO_LIMITS = { limit: null, pages: null, fetch: null, epoch: null, dimensions: null }

/** Pages leave memory once they are committed. */
class NoPages extends MemoryShares {
  constructor() {
    super(memoryLimits(NO_LIMITS, 1 << 30), 1)
  }

  override get pageBytes(): number {
    return 0
  }
}

class OneRecordEpochs extends NoPages {
  override readonly epochBytes = 1
}

class ChainedTask {
  readonly #compiled: Compiled
  readonly #context: TaskContext
  readonly #sources: readonly number[]
  readonly #counts: Counts
  readonly #broker: Broker
  readonly #disk = new Disk()
  #task: JoinTask | undefined
  /** All that has come, by source: what is not committed is read again by whoever takes the task. */
  readonly #come: ChainRecord[][]
  /** The offset at which each source begins, and the one that its next record has. */
  readonly #starts: readonly number[]
  #offsets: number[]
  /** Those of which something may not be committed. */
  #open: Burst[] = []
  #clock = NOON
  #rejected = 0

  constructor(
    joins: readonly ChainJoin[],
    compiled: Compiled,
    isTight: boolean,
    interval?: Interval,
  ) {
    const { pipeline, codec } = compiled
    const own = withJoins(pipeline, joins)
    this.#compiled = compiled
    this.#context = taskContext(own, codec, {
      outputs: wholeOutput(own, FRAME),
      memory: isTight ? new OneRecordEpochs() : new NoPages(),
      now: () => this.#clock,
      elapsed: () => this.#clock,
      interval,
    })
    this.#counts = this.#context.counts
    this.#sources = this.#context.plan.sources.map(({ index }) => index)
    this.#broker = new Broker(this.#sources.length)
    this.#come = this.#sources.map(() => [])
    this.#starts = this.#sources.map((source) => interval?.offsets[source].get(0)?.from ?? 0)
    this.#offsets = [...this.#starts]
  }

  async take(burst: Burst): Promise<void> {
    for (const record of burst.records) this.#come[record.source].push(record)
    const task = await this.taken()
    this.#open.push(burst)
    await this.#run(task, burst)
    await this.#end(task, burst.fate)
  }

  /** The task, as whoever has it now: what was not committed comes again, as it has come before. */
  async taken(): Promise<JoinTask> {
    if (this.#task !== undefined) return this.#task
    const { codec } = this.#compiled
    const task = new JoinTask(
      taskOf(0, 1),
      new PageStore(this.#disk.open(), codec.layout),
      this.#context,
    )
    const topics = this.#context.plan.sources.map(({ topic }) => topic)
    const offsets = await restore(task, this.#broker.restorePorts(topics, codec.layout))
    this.#offsets = offsets.map((offset, source) => Math.max(this.#starts[source], offset))
    this.#task = task
    const isCommitted = (record: ChainRecord): boolean =>
      !this.#isNew(record) && this.#offsetOf(record) >= this.#starts[record.source]
    // With a record of a burst all is committed that came before, silences too.
    const last = this.#open.findLastIndex(({ records }) => records.some(isCommitted))
    for (const burst of this.#open.slice(Math.max(0, last))) await this.#run(task, burst)
    return task
  }

  #isNew(record: ChainRecord): boolean {
    return this.#offsetOf(record) >= this.#offsets[record.source]
  }

  #offsetOf(record: ChainRecord): number {
    return this.#come[record.source].indexOf(record)
  }

  async #run(task: JoinTask, { records, isSilent }: Burst): Promise<void> {
    this.#clock = Math.max(this.#clock, ...records.map(({ time }) => time))
    for (const source of this.#sources) {
      const own = records.filter((one) => one.source === source && this.#isNew(one))
      await this.#offer(task, source, own)
    }
    await this.#process(task)
    if (!isSilent) return
    this.#clock += SILENCE_MS
    for (const source of this.#sources) await this.#offer(task, source, [])
    await this.#process(task)
  }

  async #offer(task: JoinTask, source: number, records: readonly ChainRecord[]): Promise<void> {
    task.offer(source, await answerOf(records, this.#offsets[source]))
    this.#offsets[source] += records.length
  }

  /** Where an epoch is full the next one goes on. */
  async #process(task: JoinTask): Promise<void> {
    for (;;) {
      while (await task.process());
      if (!task.full) return
      await this.#commit(task, true)
    }
  }

  async #end(task: JoinTask, fate: Fate): Promise<void> {
    if (fate === 'goes on') return
    if (fate !== 'crashes') {
      await this.#commit(task, fate !== 'dies when it has committed')
      this.#open = []
    }
    if (fate === 'stops') await task.state.flush()
    if (fate !== 'commits') this.#task = undefined
  }

  /** @param isStored whether the process lives long enough to hand it to the store */
  async #commit(task: JoinTask, isStored: boolean): Promise<void> {
    const epoch = task.drain()
    if (epoch === undefined) return
    const { plan } = this.#context
    const shorten = (): void => {}
    const changelog = {
      topic: 'changelog',
      layout: this.#compiled.codec.layout,
      schemaIds: [],
      maxRecordBytes: 1_048_588,
      shorten,
    }
    const topics = plan.sources.map(({ topic }) => topic)
    const part = epochPart(epoch, { topics, topicIds: topics.map(() => null), changelog })
    for await (const { columns, i } of written(epoch.outputs)) {
      const bytes = recordAt(columns, i).value!.subarray(FRAME.length)
      const { fact, ...rights } = this.#compiled.output.decode(bytes)
      this.#broker.outputs.push([fact, ...Object.values(rights)].map((id) => id ?? '').join('-'))
    }
    for await (const _ of written(epoch.rejects)) this.#rejected++
    const { log } = this.#broker
    const first = log.length
    for (const batch of part.changelog) log.push(await batch.seal(-1n, -1, -1))
    const end = log.length
    // A transaction's marker.
    log.push(undefined)
    this.#broker.committed = epoch.offsets
    if (isStored) await part.persist(first, end)
  }

  /** What is counted counts twice what was done twice. */
  outcome() {
    const { droppedLate: dropped, windows } = this.#counts
    const closedMatches = windows.reduce((sum, window) => sum + window.closedMatches, 0)
    return {
      rows: [...this.#broker.outputs].sort(),
      rejected: this.#rejected,
      dropped,
      closedMatches,
    }
  }
}

async function answerOf(records: readonly ChainRecord[], offset: number): Promise<Fetched> {
  const to = { topic: 'input', partition: 0, transactional: false, compression: 'none' } as const
  let bytes = Buffer.alloc(0)
  if (records.length > 0) {
    const writer = new RecordBatchWriter(to)
    for (const { source, ...record } of records) {
      const side = source === 0 ? 0 : 1
      const parts = recordBytes({ ...record, side, fault: undefined })
      writer.recordOf(record.time, { ...parts, headers: [] })
    }
    bytes = Buffer.from(await writer.seal(-1n, -1, -1))
    writer.release()
    bytes.writeBigInt64BE(BigInt(offset))
  }
  const columns = await decodeRecordBatches(bytes, offset, [])
  const end = offset + records.length
  return { topic: 'input', partition: 0, columns, lastStableOffset: end, highWatermark: end }
}

const POLICIES = ['emit', 'emit', 'drop', 'reject'] as const

export function randomJoin(unit: number): fc.Arbitrary<ChainJoin> {
  const units = fc.oneof(
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.nat(8) },
  )
  const fate = (kind: JoinKind, side: 'left' | 'right', wanted: LatePolicy): LatePolicy =>
    wanted === 'emit' && !comesOutAlone(kind, side) ? 'drop' : wanted
  return fc
    .record({
      before: units,
      after: units,
      grace: fc.nat(6),
      kind: fc.constantFrom(...JOIN_KINDS, 'outer' as const),
      left: fc.constantFrom(...POLICIES),
      right: fc.constantFrom(...POLICIES),
    })
    .map(({ before, after, grace, kind, left, right }) => {
      const times = { beforeMs: before * unit, afterMs: after * unit, graceMs: grace * unit }
      const late = [fate(kind, 'left', left), fate(kind, 'right', right)] as const
      return { ...times, kind, late, sliceMs: windowTimes(times).sliceMs }
    })
}

/** A silence moves stream time on, join by join; what comes then is well behind that. */
const SILENCE_UNITS = 300

/** @param fates of the bursts; one that is there twice comes twice as often */
export function randomChains(
  joins: number,
  maxLength: number,
  fates: readonly Fate[],
): fc.Arbitrary<RandomChain> {
  const step = fc.record({
    source: fc.nat(joins),
    gap: fc.oneof({ weight: 3, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(20) }),
    back: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 3, arbitrary: fc.nat(12) },
      { weight: 1, arbitrary: fc.nat(60) },
    ),
    key: fc.constantFrom('a', 'a', 'a', 'a', 'b'),
    ends: fc.nat(4).map((n) => n === 0),
    silent: fc.nat(40).map((n) => n === 0),
    fate: fc.constantFrom(...fates),
  })
  // Below, at and above what slices of time are made of.
  return fc.constantFrom(1, 7, 300, 10_000).chain((unit) =>
    fc.record({
      joins: fc.array(randomJoin(unit), { minLength: joins, maxLength: joins }),
      isTight: fc.boolean(),
      bursts: fc.array(step, { maxLength, size: 'max' }).map((steps): Burst[] => {
        let base = NOON
        let records: ChainRecord[] = []
        const bursts: Burst[] = []
        for (const [id, { source, gap, back, key, ends, silent, fate }] of steps.entries()) {
          base += gap * unit
          records.push({ source, key, id, time: base - back * unit })
          if (!ends && !silent) continue
          bursts.push({ records, isSilent: silent, fate })
          records = []
          if (silent) base += SILENCE_UNITS * unit + 20_000
        }
        return [...bursts, { records, isSilent: false, fate: 'goes on' }]
      }),
    }),
  )
}
