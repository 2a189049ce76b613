/** What runs, compiled once from the pipeline file: nothing that runs reads the file. */
import { joinPart, levelsOf, partText } from '../config/look-ups.ts'
import type {
  Compression,
  DimensionConfig,
  Early,
  JoinConfig,
  LatePolicy,
  LookUpPart,
  Pipeline,
} from '../config/pipeline.ts'
import { stagesOf } from './stages.ts'
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
  /** Whether expressions say which records are taken, or make fields of theirs; or envelopes, or the stored form, say it. */
  readonly isComputed: boolean
  /** Whether values are rows in envelopes, which tell of deletions, too. */
  readonly isEnveloped: boolean
  /** Where a group begins that has never committed. */
  readonly startAt: SourceStart
  /** How far ahead of the clock an event time may be, and the key of the file that says so. */
  readonly aheadMs: number
  readonly aheadKey: string
  readonly early: Early
  /** The input that an earlier stage has taken the records from, which is told of one that is rejected; null: this is one. */
  readonly origin: string | null
  /** Whether an earlier stage has completed the facts: values are left parts as a window stores them, and the key is right. */
  readonly isPrepared: boolean
  /** Whether an earlier stage has joined them: each is made of several records, and so has no place in an input. */
  readonly isJoined: boolean
  /** The input whose records they are, as a list of inputs has it; of what was joined the facts. */
  readonly input: number
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
    'name' | 'kind' | 'headers' | 'beforeMs' | 'afterMs' | 'graceMs' | 'waitMs' | 'idleMs'
  > {
  /** What becomes of a late record, by side. */
  readonly late: readonly [LatePolicy, LatePolicy]
}

/** Topics that epochs are written to. */
export interface Written {
  /** One at least. */
  readonly outputs: readonly WrittenOutput[]
  readonly rejects: string
  /** Of rejects. */
  readonly compression: Compression
}

export interface WrittenOutput {
  readonly topic: string
  readonly compression: Compression
}

/** Where the records of a stage go that another one reads. */
export interface InternalTopic {
  readonly topic: string
  /** Whose text they are keyed by there. */
  readonly key: KeyPart
  /** Whether they are facts with their rows, and what they were joined with; false: they are as they came. */
  readonly isPrepared: boolean
  /** What becomes of a record whose key is null: it comes out at once, without a match, or is dropped, or rejected; or the next stage gives it on without a match. */
  readonly withoutKey: 'emit' | 'drop' | 'reject' | 'pass'
  /** Wall clock after which a partition of the source that has no records holds nothing back. */
  readonly idleMs: number
}

/** What tasks of a stage keep from one record to the next. */
export interface StageState {
  /** Its number among those of all stages. */
  readonly number: number
  /** What it is restored from. */
  readonly changelog: string
}

/** What tasks of one kind do: each reads one partition of all its sources. */
export interface Stage {
  /** Its number; the last stage's tasks have what comes out. */
  readonly number: number
  /** Where it joins: what comes from the left first, then each join's right stream. */
  readonly sources: readonly Source[]
  /** The sources' topics. */
  readonly topics: readonly string[]
  /** Those that complete its facts: all of the plan's, or none. */
  readonly lookUps: readonly LookUp[]
  /** How its sources are joined: the first with each other one, in turn; none: it has one source. */
  readonly joins: readonly Join[]
  /** The number of the first of them among the plan's. */
  readonly firstJoin: number
  /** null: its tasks keep none. */
  readonly state: StageState | null
  /** null: its records come out. */
  readonly to: InternalTopic | null
}

export interface Plan {
  /** Consumer group; prefix of transactional ids and internal topics. */
  readonly name: string
  readonly commitMs: number
  /** Of all stages: the inputs, facts first and then each join's right stream; then internal topics. */
  readonly sources: readonly Source[]
  /** In the data's order. */
  readonly stages: readonly Stage[]
  readonly lookUps: readonly LookUp[]
  readonly tables: readonly TablePlan[]
  /** In the order in which records go through them; none: a fact comes out as soon as it has its rows. */
  readonly joins: readonly Join[]
  /** Whether headers say which records a completed record was made of. */
  readonly provenance: boolean
  readonly written: Written
}

export function planOf(pipeline: Pipeline): Plan {
  const { name, commit, joins, outputs, output, provenance } = pipeline
  const tables = tablesOf(pipeline)
  const lookUps = lookUpsOf(pipeline, tables)
  const joined = joins.map((join): Join => ({ ...join, late: [join.late.left, join.late.right] }))
  return {
    name,
    commitMs: commit.intervalMs,
    ...stagesOf(pipeline, joined, lookUps, tables),
    lookUps,
    tables,
    joins: joined,
    provenance,
    written: {
      outputs: outputs.map(({ topic, compression }) => ({ topic, compression })),
      rejects: output.rejects,
      compression: output.compression,
    },
  }
}

/** The fields of the facts that are compared: the join field, where they have one, then those that are looked up. */
export const factKeys = (pipeline: Pipeline): string[] => [
  ...joinFields(pipeline),
  ...pipeline.dimensions.flatMap(({ parts }) => parts.filter(isOfFact).map(({ field }) => field)),
]

/** The join field, where it is one of the facts. */
const joinFields = (pipeline: Pipeline): string[] => {
  const part = joinPart(pipeline)
  return part === null || !isOfFact(part) ? [] : [part.field]
}

export const isOfFact = ({ dimension }: LookUpPart): boolean => dimension === null

function lookUpsOf(pipeline: Pipeline, tables: readonly TablePlan[]): LookUp[] {
  const { dimensions } = pipeline
  const levels = levelsOf(dimensions)
  const tableOf = tableOfEach(tables)
  // In the order of `factKeys`.
  let next = joinFields(pipeline).length
  const partOf = (part: LookUpPart): KeyPart =>
    isOfFact(part)
      ? { source: partText(part), lookUp: -1, key: next++ }
      : columnOf(part, pipeline, tables)
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

/** A column of a dimension, among the texts of its table. */
export function columnOf(
  part: LookUpPart,
  { dimensions }: Pipeline,
  tables: readonly TablePlan[],
): KeyPart {
  const lookUp = dimensions.findIndex(({ name }) => name === part.dimension)
  const { texts } = tables[tableOfEach(tables)[lookUp]]
  return { source: partText(part), lookUp, key: texts.indexOf(part.field) }
}

/** As the table's keys have them. */
const inOrder = (
  keys: readonly { part: DimensionConfig['parts'][number]; key: KeyPart }[],
  names: TablePlan['keyNames'],
): KeyPart[] =>
  names === null
    ? keys.map(({ key }) => key)
    : names.map((name) => keys.find(({ part }) => part.name === name)!.key)

/** All that tasks read, in the order of the stages: members of one pipeline read the same. */
export const topicsRead = ({ stages }: Pick<Plan, 'stages'>): string[] =>
  stages.flatMap(({ topics }) => topics)

/** Those whose tasks keep state, by the numbers of their states. */
export const statefulStages = ({
  stages,
}: Pick<Plan, 'stages'>): (Stage & { state: StageState })[] =>
  stages
    .filter((stage): stage is Stage & { state: StageState } => stage.state !== null)
    .sort((a, b) => a.state.number - b.state.number)

/** The one whose records come out. */
export const lastStage = ({ stages }: Pick<Plan, 'stages'>): Stage => stages[stages.length - 1]
