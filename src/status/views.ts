/** What the API and the status page show of the running parts. */
import { redacted } from '../config/redact.ts'
import type { Distribution } from '../counts.ts'
import type { Member } from '../membership.ts'
import type { Views } from '../ops/api.ts'
import { storeSizes } from '../ops/disk.ts'
import { type Probes, written } from '../ops/health.ts'
import { Remembered } from '../ops/remembered.ts'
import { lagsOf, memoryParts, progress, stateOf } from '../report.ts'
import { changelogTopic } from '../topics.ts'
import type { Verdict } from '../watch/verdict.ts'
import type { GroupMembers } from './group-members.ts'
import { type ServiceParts, SIDES } from './parts.ts'

const SIZES_AGE_MS = 10_000
/** Missing keys that are told of each dimension. */
const MOST_KEYS = 10

export class ServiceViews implements Views {
  readonly #parts: ServiceParts
  readonly #probes: Probes
  readonly #begun = Date.now()
  readonly #members: GroupMembers
  readonly #watch: { readonly verdict: Verdict }
  readonly #sizes: Remembered<Record<string, number>>

  constructor(
    parts: ServiceParts,
    probes: Probes,
    members: GroupMembers,
    watch: { readonly verdict: Verdict },
  ) {
    this.#parts = parts
    this.#probes = probes
    this.#members = members
    this.#watch = watch
    const { dir } = parts.pipeline.state
    this.#sizes = new Remembered({}, SIZES_AGE_MS, () => storeSizes(dir))
  }

  async status(): Promise<object> {
    const { pipeline, version, instanceId, counts, worker, dimensions } = this.#parts
    const { epochs, transactions } = counts
    const [members, disk] = await Promise.all([this.#members.recent(), this.#sizes.recent()])
    const ready = this.#probes.ready()
    return {
      at: Date.now(),
      since: this.#begun,
      pipeline: pipeline.name,
      version,
      node: process.version,
      instance: instanceId,
      state: stateOf(dimensions, worker),
      verdict: this.#watch.verdict,
      ready: ready.every(({ ok }) => ok),
      checks: ready.map(written),
      rebalances: counts.rebalances.total,
      counts: {
        facts: counts.consumed[0],
        right: counts.consumed[1],
        output: counts.produced.get(pipeline.output.topic) ?? 0,
        rejects: counts.rejects.total,
        late: counts.late[0] + counts.late[1],
        missing: counts.droppedMissing,
        otherType: counts.otherTypes.total,
        unmatched: counts.unmatched,
      },
      topology: this.topology(),
      tasks: this.tasks(),
      dimensions: this.dimensions(),
      join: SIDES.map((side, s) => ({
        side,
        hits: counts.probeHits[s],
        misses: counts.probeMisses[s],
        delays: delaysOf(counts.window.matchDelays[s]),
      })),
      epochs: {
        committed: epochs.committed,
        aborted: (transactions.get('aborted') ?? 0) + (transactions.get('fenced') ?? 0),
        lastAt: epochs.lastAt || null,
        p50Ms: epochs.quantile(0.5),
        p99Ms: epochs.quantile(0.99),
      },
      kafka: { lastAnswerAt: counts.lastAnswerMs || null },
      memory: this.#memory(),
      disk,
      members: members.map((member) => this.#member(member)),
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
        left: task.window.segments.entries(0),
        right: task.window.segments.entries(1),
        segments: Math.max(task.window.segments.count(0), task.window.segments.count(1)),
        bytes: task.window.pageBytes + task.window.indexBytes,
      },
      restore:
        state === 'restoring' ? progress(restoreRemaining, restoreTotal, restoreBegun) : null,
    }))
  }

  lag(): object {
    const { pipeline, worker } = this.#parts
    const topics = [pipeline.facts.topic, pipeline.join.topic]
    const all = worker === undefined ? [] : lagsOf(worker)
    return Object.fromEntries(
      topics.map((topic, of) => {
        const lags = all.filter(({ side }) => side === of)
        const total = lags.reduce((sum, { records }) => sum + records, 0)
        const partitions = lags.map(({ partition, records }) => [partition, records])
        return [topic, { total, partitions: Object.fromEntries(partitions) }]
      }),
    )
  }

  dimensions(): readonly object[] {
    const { pipeline, counts, dimensions } = this.#parts
    return pipeline.dimensions.map(({ name, topic }, d) => {
      const loaded = dimensions[d]
      const looked = { hits: counts.lookupHits[d], misses: counts.lookupMisses[d] }
      if (loaded === undefined) return { name, topic, ready: false, ...looked }
      const { table, isReady } = loaded
      const { remaining, total, begunMs, stalenessMs, openTransaction } = loaded.progress
      return {
        name,
        topic,
        ready: isReady,
        rows: table.size,
        bytes: table.bytes,
        lastUpdateAt: loaded.lastUpdateMs || null,
        stalenessMs: isReady ? stalenessMs : null,
        partitions: loaded.partitions,
        openTransaction: openTransaction ?? null,
        topMissing: counts.topMissing(name).slice(0, MOST_KEYS),
        ...looked,
        bootstrap: isReady ? null : progress(remaining, total, begunMs),
      }
    })
  }

  config(): object {
    return redacted(this.#parts.pipeline)
  }

  async members(): Promise<readonly object[]> {
    const members = await this.#members.fresh()
    return members.map((member) => this.#member(member))
  }

  rejects(): readonly object[] {
    return this.#parts.counts.lastRejects.list()
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

/** Matches by the distance of their event times: those up to `uptoMs`, and over the bucket before. */
function delaysOf({ buckets }: Distribution): { uptoMs: number; count: number }[] {
  return [...buckets]
    .map((count, b) => ({ uptoMs: 2 ** b, count }))
    .filter(({ count }) => count > 0)
}

const finite = (time: number): number | null => (Number.isFinite(time) ? time : null)
