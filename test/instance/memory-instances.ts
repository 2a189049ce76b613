/** Instances of one pipeline on a Kafka in memory: they start, stop, are cut off, and meet what goes wrong there. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { partitionOf } from '../../src/broker/partition-of.ts'
import type { Output } from '../../src/cli/simulate/simulation.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import type { MatchHeaders, Pipeline } from '../../src/config/pipeline.ts'
import { betweenStages, repartitioned, sourcesOf } from '../../src/config/topic-names.ts'
import { longestWait } from '../../src/config/waits.ts'
import { Counts } from '../../src/counts/counts.ts'
import type { DimensionTable } from '../../src/dimension/table.ts'
import type { Worker } from '../../src/instance/worker.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { planOf, statefulStages } from '../../src/plan/plan.ts'
import {
  columnFactBytes,
  enrichPipeline,
  FRAME,
  givenRows,
  isByColumn,
  joinedBy,
  joinPipeline,
  type KeyedOtherwise,
  recordBytes,
  rowOf,
  SILENCE_MS,
} from '../cli/simulate/join/simulated-join.ts'
import { LATER, withWait } from '../commit/memory-world.ts'
import type { Order } from '../support/memory-broker/faults.ts'
import type { OffsetEvent } from '../support/memory-broker/group-offsets.ts'
import { MemoryKafka } from '../support/memory-broker.ts'
import {
  committedBodies,
  committedRecords,
  committedRejects,
  expectedRejects,
  expectedRows,
} from '../support/memory-outputs.ts'
import { LEFT, type ModelTimes } from '../window/model.ts'
import type { StreamRecord } from '../window/random-streams.ts'
import {
  CHANGELOG,
  changelogOfStage,
  givenTable,
  putRows,
  startWorker,
  type WorkerSetting,
} from './start-worker.ts'

export const PARTITIONS = 3
/** Of an input that is repartitioned. */
const INPUT_PARTITIONS = 2
/** Less than a transaction's timeout. */
const SESSION_MS = 6000
const COMMIT_MS = 5
const TICK_MS = 5
/** A transaction’s timeout is many of them. */
const HASTE_MS = 40
/** Of a few long polls. */
const SETTLE_MS = 150
/** Between two silences while there is something left to be taken; meanwhile sessions time out. */
const LOOKS = 50
/** Longer than this nothing takes, on a busy machine either. */
const PATIENCE_MS = 20_000

export type Action =
  | { readonly do: 'put'; readonly records: number }
  | {
      readonly do: 'start'
      readonly instance: string
      /** Of the group, under its name. */
      readonly isStatic: boolean
      /** Its state folder is lost. */
      readonly isNew: boolean
    }
  | { readonly do: 'stop'; readonly instance: string }
  /** Cut off, and for longer than its session or not. */
  | { readonly do: 'cut'; readonly instance: string; readonly isLong: boolean }
  | { readonly do: 'hear'; readonly instance: string }
  | { readonly do: 'fault'; readonly order: Order }
  /** The next transaction to end gets so many markers, and the others with `release`. */
  | { readonly do: 'half'; readonly markers: number }
  | { readonly do: 'release' }
  /** Somebody has it stand still, and go on. */
  | { readonly do: 'pause' | 'resume'; readonly instance: string }
  /** Nothing may be taken for so many ms: rows are read anew. */
  | { readonly do: 'hold'; readonly instance: string; readonly ms: number }
  /** Somebody has the store of a task put aside. */
  | { readonly do: 'rebuild'; readonly instance: string; readonly partition: number }

/** The rows of facts that wait for one. */
const laterRows = (keyed: KeyedOtherwise): ReadonlyMap<string, Buffer> =>
  isByColumn(keyed)
    ? new Map([...givenRows(keyed)].map(([key, row]) => [`${LATER} ${key}`, row]))
    : new Map([[LATER, givenRows(null).get('here')!]])

