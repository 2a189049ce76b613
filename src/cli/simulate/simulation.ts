/**
 * A pipeline without a broker: the parts of a running instance (task, dimensions, window, stores) on a
 * clock that the caller moves. Records come one by one, and each is processed before the next comes.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RecordColumns } from '../../batch.ts'
import { recordAt } from '../../broker/record-columns.ts'
import type { PipelineCodec } from '../../codec/port.ts'
import { type EpochTopics, epochPart } from '../../commit/epoch-part.ts'
import type { Pipeline } from '../../config/pipeline.ts'
import { changelogTopic } from '../../config/topic-names.ts'
import { longestWait } from '../../config/waits.ts'
import { Counts } from '../../counts/counts.ts'
import { outputsOf } from '../../output/outputs.ts'
import { MemoryShares, memoryLimits } from '../../plan/memory.ts'
import { frameOf } from '../../plan/output-frames.ts'
import { avroShape } from '../../plan/pipeline-codec.ts'
import { type Plan, planOf, statefulStages } from '../../plan/plan.ts'
import { openStore, type Store } from '../../state/level.ts'
import { PageStore } from '../../state/page-store.ts'
import type { TaskContext, TaskEpoch } from '../../task/task.ts'
import type { Step } from './fixture.ts'
import { kindsOf } from './joins.ts'
import { type OutputValues, outputValues } from './output-values.ts'
import { keyText, type TimedRecord, written } from './records.ts'
import { SimulatedDimension } from './simulated-dimension.ts'
import { SimulatedStages } from './simulated-stages.ts'

export interface Output {
  /** The output's name. */
  readonly to: string
  /** null: there is none, as may be where nothing is joined. */
  readonly key: string | null
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly headers: Readonly<Record<string, string>>
  readonly value: Readonly<Record<string, unknown>>
}

/** A record that was rejected or dropped. */
export interface Fault {
  /** `fact`, `right` or a join’s name, or a dimension's. */
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
  /** Of the stages that keep state. */
  readonly windows: readonly Store[]
  /** Of the plan's tables. */
  readonly tables: readonly Store[]
}

/** Kafka's defaults of `max.message.bytes` and `message.timestamp.after.max.ms`. */
const BATCH_BYTES = 1_048_588
const AHEAD_MS = 3_600_000
const MEMORY_BYTES = 1 << 30
const NO_LIMITS = { limit: null, pages: null, fetch: null, epoch: null, dimensions: null }
/** Why records are dropped, but for want of a row. */
const DROPS = ['late', 'future_time', 'filtered', 'no_row'] as const

/** A pipeline with one task for each stage. What it would send is decoded, and added to `effects`. */
export class Simulation {
  readonly effects: Effects = { outputs: [], unmatched: [], rejects: [], drops: [] }
  readonly #pipeline: Pipeline
  readonly #plan: Plan
  readonly #codec: PipelineCodec
  /** By output. */
  readonly #outputs: readonly OutputValues[]
  readonly #counts: Counts
  /** By source: what its records are called. */
  readonly #kinds: readonly string[]
  /** By dimension; those of one table are one. */
  readonly #dimensions: readonly SimulatedDimension[]
  readonly #stages: SimulatedStages
  readonly #stores: Stores
  #clock: number
  /** How far the clock for durations is ahead of the other one. */
  #silentMs = 0
  #changelogOffset = 0

