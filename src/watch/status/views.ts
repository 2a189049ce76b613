/** What the API and the status page show of the running parts. */

import { redacted } from '../../config/redact.ts'
import { changelogTopic, repartitioned } from '../../config/topic-names.ts'
import { keepsState } from '../../config/waits.ts'
import type { Member } from '../../instance/membership.ts'
import type { Views } from '../http/api.ts'
import { type Probes, written } from '../http/health.ts'
import type { LastWarnings } from '../log/last-warnings.ts'
import { storeSizes } from '../metrics/disk.ts'
import type { Verdict } from '../verdict/verdict.ts'
import type { GroupMembers } from './group-members.ts'
import { GroupView, type Summary } from './group-view.ts'
import type { History, HistoryColumns } from './history.ts'
import { joinCounts, joinTopology, sideNames } from './join-views.ts'
import { keptRecords } from './kept-records.ts'
import type { ServiceParts } from './parts.ts'
import { rejectKinds } from './reject-kinds.ts'
import { Remembered } from './remembered.ts'
import { lagsOf, memoryParts, progress, stateOf } from './report.ts'
import { stagesView, tasksView } from './task-views.ts'
import { versionsView } from './versions-view.ts'

/** Sizes on disk that were found count for so long. */
const SIZES_AGE_MS = 10_000
/** So long do the figures of internal topics. */
const KEPT_AGE_MS = 5000
/** Missing keys that are told of each dimension. */
const MOST_KEYS = 10

export interface ViewsOptions {
  readonly parts: ServiceParts
  readonly probes: Probes
  readonly members: GroupMembers
  readonly watch: { readonly verdict: Verdict }
  readonly history: History
  readonly warnings: LastWarnings
}

export class ServiceViews implements Views {
  readonly #options: ViewsOptions
  readonly #parts: ServiceParts
  readonly #begun = Date.now()
  readonly #group: GroupView
  readonly #sizes: Remembered<Record<string, number>>
  readonly #kept: Remembered<Record<string, number>>

