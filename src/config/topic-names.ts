/** The topics of a pipeline. */
import { joinStages } from './join-stages.ts'
import { joinPart } from './look-ups.ts'
import type {
  DimensionConfig,
  JoinConfig,
  Pipeline,
  SourceConfig,
  TopicConfig,
} from './pipeline.ts'
import { type Keeping, keepsState, longestWait } from './waits.ts'

/** A topic that the pipeline reads, and where the file names it. */
export interface Input {
  readonly path: readonly string[]
  readonly config: TopicConfig | DimensionConfig
}

/** What tasks read: facts, and each join's right stream. */
export const sourcesOf = ({
  facts,
  joins,
}: Pick<Pipeline, 'facts' | 'joins'>): (Input & { readonly config: SourceConfig })[] => [
  { path: ['facts'], config: facts },
  ...joins.map((join) => ({ path: join.path, config: join })),
]

/** The sources, then the dimensions. */
export const inputsOf = (pipeline: Pick<Pipeline, 'facts' | 'joins' | 'dimensions'>): Input[] => [
  ...sourcesOf(pipeline),
  ...pipeline.dimensions.map((config) => ({ path: ['dimensions', config.name], config })),
]

export const inputTopics = (pipeline: Pipeline): string[] =>
  inputsOf(pipeline).map(({ config }) => config.topic)

/** Of any pipeline with this name that keeps state. */
export const changelogName = ({ name }: Pick<Pipeline, 'name'>): string =>
  `${name}-window-changelog`

/** Of each stage that keeps state the one that its tasks are restored from, by the numbers of their states: of those that join, then of the one that completes facts before. */
export function changelogTopics(pipeline: Pick<Pipeline, 'name'> & Keeping): string[] {
  if (!keepsState(pipeline)) return []
  const others = joinStages(pipeline).slice(1)
  const prepared = preparedChangelog(pipeline)
  return [
    changelogName(pipeline),
    ...others.map((_, s) => `${pipeline.name}-window-${s + 2}-changelog`),
    ...(prepared === null ? [] : [prepared]),
  ]
}

/** Of the stage that completes facts on their way to the join, where they wait for rows; null: it keeps no state. */
function preparedChangelog(pipeline: Pick<Pipeline, 'name'> & Keeping): string | null {
  const isByColumn = (joinPart(pipeline)?.dimension ?? null) !== null
  return isByColumn && longestWait(pipeline.dimensions) > 0 ? factsChangelog(pipeline) : null
}

const factsChangelog = ({ name }: Pick<Pipeline, 'name'>): string => `${name}-facts-changelog`

/** The same; of a pipeline that keeps no state the one that an earlier pipeline of its name may have left. */
export function knownChangelogs(pipeline: Pick<Pipeline, 'name'> & Keeping): string[] {
  return keepsState(pipeline) ? changelogTopics(pipeline) : [changelogName(pipeline)]
}

/** The first of them, which says what the layout is of all; null: tasks keep no state. */
export const changelogTopic = (pipeline: Pick<Pipeline, 'name'> & Keeping): string | null =>
  changelogTopics(pipeline).at(0) ?? null

/** A source whose records go through an internal topic, where they are keyed by the join field. */
export interface Repartitioned {
  /** The source's number: 0: facts, 1 and up: each join's right stream. */
  readonly side: number
  /** The internal topic. */
  readonly topic: string
}

/** Of any pipeline with this name and these joins, by source: facts, then each join's right stream; that of the only join is `right`. */
const repartitionNames = ({ name, joins }: Pick<Pipeline, 'name' | 'joins'>): string[] => [
  `${name}-facts-repartition`,
  ...joins.map((join) => `${name}-${joins.length === 1 ? 'right' : join.name}-repartition`),
]

/** Between two stages that join: by the first join of the second one. */
const leftName = ({ name }: Pick<Pipeline, 'name'>, join: JoinConfig): string =>
  `${name}-${join.name}-left-repartition`

