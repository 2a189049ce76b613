/**
 * What the topics that are written take: read at the start, and anew once a broker refuses what it was
 * sent, for somebody may have changed it. The next epoch is written by what was read last.
 */
import type { Admin } from '../broker/port.ts'
import type { Compression } from '../config/pipeline.ts'
import { EnricherError } from '../errors.ts'
import type { Log } from '../events.ts'
import { type Plan, statefulStages } from '../plan/plan.ts'
import { readLimits, type TopicLimits, type Topics } from '../plan/topics.ts'

/** A changelog record holds one page at least; this is what a page's record and batch add to an entry. */
const CHANGELOG_OVERHEAD = 512
/** So often a topic may refuse what is within its limits, without a commit in between. */
const MOST_TRIES = 7
/** Below it nothing of use fits. */
const LEAST_BYTES = 16 * 1024
/** Our clock and the broker's may differ, and an epoch takes its time: what is refused is judged earlier by this. */
const FIRST_SLACK_MS = 1000
const MOST_SLACK_MS = 60_000

interface Written {
  readonly topic: string
  readonly compression: Compression
  readonly partitions: number
  maxBatchBytes: number
}

type Limits = ReadonlyMap<string, TopicLimits>

export class WriteLimits {
  /** In the plan's order. */
  readonly outputs: readonly Written[]
  readonly rejects: Written
  /** Where the stages before the last write, in their order. */
  readonly repartition: readonly Written[]
  /** Of the stages that keep state, in their order. */
  readonly changelogs: readonly { readonly topic: string; maxRecordBytes: number }[]
  readonly #admin: Pick<Admin, 'describeTopics'>
  readonly #log: Log
  #limits: Limits
  #slackMs = 0
  #wasRefused = false
  /** By topic: how often it has refused what is within its limits since the last commit. */
  readonly #tries = new Map<string, number>()
  readonly #commits: () => number
  #commitsBefore = 0

  /** @param commits how many epochs were committed */
  constructor(
    { written, stages }: Pick<Plan, 'written' | 'stages'>,
    { limits, partitions }: Pick<Topics, 'limits' | 'partitions'>,
    admin: Pick<Admin, 'describeTopics'>,
    commits: () => number,
    log: Log,
  ) {
    const { outputs, rejects, compression } = written
    const place = (topic: string, of: Compression): Written => ({
      topic,
      compression: of,
      partitions: partitions.get(topic)!,
      maxBatchBytes: 0,
    })
    this.#admin = admin
    this.#commits = commits
    this.#log = log
    this.#limits = limits
    this.outputs = outputs.map((output) => place(output.topic, output.compression))
    this.rejects = place(rejects, compression)
    this.repartition = stages.flatMap(({ to }) =>
      to === null ? [] : [place(to.topic, compression)],
    )
    this.changelogs = statefulStages({ stages }).map(({ state }) => {
      return { topic: state.changelog, maxRecordBytes: 0 }
    })
    this.#apply()
  }

