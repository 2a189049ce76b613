/** What the API and the status page show of the running parts. */
import { partitionOf } from './broker/partition-of.ts'
import type { PipelineCodec, RecordView } from './codec/port.ts'
import type { KeyFormat, Pipeline } from './config/pipeline.ts'
import { redacted } from './config/redact.ts'
import type { Counts } from './counts.ts'
import type { Dimension } from './dimension/dimension.ts'
import type { MemoryLimits } from './memory.ts'
import type { DimensionRow, Elsewhere, Views, WindowRecords } from './ops/api.ts'
import { ApiError } from './ops/api-error.ts'
import { storeSizes } from './ops/disk.ts'
import type { EpochTimes } from './ops/epoch-times.ts'
import { type Probes, written } from './ops/health.ts'
import { Remembered } from './ops/remembered.ts'
import { memoryParts, progress, stateOf } from './report.ts'
import type { HeldTask } from './tasks.ts'
import { changelogTopic } from './topics.ts'
import type { Member, Worker } from './worker.ts'

/** What is there from the start, and what comes while the service starts. */
export interface ServiceParts {
  readonly pipeline: Pipeline
  readonly version: string
  readonly instanceId: string
  readonly counts: Counts
  readonly epochs: EpochTimes
  readonly limits: MemoryLimits
  readonly dimensions: readonly Dimension[]
  codec?: PipelineCodec
  partitions?: number
  worker?: Worker
}

const SIDES = ['left', 'right'] as const
const RETRY_SECONDS = 2
const MEMBERS_AGE_MS = 2000
const SIZES_AGE_MS = 10_000
/** A coordinator that does not answer for this long is away. */
const MEMBERS_PATIENCE_MS = 3000
/** Records of one key that a query shows. */
const MOST_RECORDS = 500

export class ServiceViews implements Views {
  readonly #parts: ServiceParts
  readonly #probes: Probes
  readonly #begun = Date.now()
  readonly #members: Remembered<readonly Member[]>
  readonly #sizes: Remembered<Record<string, number>>

  constructor(parts: ServiceParts, probes: Probes) {
    this.#parts = parts
    this.#probes = probes
    this.#members = new Remembered<readonly Member[]>([], MEMBERS_AGE_MS, () => this.#askMembers())
    const { dir } = parts.pipeline.state
    this.#sizes = new Remembered({}, SIZES_AGE_MS, () => storeSizes(dir))
  }

  status(): object {
    const { pipeline, version, instanceId, counts, epochs, worker, dimensions } = this.#parts
    const ready = this.#probes.ready()
    return {
      at: Date.now(),
      since: this.#begun,
      pipeline: pipeline.name,
      version,
      node: process.version,
      instance: instanceId,
      state: stateOf(dimensions, worker),
      ready: ready.every(({ ok }) => ok),
      checks: ready.map(written),
      rebalances: worker?.rebalances ?? 0,
      counts: {
        facts: counts.consumed[0],
        right: counts.consumed[1],
        output: counts.produced,
        rejects: [...counts.rejects.values()].reduce((sum, count) => sum + count, 0),
        late: counts.late[0] + counts.late[1],
        missing: counts.droppedMissing,
        unmatched: counts.unmatched,
      },
      topology: this.topology(),
      tasks: this.tasks(),
      dimensions: this.dimensions(),
      join: SIDES.map((side, s) => ({
        side,
        hits: counts.probeHits[s],
        misses: counts.probeMisses[s],
      })),
      epochs: {
        committed: epochs.committed,
        aborted: epochs.aborted,
        lastAt: epochs.lastAt || null,
        p50Ms: epochs.quantile(0.5),
        p99Ms: epochs.quantile(0.99),
      },
      memory: this.#memory(),
      disk: this.#sizes.last,
      members: this.#members.last.map((member) => this.#member(member)),
      rejects: this.rejects(),
      config: this.config(),
    }
  }

