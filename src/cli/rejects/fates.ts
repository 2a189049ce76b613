/** What becomes of a reject that is to be retried: it goes back to its topic, or stays for a reason. */
import type { RecordBytes } from '../../batch.ts'
import type { Broker, TopicDescription } from '../../broker/port.ts'
import type { LatePolicy, Pipeline, SourceConfig } from '../../config/pipeline.ts'
import { inputsOf, sourcesOf } from '../../config/topic-names.ts'
import { batchOf, type OutputTopic } from '../../output/batch-list.ts'
import { recordBytes } from '../../output/write-reject.ts'
import { isCompacted, limitsOf, type TopicLimits } from '../../plan/topics.ts'
import type { Ledger } from './ledger.ts'
import { NewerRows } from './newer-rows.ts'
import { readOriginal } from './original.ts'
import { PassedWindows } from './passed-windows.ts'
import { coordinatesText, RETRY_HEADER, type Rejected } from './reject.ts'

/** Why a reject stays; each has a sentence in `whyText`. */
export type Stays =
  | 'retried'
  | 'foreign'
  | 'joined'
  | 'late'
  | 'gone'
  | 'newer row'
  | 'no key'
  | 'too large'
  | 'too old'

export type Fate = { readonly back: RecordBytes } | { readonly stays: Stays }

/** An input, and what it takes. */
interface Target {
  /** null: a dimension. */
  readonly source: SourceConfig | null
  readonly description: TopicDescription
  readonly limits: TopicLimits
  readonly mayWrite: boolean
}

export class Fates {
  readonly #broker: Broker
  readonly #isForced: boolean
  readonly #targets: ReadonlyMap<string, Target>
  readonly #windows: PassedWindows
  readonly #newer: NewerRows

  private constructor(
    broker: Broker,
    pipeline: Pipeline,
    targets: ReadonlyMap<string, Target>,
    isForced: boolean,
  ) {
    this.#broker = broker
    this.#isForced = isForced
    this.#targets = targets
    this.#windows = new PassedWindows(broker, pipeline)
    this.#newer = new NewerRows(broker)
  }

  /** @param isForced what would come late goes back, too */
  static async create(broker: Broker, pipeline: Pipeline, isForced: boolean): Promise<Fates> {
    const topics = [...new Set(inputsOf(pipeline).map(({ config }) => config.topic))]
    const found = await broker.admin.describeTopics(topics)
    const access = await broker.administration.topicAccess(topics)
    const sources = sourcesOf(pipeline).map(({ config }) => config)
    const targets = [...found].map(([topic, description]): [string, Target] => [
      topic,
      {
        source: sources.find((source) => source.topic === topic) ?? null,
        description,
        limits: limitsOf(description),
        mayWrite: access.get(topic)?.allowed.has('write') ?? false,
      },
    ])
    return new Fates(broker, pipeline, new Map(targets), isForced)
  }

  /** As what is written into it. */
  outputOf(topic: string): OutputTopic {
    const { description, limits } = this.#targets.get(topic)!
    const { partitions } = description
    return { topic, compression: 'none', partitions, maxBatchBytes: limits.batchBytes }
  }

  /** The inputs whose records have the time at which they are written, whatever they bring. */
  get restamping(): string[] {
    const found = [...this.#targets].filter(([, { description }]) => isAppendTime(description))
    return found.map(([topic]) => topic)
  }

  /** Throws where this user may not put it back. @param ledger is told of what goes back */
  async of(rejected: Rejected, ledger: Ledger): Promise<Fate> {
    const stays = await this.#whyNot(rejected, ledger)
    if (stays !== undefined) return { stays }
    const target = this.#targets.get(rejected.topic)!
    const original =
      rejected.omitted === null ? rejected.record : await readOriginal(this.#broker, rejected)
    if (original === undefined) return { stays: 'gone' }
    const mark = [RETRY_HEADER, Buffer.from(coordinatesText(rejected))] as const
    const back = { ...original, headers: [...original.headers, mark] }
    const unfit = await this.#unfit(rejected, back, target)
    if (unfit !== undefined) return { stays: unfit }
    if (!target.mayWrite) throw new Error(noWriteText(rejected.topic))
    ledger.note(rejected)
    if (target.source === null) this.#newer.putBack(rejected, back.key!)
    return { back }
  }

  /** What is known of a reject without its record. */
  async #whyNot(rejected: Rejected, ledger: Ledger): Promise<Stays | undefined> {
    const target = this.#targets.get(rejected.topic)
    if (target === undefined || rejected.partition >= target.description.partitions) {
      return 'foreign'
    }
    if (rejected.offset < 0) return 'joined'
    if (ledger.has(rejected)) return 'retried'
    if (this.#isForced || target.source === null) return undefined
    const isRestamped = isAppendTime(target.description) && target.source.time === null
    if (isRestamped) return undefined
    return (await this.#windows.isPassed(target.source, rejected)) ? 'late' : undefined
  }

  /** Why the topic does not take it, or is not to. */
  async #unfit(rejected: Rejected, back: RecordBytes, target: Target): Promise<Stays | undefined> {
    const { description, limits, source } = target
    if (back.key === null && (isCompacted(description) || source === null)) return 'no key'
    if (batchOf(recordBytes(back)) > limits.batchBytes) return 'too large'
    if (Date.now() - rejected.timestamp > keptMs(target)) return 'too old'
    const isRow = source === null && back.key !== null
    return isRow && (await this.#newer.has(rejected, back.key!)) ? 'newer row' : undefined
  }
}

/** How old a record may be: an older one the topic refuses, or deletes, maybe before it is read. */
function keptMs({ description, limits }: Target): number {
  const { config } = description
  const retention = Number(config.get('retention.ms') ?? -1)
  const isDeleting = config.get('cleanup.policy')?.includes('delete') ?? true
  const isEndless = retention < 0 || !isDeleting || isAppendTime(description)
  return isEndless ? limits.behindMs : Math.min(retention, limits.behindMs)
}

const isAppendTime = ({ config }: TopicDescription): boolean =>
  config.get('message.timestamp.type') === 'LogAppendTime'

const noWriteText = (topic: string): string =>
  `This user may not write to ${topic}; give it write on that topic, to which its rejects go back`

/** What a join does with what comes late. */
const LATE: Readonly<Record<LatePolicy, string>> = {
  drop: 'they would be dropped as late',
  reject: 'they would be rejected as late',
  emit: 'they would come out without a match',
}

/** Why rejects of a topic stay, behind their number. */
export function whyText(stays: Stays, topic: string, { joins, facts, name }: Pipeline): string {
  const [side, join] =
    topic === facts.topic
      ? (['left', joins[0]] as const)
      : (['right', joins.find((one) => one.topic === topic) ?? joins[0]] as const)
  switch (stays) {
    case 'retried':
      return 'retried before'
    case 'foreign':
      return `of a topic, or a partition, that ${name} does not read`
    case 'joined':
      return 'joined records, which no input has: raise the limit that the error names, then `replay`'
    case 'late':
      return `their windows have passed: ${LATE[join.late[side]]}; --force puts them back nevertheless`
    case 'gone':
      return 'without their values, and their topic does not have them any more'
    case 'newer row':
      return 'older than another record of their key: they would hide it'
    case 'no key':
      return 'without a key, which their topic asks for'
    case 'too large':
      return 'larger than their topic takes now (max.message.bytes)'
    case 'too old':
      return 'of longer ago than their topic takes or keeps now (message.timestamp.before.max.ms, retention.ms)'
  }
}
