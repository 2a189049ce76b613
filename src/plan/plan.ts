/** What runs, compiled once from the pipeline file: nothing that runs reads the file. */
import { levelsOf, partText } from '../config/look-ups.ts'
import type {
  Compression,
  DimensionConfig,
  Early,
  JoinConfig,
  LatePolicy,
  LookUpPart,
  Pipeline,
  SourceConfig,
} from '../config/pipeline.ts'
import { changelogTopic, repartitioned, sourcesOf } from '../config/topic-names.ts'
import { hasExpressions } from '../expression/program.ts'
import { type TablePlan, tableOfEach, tablesOf } from './tables.ts'

/** A topic that tasks read. */
export interface Source {
  /** Its number among all sources of the plan: what is counted or compiled of sources is a list in their order. */
  readonly index: number
  readonly topic: string
  /** The field with the event time; null: the record's timestamp. */
  readonly time: string | null
  /** Whether the record's key has to be the text of a field, as it has where records are joined. */
  readonly isKeyed: boolean
  /** Whether expressions say which records are taken, or make fields of theirs. */
  readonly isComputed: boolean
  /** Where a group begins that has never committed. */
  readonly startAt: SourceStart
  /** How far ahead of the clock an event time may be, and the key of the file that says so. */
  readonly aheadMs: number
  readonly aheadKey: string
  readonly early: Early
  /** The input that an earlier stage has taken the records from, which is told of one that is rejected; null: this is one. */
  readonly origin: string | null
}

/** A text that is looked up, or a part of it. */
export interface KeyPart {
  /** As the file has it, for messages. */
  readonly source: string
  /** The look-up whose row has it; -1: the fact has it. */
  readonly lookUp: number
  /** Which key field of the fact's reader it is (see `ValueReader`), or which part of the row. */
  readonly key: number
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
  /** What is looked up, for messages. */
  readonly on: string
  /** Several: their texts are the parts of a key's, in this order. */
  readonly parts: readonly KeyPart[]
  /** 0: the fact has all that it needs; else it comes after look-ups of the levels below. */
  readonly level: number
  /** Which of the plan's tables has the rows. */
  readonly table: number
  /** What becomes of a fact without the row, once it does not wait for one any more. */
  readonly missing: 'null' | 'drop' | 'reject'
  /** How long a fact waits for the row, in ms; 0: it does not. */
  readonly waitMs: number
}

/** Of whoever decides where the group begins; the instances' own are the name, a dash and theirs. */
export const startTransactionalId = (name: string): string => `${name}-start-at`

/** Whether a group that has never committed begins elsewhere than at the beginning of its topics. */
export const startsElsewhere = ({ sources }: Pick<Plan, 'sources'>): boolean =>
  sources.some(({ startAt }) => startAt !== 'earliest')

export interface Join
  extends Pick<
    JoinConfig,
    'kind' | 'headers' | 'beforeMs' | 'afterMs' | 'graceMs' | 'waitMs' | 'idleMs'
  > {
  /** What becomes of a late record, by side. */
  readonly late: readonly [LatePolicy, LatePolicy]
}

/** Topics that epochs are written to. */
export interface Written {
  /** One at least. */
  readonly outputs: readonly WrittenOutput[]
  readonly rejects: string
  /** null: tasks keep no state. */
  readonly changelog: string | null
  /** Of rejects. */
  readonly compression: Compression
}

export interface WrittenOutput {
  readonly topic: string
  readonly compression: Compression
}

/** What tasks of one kind do: each reads one partition of all its sources. */
export interface Stage {
  /** Its number; the last stage's tasks have what comes out, and the state. */
  readonly number: number
  /** Those of the last stage are facts first, then the right stream, where there is a join. */
  readonly sources: readonly Source[]
  /** The sources' topics. */
  readonly topics: readonly string[]
  /** Where its records go, keyed by the join field; null: it is the last stage, whose records come out. */
  readonly repartitionTo: string | null
}

export interface Plan {
  /** Consumer group; prefix of transactional ids and internal topics. */
  readonly name: string
  readonly commitMs: number
  /** Of all stages: the inputs, facts first and then the right stream, where there is a join; then internal topics. */
  readonly sources: readonly Source[]
  /** In the data's order. */
  readonly stages: readonly Stage[]
  readonly lookUps: readonly LookUp[]
  readonly tables: readonly TablePlan[]
  /** null: a fact comes out as soon as it has its rows. */
  readonly join: Join | null
  readonly written: Written
}