  topology(): object {
    const { facts, join, dimensions, output, name } = this.#parts.pipeline
    const within = { beforeMs: join.beforeMs, afterMs: join.afterMs, graceMs: join.graceMs }
    return {
      pipeline: name,
      partitions: this.#parts.partitions ?? null,
      facts: { topic: facts.topic },
      dimensions: dimensions.map((d) => ({
        name: d.name,
        topic: d.topic,
        on: d.on,
        missing: d.missing,
      })),
      right: { topic: join.topic },
      join: { kind: join.kind, on: { left: join.onLeft, right: join.onRight }, ...within },
      changelog: { topic: changelogTopic(this.#parts.pipeline) },
      output: { topic: output.topic },
      rejects: { topic: output.rejects },
    }
  }

  tasks(): readonly object[] {
    const tasks = [...(this.#parts.worker?.tasks ?? [])]
    tasks.sort((a, b) => a.task.partition - b.task.partition)
    return tasks.map(({ task, state, restoreRemaining, restoreTotal, restoreBegun }) => ({
      partition: task.partition,
      state,
      streamTime: finite(task.streamTime),
      lag: { facts: task.queues[0].lag, right: task.queues[1].lag },
      offsets: { facts: task.queues[0].taken, right: task.queues[1].taken },
      window: {
        left: task.window.side(0).entries,
        right: task.window.side(1).entries,
        segments: Math.max(task.window.side(0).count, task.window.side(1).count),
        bytes: task.window.pageBytes + task.window.indexBytes,
      },
      restore:
        state === 'restoring' ? progress(restoreRemaining, restoreTotal, restoreBegun) : null,
    }))
  }

  lag(): object {
    const { pipeline, worker } = this.#parts
    const topics = [pipeline.facts.topic, pipeline.join.topic]
    return Object.fromEntries(
      topics.map((topic, side) => {
        const lags = (worker?.tasks ?? []).map(({ task }) => [
          task.partition,
          task.queues[side].lag,
        ])
        const total = lags.reduce((sum, [, lag]) => sum + lag, 0)
        return [topic, { total, partitions: Object.fromEntries(lags) }]
      }),
    )
  }

  dimensions(): readonly object[] {
    const { pipeline, counts, dimensions } = this.#parts
    return pipeline.dimensions.map(({ name, topic }, d) => {
      const loaded = dimensions[d]
      const looked = { hits: counts.lookupHits[d], misses: counts.lookupMisses[d] }
      if (loaded === undefined) return { name, topic, ready: false, ...looked }
      const { table, isReady, remaining, total, begunMs } = loaded
      return {
        name,
        topic,
        ready: isReady,
        rows: table.size,
        bytes: table.bytes,
        lastUpdateAt: loaded.lastUpdateMs || null,
        stalenessMs: isReady ? loaded.stalenessMs : null,
        ...looked,
        bootstrap: isReady ? null : progress(remaining, total, begunMs),
      }
    })
  }

  config(): object {
    return redacted(this.#parts.pipeline)
  }

  async members(): Promise<readonly object[]> {
    const members = await this.#freshMembers()
    return members.map((member) => this.#member(member))
  }

  rejects(): readonly object[] {
    return this.#parts.counts.lastRejects.list()
  }

  row(name: string, key: string): DimensionRow {
    const { pipeline, dimensions, codec } = this.#parts
    const d = pipeline.dimensions.findIndex((dimension) => dimension.name === name)
    if (d < 0) {
      const known = pipeline.dimensions.map((dimension) => dimension.name).join(', ')
      throw new ApiError(404, `There is no dimension ${name}; there are ${known || 'none'}`)
    }
    const dimension = dimensions[d]
    if (dimension === undefined || !dimension.isReady || codec === undefined) {
      const left = dimension === undefined ? '' : `; ${dimension.remaining} offsets are left`
      throw new ApiError(503, `The dimension ${name} is being read${left}`, RETRY_SECONDS)
    }
    const { table } = dimension
    const bytes = Buffer.from(key)
    if (!table.find(table.hash(bytes, 0, bytes.length), bytes, 0, bytes.length)) {
      throw new ApiError(404, `The dimension ${name} has no row ${key}`)
    }
    const row = codec.views.dimensions[d](table.rowBuffer.subarray(table.rowStart, table.rowEnd))
    const { positions, stalenessMs } = dimension
    return { dimension: name, key, row, offsets: positions, stalenessMs }
  }

  async window(
    side: 'left' | 'right',
    key: string,
    partition = this.#partitionOf(side, key),
  ): Promise<WindowRecords | Elsewhere> {
    const { worker, codec, partitions } = this.#parts
    if (worker === undefined || codec === undefined || partitions === undefined) {
      throw new ApiError(503, 'The instance is starting', RETRY_SECONDS)
    }
    if (partition >= partitions) {
      throw new ApiError(404, `There is no partition ${partition}; there are ${partitions}`)
    }
    const held = worker.tasks.find(({ task }) => task.partition === partition)
    if (held === undefined) return this.#ownerOf(partition)
    if (held.state !== 'running') {
      const { restoreRemaining } = held
      const message = `Task ${partition} is being restored; ${restoreRemaining} offsets are left`
      throw new ApiError(503, message, RETRY_SECONDS)
    }
    return this.#records(held, side, key, codec.views.sides[SIDES.indexOf(side)])
  }

  #partitionOf(side: 'left' | 'right', key: string): number {
    const { pipeline, partitions } = this.#parts
    const { keyFormat } = side === 'left' ? pipeline.facts : pipeline.join
    const bytes = keyBytes(keyFormat, key)
    if (bytes === null) {
      const message = `The partition of ${key} cannot be told with keys in the format ${keyFormat}: add ?partition=`
      throw new ApiError(400, message)
    }
    return partitions === undefined ? 0 : partitionOf(bytes, partitions)
  }

  async #ownerOf(partition: number): Promise<Elsewhere> {
    const members = await this.#freshMembers()
    const owner = members.find(({ partitions }) => partitions.includes(partition))
    if (owner === undefined || owner.instance === this.#parts.instanceId) {
      throw new ApiError(503, `Task ${partition} is being moved`, RETRY_SECONDS)
    }
    if (owner.address === null) {
      const message = `Task ${partition} is at ${owner.host}, whose version does not tell its address`
      throw new ApiError(421, message)
    }
    return { partition, owner: owner.address }
  }

  async #records(
    { task }: HeldTask,
    side: 'left' | 'right',
    key: string,
    view: RecordView,
  ): Promise<WindowRecords> {
    const s = SIDES.indexOf(side)
    const { lastAt } = this.#parts.epochs
    const stalenessMs = lastAt === 0 ? null : Date.now() - lastAt
    const streamTime = finite(task.streamTime)
    const { taken, lag } = task.queues[s]
    const stored = await task.window.recordsOf(s, Buffer.from(key), MOST_RECORDS + 1).catch(() => {
      throw new ApiError(503, `Task ${task.partition} is being moved`, RETRY_SECONDS)
    })
    if (stored.length === 0) {
      const where = `on the ${side} side, in partition ${task.partition}`
      const message = `The window has no record of ${key} ${where} (?partition= asks for another)`
      throw new ApiError(404, message)
    }
    const records = stored
      .slice(0, MOST_RECORDS)
      .map(({ time, body }) => ({ time, record: view(body) }))
    const asked = { side, key, partition: task.partition }
    const state = { streamTime, offset: taken, lag, stalenessMs }
    return { ...asked, ...state, records, more: stored.length > MOST_RECORDS }
  }

  async #askMembers(): Promise<readonly Member[]> {
    const { worker } = this.#parts
    return worker === undefined || worker.draining ? [] : worker.members()
  }

  async #freshMembers(): Promise<readonly Member[]> {
    const patience = new Promise<never>((_resolve, reject) => {
      setTimeout(reject, MEMBERS_PATIENCE_MS).unref()
    })
    return Promise.race([this.#members.fresh(), patience]).catch(() => {
      throw new ApiError(503, 'The group’s coordinator does not answer', RETRY_SECONDS)
    })
  }

  #member({ instance, address, host, version, partitions }: Member): object {
    const self = instance === this.#parts.instanceId
    return { instance, address, host, version, partitions, self }
  }

  #memory(): object {
    const { limits, dimensions, worker } = this.#parts
    const { rss, heapUsed } = process.memoryUsage()
    return { rss, heapUsed, limits, parts: memoryParts(dimensions, worker) }
  }
}

const finite = (time: number): number | null => (Number.isFinite(time) ? time : null)

/** The bytes of a record's key from its text; null where several have this text. */
function keyBytes(format: KeyFormat, key: string): Buffer | null {
  if (format === 'text' || format === 'bytes') return Buffer.from(key)
  if (format === 'json' || format === 'avro' || !/^-?\d{1,19}$/.test(key)) return null
  const long = Buffer.alloc(8)
  long.writeBigInt64BE(BigInt.asIntN(64, BigInt(key)))
  return format === 'long' ? long : long.subarray(4)
}