  private constructor(pipeline: Pipeline, codec: PipelineCodec, clock: number, stores: Stores) {
    this.#pipeline = pipeline
    this.#plan = planOf(pipeline)
    this.#codec = codec
    this.#clock = clock
    this.#stores = stores
    this.#outputs = pipeline.outputs.map((one, o) => outputValues(one, codec.outputs[o]))
    const names = pipeline.dimensions.map(({ name }) => name)
    this.#counts = new Counts(names, this.#plan.sources.length, this.#plan.joins.length)
    this.#kinds = kindsOf(pipeline)
    const { rejects } = this.effects
    const tables = this.#plan.tables.map(({ dimensions: [first] }, t) => {
      const config = pipeline.dimensions[first]
      return new SimulatedDimension(
        config,
        first,
        codec,
        stores.tables[t],
        pipeline.provenance,
        rejects,
        () => this.#clock,
      )
    })
    this.#dimensions = this.#plan.lookUps.map(({ table }) => tables[table])
    const pages = stores.windows.map((window) => new PageStore(window, codec.layout))
    this.#stages = new SimulatedStages(this.#plan, pages, this.#context())
  }

  /** @param codec of schemas alone, without a registry; @param clock ms since 1970 */
  static async open(pipeline: Pipeline, codec: PipelineCodec, clock: number): Promise<Simulation> {
    const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-simulation-'))
    const windows: Store[] = []
    for (const { state } of statefulStages(planOf(pipeline))) {
      windows.push(await openStore(join(folder, `window-${state.number}`)))
    }
    const tables: Store[] = []
    for (const t of planOf(pipeline).tables.keys()) {
      tables.push(await openStore(join(folder, `dimension-${t}`)))
    }
    const simulation = new Simulation(pipeline, codec, clock, { folder, windows, tables })
    for (const dimension of new Set(simulation.#dimensions)) await dimension.start()
    await simulation.#fallIdle()
    return simulation
  }

  /** Sides that are repartitioned have been silent for long, so that none is waited for that a case has no records of. */
  async #fallIdle(): Promise<void> {
    this.#silentMs = Math.max(0, ...this.#plan.stages.map(({ to }) => to?.idleMs ?? 0))
    await this.#moveTo(this.#clock)
  }

  #context(): TaskContext {
    const { outputs, output } = this.#pipeline
    const { stages, sources } = this.#plan
    const topic = (name: string) =>
      ({ topic: name, compression: 'none', partitions: 1, maxBatchBytes: BATCH_BYTES }) as const
    return {
      plan: this.#plan,
      codec: this.#codec,
      dimensions: this.#dimensions.map(({ table }) => table),
      // A row is in its table before the next record comes.
      rowLimit: null,
      outputs: outputsOf(
        outputs.map((one, o) => ({
          topic: topic(one.topic),
          shape: avroShape(frameOf(one, 0)),
          codec: this.#codec.outputs[o],
        })),
      ),
      rejects: topic(output.rejects),
      repartition: stages.flatMap(({ to }) => (to === null ? [] : [topic(to.topic)])),
      partitions: new Map(sources.map((source) => [source.topic, 1])),
      aheadMs: AHEAD_MS,
      behindMs: Number.POSITIVE_INFINITY,
      maxEntryBytes: BATCH_BYTES,
      memory: new MemoryShares(memoryLimits(NO_LIMITS, MEMORY_BYTES), 1),
      counts: this.#counts,
      onDropped: (columns, i) => {
        const key = keyText(this.#codec.sources[0].key, recordAt(columns, i).key)
        this.effects.drops.push({ from: 'fact', key, reason: 'missing', error: '' })
      },
      now: () => this.#clock,
      elapsed: () => this.#clock + this.#silentMs,
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
    if (step.kind === 'row') {
      await this.#dimensions[step.dimension].take(record)
      await this.#process()
    } else await this.#offer(step.kind === 'fact' ? 0 : 1 + (step.join ?? 0), record)
  }

  /** The case is over: facts that wait for a row still do so until they give up. */
  async end(): Promise<void> {
    if (!this.#stages.figures().waiting?.facts) return
    await this.#moveTo(this.#clock + longestWait(this.#pipeline.dimensions))
  }

  async close(): Promise<void> {
    for (const dimension of new Set(this.#dimensions)) await dimension.close()
    for (const window of this.#stores.windows) await window.close()
    rmSync(this.#stores.folder, { recursive: true, force: true })
  }

  /** Moves the clock on. All sources answer that nothing has come until then, as a broker does, so that windows may close. */
  async #moveTo(clock: number): Promise<void> {
    this.#clock = clock
    await this.#stages.offerNothing()
    await this.#process()
  }

  async #offer(source: number, record: TimedRecord): Promise<void> {
    const before = this.#dropped()
    await this.#stages.offer(source, record)
    await this.#process()
    const after = this.#dropped()
    const key = keyText(this.#codec.sources[source].key, record.key)
    for (const reason of DROPS) {
      if (after[reason] === before[reason]) continue
      this.effects.drops.push({ from: this.#kinds[source], key, reason, error: '' })
    }
  }

  #dropped(): Record<(typeof DROPS)[number], number> {
    const { droppedLate, droppedEarly, filtered, passedOver } = this.#counts
    return {
      late: droppedLate,
      future_time: droppedEarly,
      filtered: filtered.total,
      no_row: passedOver.total,
    }
  }

  /** Has the tasks work until there is nothing left to do; each round is an epoch, which is committed. */
  #process(): Promise<void> {
    return this.#stages.process((epoch, topics) => this.#commit(epoch, topics))
  }

  async #commit(epoch: TaskEpoch, topics: readonly string[]): Promise<void> {
    const { outputs, unmatched, rejects } = this.effects
    // In one round matches are written before records that have none.
    let matches = epoch.outputTimes.length
    for await (const { columns, i, batch } of written(epoch.outputs)) {
      const output = this.#outputOf(batch.topic, columns, i)
      // Of several outputs each takes what it wants: the matches are not the first ones.
      const isMatch = this.#outputs.length > 1 || matches-- > 0
      if (isMatch) outputs.push(output)
      else unmatched.push(output)
    }
    for await (const { columns, i } of written(epoch.rejects))
      rejects.push(this.#reject(columns, i))
    const part = epochPart(epoch, this.#epochTopics(topics))
    const first = this.#changelogOffset
    this.#changelogOffset += part.changelog.length
    await part.persist(first, this.#changelogOffset)
    for (const batch of [...part.batches, ...part.changelog]) batch.release()
  }

  #epochTopics(topics: readonly string[]): EpochTopics {
    const topic = changelogTopic(this.#pipeline)
    if (topic === null) return { topics, topicIds: [], changelog: null }
    const of = { schemaIds: [], maxRecordBytes: BATCH_BYTES, shorten() {} }
    return { topics, topicIds: [], changelog: { topic, layout: this.#codec.layout, ...of } }
  }

  #outputOf(topic: string, columns: RecordColumns, i: number): Output {
    const { key, value, headers } = recordAt(columns, i)
    const o = this.#pipeline.outputs.findIndex((output) => output.topic === topic)
    const { path, key: keyField } = this.#pipeline.outputs[o]
    return {
      to: path.at(-1)!,
      key: keyField === null || key === null ? this.#outputKey(key) : String(key),
      timestamp: columns.timestamps[i],
      headers: Object.fromEntries(headers.map(([name, text]) => [name, String(text)])),
      value: this.#outputs[o].decode(value!),
    }
  }

  /** A joined record's is the key's text; where nothing is joined it is the fact's, as it came. */
  #outputKey(key: Buffer | null): string | null {
    if (this.#plan.joins.length === 0) return keyText(this.#codec.sources[0].key, key)
    return key === null ? null : String(key)
  }

  #reject(columns: RecordColumns, i: number): Fault {
    const record = recordAt(columns, i)
    const header = (name: string): string =>
      String(record.headers.findLast(([key]) => key === `enricher.${name}`)?.[1])
    const source = this.#plan.sources.findIndex(({ topic }) => topic === header('topic'))
    return {
      from: this.#kinds[source],
      key: keyText(this.#codec.sources[source].key, record.key),
      reason: header('reason'),
      error: header('error'),
    }
  }
}