export function planOf(pipeline: Pipeline): Plan {
  const { name, commit, join, outputs, output } = pipeline
  const tables = tablesOf(pipeline)
  const { sources, stages } = stagesOf(pipeline)
  return {
    name,
    commitMs: commit.intervalMs,
    sources,
    stages,
    lookUps: lookUpsOf(pipeline, tables),
    tables,
    join: join && { ...join, late: [join.late.left, join.late.right] },
    written: {
      outputs: outputs.map(({ topic, compression }) => ({ topic, compression })),
      rejects: output.rejects,
      changelog: changelogTopic(pipeline),
      compression: output.compression,
    },
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

/** The fields of the facts that are compared: the join field, where there is one, then those that are looked up. */
export const factKeys = ({ join, dimensions }: Pipeline): string[] => [
  ...(join === null ? [] : [join.onLeft]),
  ...dimensions.flatMap(({ parts }) => parts.filter(isOfFact).map(({ field }) => field)),
]

const isOfFact = ({ dimension }: LookUpPart): boolean => dimension === null

function lookUpsOf({ dimensions, join }: Pipeline, tables: readonly TablePlan[]): LookUp[] {
  const levels = levelsOf(dimensions)
  const tableOf = tableOfEach(tables)
  // In the order of `factKeys`.
  let next = join === null ? 0 : 1
  const partOf = (part: LookUpPart): KeyPart => {
    const source = partText(part)
    if (isOfFact(part)) return { source, lookUp: -1, key: next++ }
    const lookUp = dimensions.findIndex(({ name }) => name === part.dimension)
    return { source, lookUp, key: tables[tableOf[lookUp]].texts.indexOf(part.field) }
  }
  return dimensions.map(({ name, on, parts, missing, waitMs }, d) => {
    const table = tableOf[d]
    const keys = parts.map((part) => ({ part, key: partOf(part) }))
    return {
      name,
      on,
      parts: inOrder(keys, tables[table].keyNames),
      level: levels[d],
      table,
      missing,
      waitMs,
    }
  })
}

/** As the table's keys have them. */
const inOrder = (
  keys: readonly { part: DimensionConfig['parts'][number]; key: KeyPart }[],
  names: TablePlan['keyNames'],
): KeyPart[] =>
  names === null
    ? keys.map(({ key }) => key)
    : names.map((name) => keys.find(({ part }) => part.name === name)!.key)

/** A stage for each side that is repartitioned, then the one that joins. */
function stagesOf(pipeline: Pipeline): Pick<Plan, 'sources' | 'stages'> {
  const through = repartitioned(pipeline)
  const inputs = sourcesOf(pipeline).map(({ config }, index): Source => {
    const isThrough = through.some(({ side }) => side === index)
    return inputOf(pipeline, config, index, pipeline.join !== null && !isThrough)
  })
  const internal = through.map(({ side, topic }, i): Source => {
    const input = inputs[side]
    const index = inputs.length + i
    // An internal record has its event time as its timestamp, and the join field's text as its key.
    return { ...input, index, topic, time: null, isKeyed: true, origin: input.topic }
  })
  const first = through.map(({ side, topic }, i) => stageOf(i, [inputs[side]], topic))
  const joined = inputs.map(({ index }) => {
    const i = through.findIndex(({ side }) => side === index)
    return i < 0 ? inputs[index] : internal[i]
  })
  return {
    sources: [...inputs, ...internal],
    stages: [...first, stageOf(first.length, joined, null)],
  }
}

function inputOf(
  { facts, join }: Pipeline,
  config: SourceConfig,
  index: number,
  isKeyed: boolean,
): Source {
  return {
    index,
    topic: config.topic,
    time: config.time,
    isKeyed,
    isComputed: hasExpressions(config),
    startAt: startOf(config, facts, join),
    aheadMs: config.aheadMs,
    aheadKey: config.aheadMs === join?.aheadMs ? 'join.ahead' : 'facts.ahead',
    early: config.early,
    origin: null,
  }
}

const stageOf = (
  number: number,
  sources: readonly Source[],
  repartitionTo: string | null,
): Stage => ({ number, sources, topics: sources.map(({ topic }) => topic), repartitionTo })

/** All that tasks read, in the order of the stages: members of one pipeline read the same. */
export const topicsRead = ({ stages }: Pick<Plan, 'stages'>): string[] =>
  stages.flatMap(({ topics }) => topics)

/** The one whose records come out. */
export const lastStage = ({ stages }: Pick<Plan, 'stages'>): Stage => stages[stages.length - 1]
