/**
 * The join without a broker: the parts of a running instance (task, dimensions, window, stores) on a
 * clock that the caller moves. Records come one by one, and each is processed before the next comes.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RecordColumns } from '../../batch.ts'
import { recordAt } from '../../broker/record-columns.ts'
import { AvroJson } from '../../codec/avro-json.ts'
import type { KeyReader, PipelineCodec } from '../../codec/port.ts'
import { epochPart } from '../../commit/epoch-part.ts'
import type { Pipeline, TopicConfig } from '../../config/pipeline.ts'
import { Counts } from '../../counts/counts.ts'
import { MemoryShares, memoryLimits } from '../../plan/memory.ts'
import { outputFrame } from '../../plan/pipeline-codec.ts'
import { openStore, type Store } from '../../state/level.ts'
import { LEFT, RIGHT } from '../../state/page.ts'
import { WindowStore } from '../../state/page-store.ts'
import { Task, type TaskContext, type TaskEpoch } from '../../task/task.ts'
import type { Step } from './fixture.ts'
import { answerOf, keyText, type TimedRecord, written } from './records.ts'
import { SimulatedDimension } from './simulated-dimension.ts'

export interface Output {
  readonly key: string
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly headers: Readonly<Record<string, string>>
  readonly value: Readonly<Record<string, unknown>>
}

/** A record that was rejected or dropped. */
export interface Fault {
  /** `fact`, `right`, or a dimension's name. */
  readonly from: string
  readonly key: string | null
  readonly reason: string
  readonly error: string
}

/** What has come out so far. */
export interface Effects {
  readonly outputs: Output[]
  readonly unmatched: Output[]
  readonly rejects: Fault[]
  readonly drops: Fault[]
}

interface Stores {
  readonly folder: string
  readonly window: Store
  readonly dimensions: readonly Store[]
}

/** Kafka's defaults of `max.message.bytes` and `message.timestamp.after.max.ms`. */
const BATCH_BYTES = 1_048_588
const AHEAD_MS = 3_600_000
const MEMORY_BYTES = 1 << 30
const NO_LIMITS = { limit: null, pages: null, fetch: null, epoch: null, dimensions: null }
const FRAME_BYTES = 5

/** A pipeline with one task. What it would send is decoded, and added to `effects`. */
export class Simulation {
  readonly effects: Effects = { outputs: [], unmatched: [], rejects: [], drops: [] }
  readonly #pipeline: Pipeline
  readonly #codec: PipelineCodec
  readonly #output: AvroJson
  readonly #counts: Counts
  readonly #dimensions: readonly SimulatedDimension[]
  readonly #task: Task
  /** The offset that the next record of each side gets. */
  readonly #offsets = [0, 0]
  readonly #stores: Stores
  #clock: number
  #changelogOffset = 0

