/** The chain of stages that a plan is: a side that is repartitioned has a stage of its own before the one that joins. */
import { comesOutAlone } from '../config/join-kind.ts'
import { joinPart } from '../config/look-ups.ts'
import type { Pipeline, SourceConfig } from '../config/pipeline.ts'
import { repartitioned, sourcesOf } from '../config/topic-names.ts'
import { hasExpressions } from '../expression/program.ts'
import {
  columnOf,
  isOfFact,
  type Join,
  type LookUp,
  type Plan,
  type Source,
  type SourceStart,
  type Stage,
} from './plan.ts'
import type { TablePlan } from './tables.ts'

/** A stage for each side that is repartitioned, then the one that joins. */
export function stagesOf(
  pipeline: Pipeline,
  joins: readonly Join[],
  lookUps: readonly LookUp[],
  tables: readonly TablePlan[],
): Pick<Plan, 'sources' | 'stages'> {
  const through = repartitioned(pipeline)
  const left = joinPart(pipeline)
  const isColumn = left !== null && !isOfFact(left)
  const inputs = sourcesOf(pipeline).map(({ config }, index): Source => {
    const isThrough = through.some(({ side }) => side === index)
    return inputOf(pipeline, config, index, joins.length > 0 && !isThrough)
  })
  const internal = through.map(({ side, topic }, i): Source => {
    const input = inputs[side]
    const index = inputs.length + i
    const isPrepared = isColumn && side === 0
    const isComputed = input.isComputed && !isPrepared
    // An internal record has its event time as its timestamp, and the join field's text as its key.
    const own = { index, topic, time: null, isKeyed: true, origin: input.topic }
    return {
      ...input,
      ...own,
      isComputed,
      isPrepared,
      isEnveloped: input.isEnveloped && !isPrepared,
    }
  })
  const first = through.map(({ side, topic }, i): Stage => {
    const isPrepared = isColumn && side === 0
    const field = side === 0 ? left!.field : pipeline.joins[0].onRight
    const key = isPrepared
      ? columnOf(left, pipeline, tables)
      : { source: field, lookUp: -1, key: 0 }
    const [{ kind, idleMs }] = joins
    const isAlone = comesOutAlone(kind, 'left')
    const withoutKey = isPrepared ? (isAlone ? 'emit' : 'drop') : 'reject'
    const to = { topic, key, isPrepared, withoutKey, idleMs } as const
    return stageOf(i, [inputs[side]], { lookUps: isPrepared ? lookUps : [], joins: [], to })
  })
  const joined = inputs.map(({ index }) => {
    const i = through.findIndex(({ side }) => side === index)
    return i < 0 ? inputs[index] : internal[i]
  })
  const last = { lookUps: isColumn ? [] : lookUps, joins, to: null }
  return {
    sources: [...inputs, ...internal],
    stages: [...first, stageOf(first.length, joined, last)],
  }
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
    isComputed: hasExpressions(config) || config.envelope !== null,
    isEnveloped: config.envelope !== null,
    startAt: startOf(config, pipeline, index),
    aheadMs: config.aheadMs,
    aheadKey: aheadKeyOf(pipeline, config, index),
    early: config.early,
    origin: null,
    isPrepared: false,
  }
}

const stageOf = (
  number: number,
  sources: readonly Source[],
  does: Pick<Stage, 'lookUps' | 'joins' | 'to'>,
): Stage => ({ number, sources, topics: sources.map(({ topic }) => topic), ...does })

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
