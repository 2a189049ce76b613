/** What runs, compiled once from the pipeline file: nothing that runs reads the file. */
import type { Early, JoinConfig, Pipeline, SourceConfig } from '../config/pipeline.ts'

/** A topic that tasks read, each of them one partition of all sources. */
export interface Source {
  readonly topic: string
  /** The field with the event time; null: the record's timestamp. */
  readonly time: string | null
  /** Whether the record's key has to be the text of a field, as it has where records are joined. */
  readonly isKeyed: boolean
  /** Where a group begins that has never committed. */
  readonly startAt: SourceStart
  /** How far ahead of the clock an event time may be, and the key of the file that says so. */
  readonly aheadMs: number
  readonly aheadKey: string
  readonly early: Early
}

/** The topic's beginning or end, or the first record whose timestamp, in ms, is not before a time, or before so many ms ago. */
export type SourceStart =
  | 'earliest'
  | 'latest'
  | { readonly at: number }
  | { readonly agoMs: number }

/** A row that a fact is completed with. */
export interface LookUp {
  /** The dimension's name. */
  readonly name: string
  /** The fact's field, for messages. */
  readonly on: string
  /** Which key field of the fact's reader it is: see `ValueReader`. */
  readonly key: number
  readonly missing: 'null' | 'drop' | 'reject'
}

/** Of whoever decides where the group begins; the instances' own are the name, a dash and theirs. */
export const startTransactionalId = (name: string): string => `${name}-start-at`

/** Whether a group that has never committed begins elsewhere than at the beginning of its topics. */
export const startsElsewhere = ({ sources }: Pick<Plan, 'sources'>): boolean =>
  sources.some(({ startAt }) => startAt !== 'earliest')

export interface Join
  extends Pick<JoinConfig, 'kind' | 'beforeMs' | 'afterMs' | 'graceMs' | 'idleMs'> {
  /** What becomes of a late record, by side. */
  readonly late: readonly ['emit' | 'drop' | 'reject', 'drop' | 'reject']
}

export interface Plan {
  /** Consumer group; prefix of transactional ids and internal topics. */
  readonly name: string
  readonly commitMs: number
  /** Facts first; then the right stream, where there is a join. */
  readonly sources: readonly Source[]
  /** The sources' topics. */
  readonly topics: readonly string[]
  readonly lookUps: readonly LookUp[]
  /** null: a fact comes out as soon as it has its rows. */
  readonly join: Join | null
}

export function planOf({ name, commit, facts, dimensions, join }: Pipeline): Plan {
  const sources = [facts, ...(join === null ? [] : [join])].map(
    (config): Source => ({
      topic: config.topic,
      time: config.time,
      isKeyed: join !== null,
      startAt: startOf(config, facts, join),
      aheadMs: config.aheadMs,
      aheadKey: config.aheadMs === join?.aheadMs ? 'join.ahead' : 'facts.ahead',
      early: config.early,
    }),
  )
  // The join field is the first key field of the fact's reader.
  const firstKey = join === null ? 0 : 1
  return {
    name,
    commitMs: commit.intervalMs,
    sources,
    topics: sources.map(({ topic }) => topic),
    lookUps: dimensions.map(({ name, on, missing }, d) => ({
      name,
      on,
      missing,
      key: firstKey + d,
    })),
    join: join && { ...join, late: [join.late.left, join.late.right] },
  }
}

/** Where nothing is said of the right topic it begins as far before the facts as a match may be. */
function startOf(
  { startAt, time }: SourceConfig,
  facts: SourceConfig,
  join: JoinConfig | null,
): SourceStart {
  if (startAt === 'earliest' || startAt === 'latest') return startAt
  if (startAt !== null) return { at: startAt }
  if (facts.startAt === 'earliest' || facts.startAt === null || join === null) return 'earliest'
  // A record may have been written before the time that a field of it says.
  const agoMs = join.beforeMs + (time === null ? 0 : join.aheadMs)
  return facts.startAt === 'latest' ? { agoMs } : { at: Math.max(0, facts.startAt - agoMs) }
}