/** The internal topics between stages that join, in their order. */
export const betweenStages = (pipeline: Pick<Pipeline, 'name' | 'joins'>): string[] =>
  joinStages(pipeline)
    .slice(1)
    .map(({ joins: [first] }) => leftName(pipeline, first))

/** Internal topics that may be there of a pipeline with this name: also of a time when it had one join, or none, or compared otherwise. */
export const knownInternalTopics = (pipeline: Pick<Pipeline, 'name' | 'joins'>): string[] => {
  const { name, joins } = pipeline
  return [
    ...new Set([
      changelogName(pipeline),
      ...joins.slice(1).map((_, j) => `${name}-window-${j + 2}-changelog`),
      ...(joins.length === 0 ? [] : [factsChangelog(pipeline)]),
      `${name}-right-repartition`,
      ...repartitionNames(pipeline),
      ...joins.map((join) => leftName(pipeline, join)),
    ]),
  ]
}

/** The sources that are repartitioned; none where records are keyed by the join field, or not joined. */
export function repartitioned(pipeline: Pick<Pipeline, 'name' | 'joins'>): Repartitioned[] {
  return repartitionNames(pipeline).flatMap((topic, side) => {
    const which = pipeline.joins.at(Math.max(0, side - 1))?.repartition ?? null
    const isThrough = which === 'both' || which === (side === 0 ? 'facts' : 'right')
    return isThrough ? [{ side, topic }] : []
  })
}

/** What a join's `repartition` says where this source is repartitioned too. @param side 0: facts; else its right stream */
export function repartitionWith(
  { repartition }: Pick<JoinConfig, 'repartition'>,
  side: number,
): 'facts' | 'right' | 'both' {
  const word = side === 0 ? 'facts' : 'right'
  return repartition === null || repartition === word ? word : 'both'
}

/** Those that only this pipeline reads. */
export const internalTopics = (pipeline: Pick<Pipeline, 'name'> & Keeping): string[] => {
  const topics = repartitioned(pipeline).map(({ topic }) => topic)
  return [...topics, ...betweenStages(pipeline), ...changelogTopics(pipeline)]
}

/** Those that a start creates where they are missing. */
export const ownTopics = (pipeline: Pipeline): string[] => {
  const outputs = pipeline.outputs.map(({ topic }) => topic)
  return [...outputs, pipeline.output.rejects, ...internalTopics(pipeline)]
}

/** The topics that are joined, by source: inputs, or internal ones. */
const joinedTopics = (pipeline: Pipeline): string[] => {
  const topics = sourcesOf(pipeline).map(({ config }) => config.topic)
  for (const { side, topic } of repartitioned(pipeline)) topics[side] = topic
  return topics
}

/** The input that says how many tasks there are that have what comes out: the first that is not repartitioned, else the facts. */
export const leadTopic = (pipeline: Pipeline): string => {
  const through = repartitioned(pipeline)
  const topics = sourcesOf(pipeline).map(({ config }) => config.topic)
  const own = topics.filter((_, source) => through.every(({ side }) => side !== source))
  return own.at(0) ?? pipeline.facts.topic
}

/** The input that has as many partitions as this topic has to have, of those in `alikeTopics`. */
export const leadOf = (pipeline: Pipeline, topic: string): string =>
  topic === preparedChangelog(pipeline) ? pipeline.facts.topic : leadTopic(pipeline)

/**
 * Those that have to have as many partitions as their `leadOf`: each task has the same of all. Outputs under a key of their
 * own have any number.
 */
export const alikeTopics = (pipeline: Pipeline): string[] => {
  const lead = leadTopic(pipeline)
  const outputs = pipeline.outputs.filter(({ key }) => key === null)
  return [
    ...joinedTopics(pipeline).filter((topic) => topic !== lead),
    ...betweenStages(pipeline),
    ...outputs.map(({ topic }) => topic),
    ...changelogTopics(pipeline),
  ]
}