  private constructor(pipeline: Pipeline, codec: PipelineCodec, clock: number, stores: Stores) {
    this.#pipeline = pipeline
    this.#codec = codec
    this.#clock = clock
    this.#stores = stores
    this.#output = new AvroJson(JSON.parse(codec.outputSchema))
    this.#counts = new Counts(pipeline.dimensions.map(({ name }) => name))
    const { rejects } = this.effects
    this.#dimensions = pipeline.dimensions.map(
      (config, d) => new SimulatedDimension(config, d, codec, stores.dimensions[d], rejects),
    )
    const store = new WindowStore(stores.window, codec.layout)
    this.#task = new Task(0, store, this.#context())
  }

  /** @param codec of schemas alone, without a registry; @param clock ms since 1970 */
  static async open(pipeline: Pipeline, codec: PipelineCodec, clock: number): Promise<Simulation> {
    const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-simulation-'))
    const window = await openStore(join(folder, 'window'))
    const dimensions: Store[] = []
    for (const d of pipeline.dimensions.keys()) {
      dimensions.push(await openStore(join(folder, `dimension-${d}`)))
    }
    const simulation = new Simulation(pipeline, codec, clock, { folder, window, dimensions })
    for (const dimension of simulation.#dimensions) await dimension.start()
    return simulation
  }

  #context(): TaskContext {
    const { output } = this.#pipeline
    const topic = (name: string) =>
      ({ topic: name, compression: 'none', maxBatchBytes: BATCH_BYTES }) as const
    return {
      pipeline: this.#pipeline,
      codec: this.#codec,
      dimensions: this.#dimensions.map(({ table }) => table),
      output: topic(output.topic),
      outputFrame: outputFrame(0),
      rejects: topic(output.rejects),
      rejectPartitions: 1,
      aheadMs: Math.min(this.#pipeline.join.aheadMs, AHEAD_MS),
      behindMs: Number.POSITIVE_INFINITY,
      maxEntryBytes: BATCH_BYTES,
      memory: new MemoryShares(memoryLimits(NO_LIMITS, MEMORY_BYTES), 1),
      counts: this.#counts,
      now: () => this.#clock,
      elapsed: () => this.#clock,
    }
  }

  /** Does what the step says, and all that follows from it. */
  async take(step: Step): Promise<void> {
    if (step.kind === 'wait') {
      await this.#moveTo(this.#clock + step.ms)
      return
    }
    const { timestamp = this.#clock } = step.record
    await this.#moveTo(Math.max(this.#clock, timestamp))
    const record = { ...step.record, timestamp }
    if (step.kind === 'row') await this.#dimensions[step.dimension].take(record)
    else await this.#join(step.kind, record)
  }

  async close(): Promise<void> {
    for (const dimension of this.#dimensions) await dimension.close()
    await this.#stores.window.close()
    rmSync(this.#stores.folder, { recursive: true, force: true })
  }

  /** Moves the clock on. Both inputs answer that nothing has come until then, as a broker does, so that windows may close. */
  async #moveTo(clock: number): Promise<void> {
    this.#clock = clock
    for (const side of [LEFT, RIGHT]) {
      this.#task.offer(side, await answerOf(this.#input(side).topic, this.#offsets[side]))
    }
    await this.#process()
  }

  #input(side: number): TopicConfig {
    return side === LEFT ? this.#pipeline.facts : this.#pipeline.join
  }

  #key(side: number): KeyReader {
    return side === LEFT ? this.#codec.factsKey : this.#codec.rightKey
  }

  async #join(kind: 'fact' | 'right', record: TimedRecord): Promise<void> {
    const side = kind === 'fact' ? LEFT : RIGHT
    const { topic } = this.#input(side)
    const before = this.#dropped()
    this.#task.offer(side, await answerOf(topic, this.#offsets[side]++, record))
    await this.#process()
    const after = this.#dropped()
    const key = keyText(this.#key(side), record.key)
    for (const reason of ['late', 'missing', 'future_time'] as const) {
      if (after[reason] === before[reason]) continue
      this.effects.drops.push({ from: kind, key, reason, error: '' })
    }
  }

  #dropped(): Record<'late' | 'missing' | 'future_time', number> {
    const { droppedLate, droppedMissing, droppedEarly } = this.#counts
    return { late: droppedLate, missing: droppedMissing, future_time: droppedEarly }
  }

  /** Has the task work until there is nothing left to do; each round is an epoch, which is committed. */
  async #process(): Promise<void> {
    while (await this.#task.process()) {
      const epoch = this.#task.take()
      if (epoch !== undefined) await this.#commit(epoch)
    }
  }

  async #commit(epoch: TaskEpoch): Promise<void> {
    const { outputs, unmatched, rejects } = this.effects
    // In one round matches are written before facts that have none.
    let matches = epoch.matchTimes.length
    for await (const { columns, i } of written(epoch.outputs)) {
      if (matches-- > 0) outputs.push(this.#outputOf(columns, i))
      else unmatched.push(this.#outputOf(columns, i))
    }
    for await (const { columns, i } of written(epoch.rejects))
      rejects.push(this.#reject(columns, i))
    const changelog = {
      topic: 'changelog',
      layout: this.#codec.layout,
      schemaIds: [],
      maxRecordBytes: BATCH_BYTES,
      shorten() {},
    }
    const part = epochPart(epoch, this.#pipeline, changelog)
    const first = this.#changelogOffset
    this.#changelogOffset += part.changelog.length
    await part.persist(first, this.#changelogOffset)
    for (const batch of [...part.batches, ...part.changelog]) batch.release()
  }

  #outputOf(columns: RecordColumns, i: number): Output {
    const { key, value, headers } = recordAt(columns, i)
    return {
      key: String(key),
      timestamp: columns.timestamps[i],
      headers: Object.fromEntries(headers.map(([name, text]) => [name, String(text)])),
      value: this.#output.decode(value!.subarray(FRAME_BYTES)),
    }
  }

  #reject(columns: RecordColumns, i: number): Fault {
    const record = recordAt(columns, i)
    const header = (name: string): string =>
      String(record.headers.findLast(([key]) => key === `enricher.${name}`)?.[1])
    const side = header('topic') === this.#pipeline.facts.topic ? LEFT : RIGHT
    return {
      from: side === LEFT ? 'fact' : 'right',
      key: keyText(this.#key(side), record.key),
      reason: header('reason'),
      error: header('error'),
    }
  }
}