/** A pipeline of another form, and what it is to make of the records. */
export interface Shape {
  readonly pipeline: Pipeline
  bytesOf(record: StreamRecord): Buffer
  readonly rows: readonly string[]
  rowOf(value: Output['value']): string
}

/** What else a pipeline has. */
export interface Wanted {
  /** In place of the one join. */
  readonly shape?: Shape | null
  readonly keyed?: KeyedOtherwise
  /** Whose headers a match has, where headers say what records were made of. */
  readonly told?: MatchHeaders | null
  /** Whether facts wait for the row of every second one. */
  readonly waits?: boolean
  readonly change?: (pipeline: Pipeline) => Pipeline
}

interface Instance {
  readonly worker: Worker
  readonly counts: Counts
  readonly table: DimensionTable
  /** Slices that it has taken, since it stands still; undefined: it does not, or its last turn has not ended. */
  slicesAtPause: number | undefined
}

export class MemoryInstances {
  readonly kafka = new MemoryKafka()
  /** Where each record was put, by its side and id. */
  readonly places = new Map<string, string>()
  /** What the instances have logged. */
  readonly events: string[] = []
  readonly #pipeline: Pipeline
  readonly #codec: PipelineCodec
  readonly #output: AvroJson
  readonly #folder = mkdtempSync(join(tmpdir(), 'stream-enricher-instances-'))
  readonly #running = new Map<string, Instance>()
  readonly #fatal: unknown[] = []
  /** Time passes at the broker as it does here; this also keeps the process alive, as connections would. */
  readonly #time = setInterval(() => this.kafka.advance(TICK_MS), TICK_MS)
  readonly #times: ModelTimes | null
  readonly #shape: Shape | null
  readonly #records: readonly StreamRecord[]
  readonly #keyed: KeyedOtherwise
  #waiting: StreamRecord[]
  #holds: Promise<void>[] = []
  /** The sides that are repartitioned. */
  readonly #through: ReadonlySet<number>
  /** How many partitions each input has. */
  readonly #inputs = new Map<string, number>()
  /** Whether facts wait, some of them for a row that comes in the end. */
  readonly #waits: boolean
  #isThere = false
  #silence = 0
  #release: () => void = () => {}