  /** What a task has to know. */
  get ofTasks(): { aheadMs: number; behindMs: number; maxEntryBytes: number } {
    const behindMs = Math.min(...this.outputs.map(({ topic }) => this.#of(topic).behindMs))
    const largest = Math.max(...this.outputs.map(({ maxBatchBytes }) => maxBatchBytes))
    const written = [...this.outputs, ...this.repartition]
    const aheadMs = Math.min(...written.map(({ topic }) => this.#of(topic).aheadMs))
    return {
      aheadMs: Math.max(0, aheadMs - this.#slackMs),
      behindMs: behindMs - this.#slackMs,
      maxEntryBytes: Math.min(
        ...this.changelogs.map(({ maxRecordBytes }) => maxRecordBytes),
        largest - CHANGELOG_OVERHEAD,
      ),
    }
  }

  /**
   * Reads the limits anew after RECORD_REFUSED. Throws BROKER_REFUSED where the next epoch would be
   * refused like this one.
   */
  async refused(error: EnricherError): Promise<void> {
    const topic = String(error.fields.topic)
    const before = this.#of(topic)
    this.#limits = await this.#read()
    const after = this.#of(topic)
    if (this.#commits() > this.#commitsBefore) this.#tries.clear()
    this.#commitsBefore = this.#commits()
    if (error.fields.broker === 'INVALID_TIMESTAMP') this.#time(topic, before, after, error)
    else this.#size(topic, before, after, error)
    this.#wasRefused = true
    this.#apply()
    const { batchBytes, aheadMs, behindMs } = this.#of(topic)
    this.#log.event('limits_read', { err: error, topic, batchBytes, aheadMs, behindMs })
  }

  /**
   * Reads the limits anew where a refusal has lowered what is written: somebody may have raised one since, and
   * what is within it is not refused. Resolves with whether one was raised. Throws TOPIC_MISSING.
   */
  async look(): Promise<boolean> {
    if (!this.#wasRefused) return false
    const before = this.#limits
    this.#limits = await this.#read()
    this.#apply()
    const raised = [...this.#limits].filter(([topic, now]) => isMore(now, before.get(topic)!))
    for (const [topic, { batchBytes, aheadMs, behindMs }] of raised) {
      this.#log.event('limits_raised', { topic, batchBytes, aheadMs, behindMs })
    }
    return raised.length > 0
  }

  /** What was found by trying stays where the limit may not be seen. Where no broker answers the next refusal reads again. */
  async #read(): Promise<Limits> {
    const read = await readLimits([...this.#limits.keys()], this.#admin).catch((error) => {
      if (error instanceof EnricherError) throw error
      return this.#limits
    })
    return new Map(
      [...read].map(([topic, limits]) => {
        if (!limits.isHidden) return [topic, limits]
        const batchBytes = Math.min(limits.batchBytes, this.#of(topic).batchBytes)
        return [topic, { ...limits, batchBytes }]
      }),
    )
  }

  /** Once more; false: it was too often. */
  #mayTry(topic: string): boolean {
    const tries = (this.#tries.get(topic) ?? 0) + 1
    this.#tries.set(topic, tries)
    return tries < MOST_TRIES
  }

  #of(topic: string): TopicLimits {
    return this.#limits.get(topic)!
  }

  #time(topic: string, before: TopicLimits, after: TopicLimits, cause: EnricherError): void {
    if (after.behindMs < before.behindMs || after.aheadMs < before.aheadMs) return
    this.#slackMs = Math.min(MOST_SLACK_MS, Math.max(FIRST_SLACK_MS, 2 * this.#slackMs))
    const isLimited = Number.isFinite(after.behindMs) || Number.isFinite(after.aheadMs)
    const isOutput = this.outputs.some((output) => output.topic === topic)
    if (isOutput && isLimited && this.#mayTry(topic)) return
    const why = after.isHidden
      ? `whose limits this user may not see; give it DescribeConfigs on ${topic}, or raise message.timestamp.before.max.ms there`
      : `although they are within its limits by our clock; set the clocks of this machine and of the brokers, or raise message.timestamp.before.max.ms and after.max.ms on ${topic}`
    throw refused(`The broker refuses timestamps of records for ${topic}, ${why}`, cause)
  }

  #size(topic: string, before: TopicLimits, after: TopicLimits, cause: EnricherError): void {
    if (after.batchBytes < before.batchBytes) return
    const half = Math.floor(before.batchBytes / 2)
    if (after.isHidden && half >= LEAST_BYTES) {
      this.#limits = new Map([...this.#limits, [topic, { ...after, batchBytes: half }]])
      return
    }
    // A broker that leads may have heard of the change before the one that is asked.
    if (!after.isHidden && this.#mayTry(topic)) return
    const message = `The broker refuses batches of ${after.batchBytes} bytes for ${topic} as too large, although they are within its limits; raise max.message.bytes and segment.bytes on ${topic}`
    throw refused(message, cause)
  }

  #apply(): void {
    const { outputs, rejects, changelogs } = this
    for (const output of outputs) output.maxBatchBytes = this.#of(output.topic).batchBytes
    rejects.maxBatchBytes = this.#of(rejects.topic).batchBytes
    for (const to of this.repartition) to.maxBatchBytes = this.#of(to.topic).batchBytes
    for (const changelog of changelogs) {
      changelog.maxRecordBytes = this.#of(changelog.topic).batchBytes - CHANGELOG_OVERHEAD
    }
  }
}

const isMore = (now: TopicLimits, before: TopicLimits): boolean =>
  now.batchBytes > before.batchBytes ||
  now.aheadMs > before.aheadMs ||
  now.behindMs > before.behindMs

const refused = (message: string, cause: EnricherError): EnricherError =>
  new EnricherError('BROKER_REFUSED', message, { cause, fields: cause.fields })
