/** The chain of stages that a plan is: joins by one key are a stage, and a side that is repartitioned has one of its own before it. */
import { comesOutAlone } from '../config/join-kind.ts'
import { joinStages } from '../config/join-stages.ts'
import { joinPart } from '../config/look-ups.ts'
import type { Pipeline, SourceConfig } from '../config/pipeline.ts'
import { betweenStages, changelogTopics, repartitioned, sourcesOf } from '../config/topic-names.ts'
import { hasExpressions } from '../expression/program.ts'
import {
  columnOf,
  type InternalTopic,
  isOfFact,
  type Join,
  type LookUp,
  type Plan,
  type Source,
  type SourceStart,
  type Stage,
} from './plan.ts'
import { storesMessages } from './stored-form.ts'
import type { TablePlan } from './tables.ts'

/** What a chain of stages is made from. */
interface Parts {
  readonly pipeline: Pipeline
  readonly joins: readonly Join[]
  readonly lookUps: readonly LookUp[]
  readonly tables: readonly TablePlan[]
  /** Facts, and each join's right stream. */
  readonly inputs: readonly Source[]
  /** What comes by internal topics: sides that are repartitioned, in the order of the inputs, then what was joined. */
  readonly internal: readonly Source[]
}

/** For each joins that are one stage: a stage for each side that is repartitioned, then the one that joins. */
export function stagesOf(
  pipeline: Pipeline,
  joins: readonly Join[],
  lookUps: readonly LookUp[],
  tables: readonly TablePlan[],
): Pick<Plan, 'sources' | 'stages'> {
  const through = repartitioned(pipeline)
  const inputs = sourcesOf(pipeline).map(({ config }, index): Source => {
    const isThrough = through.some(({ side }) => side === index)
    return inputOf(pipeline, config, index, joins.length > 0 && !isThrough)
  })
  const internal = [
    ...through.map(({ side, topic }, i): Source => {
      const index = inputs.length + i
      const isPrepared = side === 0 && isByColumn(pipeline)
      const isComputed = inputs[side].isComputed && !isPrepared
      const isEnveloped = inputs[side].isEnveloped && !isPrepared
      return { ...internalOf(inputs[side], index, topic), isComputed, isEnveloped, isPrepared }
    }),
    ...betweenStages(pipeline).map((topic, i): Source => {
      const index = inputs.length + through.length + i
      const own = { isComputed: false, isEnveloped: false, isPrepared: true, isJoined: true }
      return { ...internalOf(inputs[0], index, topic), ...own }
    }),
  ]
  const parts = { pipeline, joins, lookUps, tables, inputs, internal }
  return { sources: [...inputs, ...internal], stages: chainOf(parts) }
}

/** An internal record has its event time as its timestamp, and the join field's text as its key. */
const internalOf = (input: Source, index: number, topic: string): Source => ({
  ...input,
  ...{ index, topic, time: null, isKeyed: true, origin: input.topic },
})

const isByColumn = (pipeline: Pipeline): boolean => {
  const left = joinPart(pipeline)
  return left !== null && !isOfFact(left)
}

function chainOf(parts: Parts): Stage[] {
  const { pipeline, joins, lookUps, inputs, internal } = parts
  const groups = joinStages(pipeline)
  const [only = null] = changelogTopics(pipeline)
  if (groups.length === 0) {
    const state = only === null ? null : { number: 0, changelog: only }
    return [{ ...stageOf(0, [inputs[0]]), lookUps, state }]
  }
  const stages: Stage[] = []
  const changelogs = changelogTopics(pipeline)
  const between = betweenStages(pipeline)
  for (const [
    s,
    {
      first,
      joins: { length },
    },
  ] of groups.entries()) {
    const own = [...(s === 0 ? [0] : []), ...Array.from({ length }, (_, j) => 1 + first + j)]
    for (const { side, topic } of repartitioned(pipeline)) {
      if (own.includes(side)) stages.push(repartitionStage(stages.length, side, topic, parts))
    }
    const reads = own.map(
      (side) => internal.find(({ input, isJoined }) => input === side && !isJoined) ?? inputs[side],
    )
    const left = internal.find(({ topic }) => topic === between[s - 1])
    stages.push({
      ...stageOf(stages.length, left === undefined ? reads : [left, ...reads]),
      lookUps: s > 0 || isByColumn(pipeline) ? [] : lookUps,
      joins: joins.slice(first, first + length),
      firstJoin: first,
      state: { number: s, changelog: changelogs[s] },
      to: s === between.length ? null : nextOf(between[s], first + length, parts),
    })
  }
  return stages
}