  private constructor(
    pipeline: Pipeline,
    codec: PipelineCodec,
    times: ModelTimes | null,
    records: readonly StreamRecord[],
    keyed: KeyedOtherwise,
    shape: Shape | null,
  ) {
    this.#pipeline = pipeline
    this.#shape = shape
    this.#keyed = keyed
    this.#waits = longestWait(pipeline.dimensions) > 0
    this.#times = times
    this.#records = records
    this.#codec = codec
    this.#output = new AvroJson(JSON.parse(codec.outputSchema))
    this.#waiting = [...records]
    const { output } = pipeline
    this.#through = new Set(repartitioned(pipeline).map(({ side }) => side))
    for (const [side, topic] of sourceTopics(pipeline).entries()) {
      this.#inputs.set(topic, this.#through.has(side) ? INPUT_PARTITIONS : PARTITIONS)
    }
    for (const [topic, partitions] of this.#inputs) this.kafka.topics.create(topic, partitions, {})
    const internal = [
      ...repartitioned(pipeline).map(({ topic }) => topic),
      ...betweenStages(pipeline),
    ]
    const changelogs = statefulStages(planOf(pipeline)).map(({ state }) =>
      changelogOfStage(state.number),
    )
    for (const topic of new Set([...internal, output.topic, ...changelogs, CHANGELOG])) {
      this.kafka.topics.create(topic, PARTITIONS, {})
    }
    this.kafka.topics.create(output.rejects, 1, {})
  }

  /** @param times of the join; null: facts are joined with nothing */
  static async open(
    times: ModelTimes | null,
    records: readonly StreamRecord[],
    wanted: Wanted = {},
  ): Promise<MemoryInstances> {
    const { keyed = null, told = null, waits = false, shape = null } = wanted
    const { change = (pipeline) => pipeline } = wanted
    const joined = times === null ? enrichPipeline() : joinPipeline(times, false, keyed)
    const plain = shape?.pipeline ?? joined
    const waiting = waits ? withWait(plain) : plain
    const pipeline = change({
      ...waiting,
      provenance: told !== null,
      joins: waiting.joins.map((one) => ({ ...one, headers: told ?? one.headers })),
    })
    const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
    const isRead = ({ side }: StreamRecord): boolean =>
      shape !== null || times !== null || side === LEFT
    return new MemoryInstances(pipeline, codec, times, records.filter(isRead), keyed, shape)
  }

  /** By partition of an input: what became of its offsets. */
  get offsets(): readonly OffsetEvent[] {
    return this.kafka.group(this.#pipeline.name).offsets.history
  }

  async run(action: Action): Promise<void> {
    switch (action.do) {
      case 'put':
        return this.#put(action.records)
      case 'start':
        return this.#start(action)
      case 'stop':
        return this.#stop(action.instance)
      case 'cut':
        this.kafka.silence(action.instance)
        if (action.isLong) this.kafka.advance(SESSION_MS)
        return
      case 'hear':
        return this.kafka.hear(action.instance)
      case 'fault':
        return this.kafka.faults.order(action.order)
      case 'half':
        return this.#half(action.markers)
      case 'release':
        return this.#release()
      case 'pause':
        return this.#pause(action.instance)
      case 'resume':
        return this.#resume(action.instance)
      case 'hold':
        return this.#hold(action.instance, action.ms)
      case 'rebuild':
        this.#running.get(action.instance)?.worker.rebuild(action.partition)
        return
    }
  }

  /** Nothing goes wrong any more: everything is put, taken, closed and committed. Each row is there once, and each reject. */
  async assertFinished(): Promise<void> {
    const expected =
      this.#shape?.rows ?? expectedRows(this.#times, joinedBy(this.#keyed, this.#records))
    const rows = expected.length
    this.kafka.faults.clear()
    this.#release()
    for (const instance of this.#running.keys()) {
      this.kafka.hear(instance)
      this.#resume(instance)
    }
    if (this.#running.size === 0) {
      this.#start({ instance: 'last', isStatic: false, isNew: false })
    }
    await this.#put(this.#waiting.length)
    let looks = 0
    await this.#until('everything is committed', async () => {
      const isTaken = this.#isTaken()
      // A source partition that has never had a record is waited for. What nothing holds up is to be there before.
      const isHeld = !isTaken && this.#isTaken(this.#free)
      if (isHeld && ++looks % LOOKS === 0) await this.#fallSilent()
      return isTaken
    })
    this.#isThere = this.#waits
    for (const { worker, table } of this.#isThere ? this.#running.values() : []) {
      putRows(table, laterRows(this.#keyed), this.#pipeline, this.#codec)
      worker.wake()
    }
    await this.#until(`${rows} rows have come out`, async () => {
      const isOut = (await this.#rows()).length >= rows
      // Again and again: for a task that is taken anew the silence begins anew.
      if (!isOut) await this.#fallSilent()
      return isOut
    })
    // What is wrongly committed once more comes now.
    for (const instance of [...this.#running.keys()]) await this.#stop(instance)
    await Promise.all(this.#holds)
    if (this.#fatal.length > 0) throw this.#fatal[0]
    assert.deepEqual((await this.#rows()).sort(), expected)
    const { rejects } = this.#pipeline.output
    assert.deepEqual(
      await committedRejects(this.kafka, rejects),
      expectedRejects(this.#records, sourceTopics(this.#pipeline), PARTITIONS),
    )
  }

  async close(): Promise<void> {
    this.#release()
    this.kafka.faults.clear()
    await Promise.all([...this.#running.keys()].map((instance) => this.#stop(instance)))
    clearInterval(this.#time)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #put(count: number): Promise<void> {
    const topics = sourceTopics(this.#pipeline)
    for (const record of this.#waiting.splice(0, count)) {
      const topic = topics[record.side]
      const headers = this.#pipeline.provenance ? ownHeaders(record) : []
      const row = this.#waits && record.id % 2 === 1 ? LATER : 'here'
      const of = { ...recordBytes(record, row), headers, timestamp: record.time }
      if (this.#shape !== null) of.value = this.#shape.bytesOf(record)
      if (isByColumn(this.#keyed) && record.side === LEFT) {
        of.value = columnFactBytes(record, row === LATER ? `${LATER} ` : '')
      }
      const isThrough = this.#through.has(record.side)
      // Another key, and so anywhere.
      const other = Buffer.from(`${record.id}`)
      const placedBy = isThrough ? other : Buffer.from(record.key)
      const partition = partitionOf(placedBy, this.#inputs.get(topic)!)
      const { end } = this.kafka.topics.log({ topic, partition })
      this.places.set(`${record.side} ${record.id}`, `${topic}-${partition}@${end}`)
      await this.kafka.append({ topic, partition }, [isThrough ? { ...of, key: other } : of])
    }
  }

  #start({ instance, isStatic, isNew }: Omit<Action & { do: 'start' }, 'do'>): void {
    if (this.#running.has(instance)) return
    const dir = join(this.#folder, instance)
    if (isNew) rmSync(dir, { recursive: true, force: true })
    const { kafka } = this.#pipeline
    const broker = this.kafka.client(instance)
    const counts = new Counts(['d'], ...countedOf(this.#pipeline))
    const table = givenTable(givenRows(this.#keyed), this.#pipeline, this.#codec)
    if (this.#isThere) putRows(table, laterRows(this.#keyed), this.#pipeline, this.#codec)
    const setting: WorkerSetting = {
      broker,
      counts,
      pipeline: {
        ...this.#pipeline,
        kafka: {
          ...kafka,
          instanceId: isStatic ? instance : null,
          sessionTimeoutMs: SESSION_MS,
        },
        state: { ...this.#pipeline.state, dir },
        commit: { intervalMs: COMMIT_MS },
      },
      codec: this.#codec,
      partitions: PARTITIONS,
      inputs: this.#inputs,
      instanceId: instance,
      elapsed: () => performance.now() + this.#silence,
      onEvent: (name, fields) => this.events.push(`${instance} ${name} ${textOf(fields)}`),
      onFatal: (error) => this.#fatal.push(error),
      table,
    }
    const worker = startWorker(setting)
    this.#running.set(instance, { worker, counts, table, slicesAtPause: undefined })
  }

  /** One that is cut off cannot be told from one that has crashed: it is stopped when it is heard again. */
  async #stop(instance: string): Promise<void> {
    const running = this.#running.get(instance)
    if (running === undefined) return
    this.kafka.hear(instance)
    this.#running.delete(instance)
    await running.worker.stop()
  }

  #pause(instance: string): void {
    const running = this.#running.get(instance)
    if (running === undefined || running.worker.paused) return
    const { worker, counts } = running
    worker.pause()
    // Resolves when the turn under way has ended.
    const stands = worker.holdDuring(async () => {
      running.slicesAtPause = worker.paused ? counts.slices.count : undefined
    })
    this.#holds.push(stands)
  }

  #resume(instance: string): void {
    const running = this.#running.get(instance)
    if (running === undefined) return
    const { worker, counts, slicesAtPause } = running
    if ((slicesAtPause ?? counts.slices.count) !== counts.slices.count) {
      this.#fatal.push(new Error(`${instance} took a slice while it was paused`))
    }
    running.slicesAtPause = undefined
    worker.resume()
  }

  #hold(instance: string, ms: number): void {
    const running = this.#running.get(instance)
    if (running === undefined) return
    const { worker, counts } = running
    const held = worker.holdDuring(async () => {
      const before = counts.slices.count
      await sleep(ms)
      if (counts.slices.count !== before) {
        this.#fatal.push(new Error(`${instance} took a slice while it was held`))
      }
    })
    this.#holds.push(held)
  }

  #half(markers: number): void {
    this.#release()
    const until = new Promise<void>((resolve) => {
      this.#release = resolve
    })
    this.kafka.faults.order({ api: 'EndTxn', fault: { markers, until } })
  }

  /** The inputs of stages that read nothing else. */
  get #free(): string[] {
    const free = planOf(this.#pipeline).stages.filter(({ sources }) =>
      sources.every(({ origin }) => origin === null),
    )
    return free.flatMap(({ topics }) => topics)
  }

  #isTaken(topics = sourceTopics(this.#pipeline)): boolean {
    const offsets = this.kafka.group(this.#pipeline.name).offsets.committed
    return topics.every((topic) =>
      this.kafka.topics.get(topic).partitions.every(({ partition, end }) => {
        const taken = offsets.find((o) => o.topic === topic && o.partition === partition)
        return end === 0 || taken?.offset === end
      }),
    )
  }

  /** Every window closes. It takes an answer of the broker that is fresh after that. */
  async #fallSilent(): Promise<void> {
    this.#silence += SILENCE_MS
    await sleep(SETTLE_MS)
  }

  /** What has come out: which records it was made of by its value, and its headers. */
  async outputs() {
    const records = await committedRecords(this.kafka, this.#pipeline.output.topic)
    return records.map(({ value, headers }) => {
      const { fact, right } = this.#output.decode(value!.subarray(FRAME.length))
      return { fact, right, headers: headers.map(([name, text]) => [name, String(text)]) }
    })
  }

  async #rows(): Promise<string[]> {
    const bodies = await committedBodies(this.kafka, this.#pipeline.output.topic)
    const textOf = this.#shape?.rowOf ?? rowOf
    return bodies.map((body) => textOf(this.#output.decode(body)))
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + PATIENCE_MS
    while (!(await isSo())) {
      if (this.#fatal.length > 0) throw this.#fatal[0]
      const log = (): string => `Not so: ${what}\n${this.events.slice(-40).join('\n')}`
      assert.ok(performance.now() < end, log())
      // Sessions of those that are gone, and what they have left open, time out soon.
      this.kafka.advance(HASTE_MS)
      await sleep(5)
    }
    if (this.#fatal.length > 0) throw this.#fatal[0]
  }
}

/** Of which one has a name of ours, from an earlier pipeline. */
const ownHeaders = ({ id, side }: StreamRecord): (readonly [string, Buffer])[] => [
  ['of', Buffer.from(`${side} ${id}`)],
  ['enricher.right', Buffer.from('earlier')],
  ['enricher.dimension.other', Buffer.from('earlier')],
]

/** How many sources and joins are counted. */
function countedOf(pipeline: Pipeline): [number, number] {
  const { sources, joins } = planOf(pipeline)
  return [Math.max(2, sources.length), Math.max(1, joins.length)]
}

const textOf = (fields: object): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')

const sourceTopics = (pipeline: Pipeline): string[] =>
  sourcesOf(pipeline).map(({ config }) => config.topic)

/**
 * Instances to which all this has happened, and which have then come to their end in peace: each row and each reject
 * is there once. To be closed.
 * @param steps each with the ms for which nothing else happens
 * @param waits whether facts wait for rows, half of them for one that comes in the end
 */
export async function played(
  times: ModelTimes | null,
  records: readonly StreamRecord[],
  steps: readonly (readonly [Action, number])[],
  wanted: Wanted = {},
): Promise<MemoryInstances> {
  const instances = await MemoryInstances.open(times, records, wanted)
  try {
    for (const [action, ms] of steps) {
      await instances.run(action)
      await sleep(ms)
    }
    await instances.assertFinished()
    return instances
  } catch (error) {
    await instances.close()
    throw error
  }
}