  constructor(options: ViewsOptions) {
    const { parts, members } = options
    this.#options = options
    this.#parts = parts
    this.#group = new GroupView({
      parts,
      members: () => members.recent(),
      own: () => this.summary(),
    })
    const { dir } = parts.pipeline.state
    const hasState = keepsState(parts.pipeline)
    this.#sizes = new Remembered({}, SIZES_AGE_MS, () => storeSizes(dir, hasState))
    this.#kept = new Remembered({}, KEPT_AGE_MS, () => keptRecords(parts))
  }

  async status(records: boolean): Promise<object> {
    const { pipeline, version, instanceId, counts, worker, dimensions } = this.#parts
    const { probes, watch, history, warnings, members } = this.#options
    const { epochs, transactions } = counts
    const [known, disk, kept] = await Promise.all([
      members.recent(),
      this.#sizes.recent(),
      this.#kept.recent(),
    ])
    const ready = probes.ready()
    return {
      at: Date.now(),
      since: this.#begun,
      pipeline: pipeline.name,
      version,
      node: process.version,
      instance: instanceId,
      state: stateOf(dimensions, worker),
      verdict: watch.verdict,
      warnings: warnings.list(records),
      pace: history.pace,
      ready: ready.every(({ ok }) => ok),
      checks: ready.map(written),
      rebalances: counts.rebalances.total,
      counts: {
        facts: counts.consumed[0],
        right: counts.consumedRight(pipeline.joins.length),
        output: counts.produced.get(pipeline.output.topic) ?? 0,
        rejects: counts.rejects.total,
        late: counts.lateRecords,
        missing: counts.droppedMissing,
        otherType: counts.otherTypes.total,
        filtered: counts.filtered.total,
        passedOver: counts.passedOver.total,
        deletions: counts.deletions.total,
        unmatched: counts.unmatched,
      },
      topology: this.topology(),
      tasks: this.tasks(),
      lags: this.#lags(),
      kept,
      repartition: this.#repartition(),
      dimensions: this.dimensions(records),
      join: joinCounts(pipeline, counts),
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
      members: known.map((member) => this.#member(member)),
      rejectKinds: rejectKinds(pipeline, counts, records),
      config: this.config(),
    }
  }

  summary(): Summary {
    const { version, instanceId, worker, dimensions } = this.#parts
    const { watch, history } = this.#options
    const { verdict, text, since } = watch.verdict
    return {
      instance: instanceId,
      version,
      state: stateOf(dimensions, worker),
      at: Date.now(),
      since: this.#begun,
      verdict: { verdict, text, since },
      tasks: worker?.tasks.length ?? 0,
      pace: history.pace,
    }
  }

  group(): Promise<object> {
    return this.#group.view()
  }

  history(): HistoryColumns {
    return this.#options.history.columns()
  }

  topology(): object {
    const { facts, dimensions, output, outputs, name } = this.#parts.pipeline
    const changelog = changelogTopic(this.#parts.pipeline)
    return {
      pipeline: name,
      partitions: this.#parts.partitions ?? null,
      facts: { topic: facts.topic },
      dimensions: dimensions.map((d) => ({
        name: d.name,
        topic: d.topic,
        on: d.on,
        missing: d.missing,
        waitMs: d.waitMs,
      })),
      ...joinTopology(this.#parts.pipeline),
      stages: stagesView(this.#parts.plan),
      repartition: repartitioned(this.#parts.pipeline).map(({ side, topic }) => {
        return { side: sideNames(this.#parts.pipeline)[side], topic }
      }),
      changelog: changelog === null ? null : { topic: changelog },
      output: { topic: output.topic },
      outputs: outputs.map(({ topic }) => ({ topic })),
      rejects: { topic: output.rejects },
    }
  }

  tasks(): readonly object[] {
    return tasksView(this.#parts)
  }

  /** How far each internal topic is: what waits before it, and in it, of the tasks that are here. */
  #repartition(): readonly object[] {
    const { pipeline, plan, worker } = this.#parts
    const all = worker === undefined ? [] : lagsOf(worker, plan)
    const of = (topic: string): number =>
      all.reduce((sum, { source, records }) => sum + (source.topic === topic ? records : 0), 0)
    return repartitioned(pipeline).map(({ side, topic }) => {
      const { topic: from } = plan.sources[side]
      return {
        side: sideNames(pipeline)[side],
        from,
        topic,
        lag: { from: of(from), topic: of(topic) },
      }
    })
  }

  /** By topic, internal ones too: what waits in it, of the tasks that are here. */
  #lags(): Record<string, number> {
    const { plan, worker } = this.#parts
    const lags = Object.fromEntries(plan.sources.map(({ topic }) => [topic, 0]))
    for (const { source, records } of worker === undefined ? [] : lagsOf(worker, plan))
      lags[source.topic] += records
    return lags
  }

  lag(): object {
    const { plan, worker } = this.#parts
    const all = worker === undefined ? [] : lagsOf(worker, plan)
    return Object.fromEntries(
      plan.sources.map(({ topic, index }) => {
        const lags = all.filter(({ source }) => source.index === index)
        const total = lags.reduce((sum, { records }) => sum + records, 0)
        const partitions = lags.map(({ partition, records }) => [partition, records])
        return [topic, { total, partitions: Object.fromEntries(partitions) }]
      }),
    )
  }

  dimensions(records: boolean): readonly object[] {
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
        asOf: versionsView(loaded, d, counts),
        bytes: table.bytes,
        lastUpdateAt: loaded.lastUpdateMs || null,
        stalenessMs: isReady ? stalenessMs : null,
        partitions: loaded.partitions,
        openTransaction: openTransaction ?? null,
        ...(records ? { topMissing: counts.topMissing(name).slice(0, MOST_KEYS) } : {}),
        ...looked,
        bootstrap: isReady ? null : progress(remaining, total, begunMs),
      }
    })
  }

  config(): object {
    return redacted(this.#parts.pipeline)
  }

  async members(): Promise<readonly object[]> {
    const members = await this.#options.members.fresh()
    return members.map((member) => this.#member(member))
  }

  rejects(): readonly object[] {
    return this.#parts.counts.lastRejects.list()
  }

  close(): void {
    this.#group.close()
  }

  #member({ instance, address, host, version, partitions }: Member): object {
    const self = instance === this.#parts.instanceId
    return { instance, address, host, version, partitions, self }
  }

  #memory(): object {
    const { limits } = this.#parts
    const { rss, heapUsed } = process.memoryUsage()
    return { rss, heapUsed, limits, parts: memoryParts(this.#parts) }
  }
}

/** @param slowest see `waitOf` */