/** A side's records are written where its joins read them: facts come to all of the first stage. */
function repartitionStage(
  number: number,
  side: number,
  topic: string,
  { pipeline, joins, lookUps, tables, inputs }: Parts,
): Stage {
  const isPrepared = side === 0 && isByColumn(pipeline)
  const of = Math.max(0, side - 1)
  const left = joinPart(pipeline)!
  const field = side === 0 ? left.field : pipeline.joins[of].onRight
  const key = isPrepared ? columnOf(left, pipeline, tables) : { source: field, lookUp: -1, key: 0 }
  const { idleMs } = joins[of]
  const withoutKey = isPrepared ? withoutKeyOf(pipeline, 0) : 'reject'
  const to = { topic, key, isPrepared, withoutKey, idleMs } as const
  const stage = { ...stageOf(number, [inputs[side]]), to }
  if (!isPrepared) return stage
  const joined = joinStages(pipeline).length
  const changelog = changelogTopics(pipeline).at(joined)
  const state = changelog === undefined ? null : { number: joined, changelog }
  return { ...stage, lookUps, state }
}

/** A null equals nothing, as in SQL. @param s the number of the stage that joins by the key */
function withoutKeyOf(pipeline: Pipeline, s: number): InternalTopic['withoutKey'] {
  const groups = joinStages(pipeline)
  const isAlone = groups[s].joins.every(({ kind }) => comesOutAlone(kind, 'left'))
  if (!isAlone) return 'drop'
  return s === 0 && groups.length === 1 ? 'emit' : 'pass'
}

/** What a stage that joins gives on to the next one. @param join the first of that one, by its number */
function nextOf(topic: string, join: number, { pipeline, joins }: Parts): InternalTopic {
  const key = { source: pipeline.joins[join].onLeft, lookUp: -1, key: 0 }
  const s = joinStages(pipeline).findIndex(({ first }) => first === join)
  const withoutKey = withoutKeyOf(pipeline, s)
  return { topic, key, isPrepared: true, withoutKey, idleMs: joins[join].idleMs }
}

function inputOf(
  pipeline: Pipeline,
  config: SourceConfig,
  index: number,
  isKeyed: boolean,
): Source {
  return {
    index,
    topic: config.topic,
    time: config.time,
    isKeyed,
    isComputed: hasExpressions(config) || config.envelope !== null || storesMessages(pipeline),
    isEnveloped: config.envelope !== null,
    startAt: startOf(config, pipeline, index),
    aheadMs: config.aheadMs,
    aheadKey: aheadKeyOf(pipeline, config, index),
    early: config.early,
    origin: null,
    isPrepared: false,
    isJoined: false,
    input: index,
  }
}

/** One that does nothing yet. */
const stageOf = (number: number, sources: readonly Source[]): Stage => ({
  number,
  sources,
  topics: sources.map(({ topic }) => topic),
  ...{ lookUps: [], joins: [], firstJoin: 0, state: null, to: null },
})

/** What is not said of the facts is said of them by the first join. */
function aheadKeyOf({ joins }: Pipeline, { aheadMs }: SourceConfig, index: number): string {
  const join = joins.at(Math.max(0, index - 1))
  return join !== undefined && join.aheadMs === aheadMs
    ? [...join.path, 'ahead'].join('.')
    : 'facts.ahead'
}

/**
 * Where nothing is said of a right topic it begins as far before the facts as a match may be.
 * @param index the source's number: of a right topic, behind that of its join
 */
function startOf(
  { startAt, time, aheadMs }: SourceConfig,
  { facts, joins }: Pipeline,
  index: number,
): SourceStart {
  if (startAt === 'earliest' || startAt === 'latest') return startAt
  if (startAt !== null) return { at: startAt }
  if (facts.startAt === 'earliest' || facts.startAt === null || index === 0) return 'earliest'
  // A record may have been written before the time that a field of it says.
  const reachMs = joins.slice(0, index).reduce((sum, { beforeMs }) => sum + beforeMs, 0)
  const agoMs = reachMs + (time === null ? 0 : aheadMs)
  return facts.startAt === 'latest' ? { agoMs } : { at: Math.max(0, facts.startAt - agoMs) }
}
