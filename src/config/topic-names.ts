/** The topics of a pipeline. */
import type {
  DimensionConfig,
  JoinConfig,
  Pipeline,
  SourceConfig,
  TopicConfig,
} from './pipeline.ts'
import { type Keeping, keepsState } from './waits.ts'

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

/** null: tasks keep no state. */
export const changelogTopic = (pipeline: Pick<Pipeline, 'name'> & Keeping): string | null =>
  keepsState(pipeline) ? changelogName(pipeline) : null

/** A side of the join whose records go through an internal topic, where they are keyed by the join field. */
export interface Repartitioned {
  /** 0: facts, 1: the right stream. */
  readonly side: 0 | 1
  /** The internal topic. */
  readonly topic: string
}

/** Of any pipeline with this name: facts, right stream. */
export const repartitionNames = ({ name }: Pick<Pipeline, 'name'>): [string, string] => [
  `${name}-facts-repartition`,
  `${name}-right-repartition`,
]

/** The sides that are repartitioned; none where records are keyed by the join field, or not joined. */
export function repartitioned({ name, joins }: Pick<Pipeline, 'name' | 'joins'>): Repartitioned[] {
  const [facts, right] = repartitionNames({ name })
  const [join] = joins
  const which = join?.repartition ?? null
  return [
    ...(which === 'facts' || which === 'both' ? [{ side: 0, topic: facts } as const] : []),
    ...(which === 'right' || which === 'both' ? [{ side: 1, topic: right } as const] : []),
  ]
}

/** What `repartition` says where this side is repartitioned too. @param side 0: facts, 1: the right stream */
export function repartitionWith(
  { repartition }: Pick<JoinConfig, 'repartition'>,
  side: number,
): 'facts' | 'right' | 'both' {
  const word = side === 0 ? 'facts' : 'right'
  return repartition === null || repartition === word ? word : 'both'
}

/** Those that only this pipeline reads. */
export const internalTopics = (pipeline: Pick<Pipeline, 'name'> & Keeping): string[] => {
  const changelog = changelogTopic(pipeline)
  const topics = repartitioned(pipeline).map(({ topic }) => topic)
  return [...topics, ...(changelog === null ? [] : [changelog])]
}

/** Those that a start creates where they are missing. */
export const ownTopics = (pipeline: Pipeline): string[] => {
  const outputs = pipeline.outputs.map(({ topic }) => topic)
  return [...outputs, pipeline.output.rejects, ...internalTopics(pipeline)]
}

/** The topics that tasks of the last stage read, by side: inputs, or internal ones. */
const lastTopics = (pipeline: Pipeline): string[] => {
  const topics = sourcesOf(pipeline).map(({ config }) => config.topic)
  for (const { side, topic } of repartitioned(pipeline)) topics[side] = topic
  return topics
}

/** The input that says how many tasks there are that have what comes out. */
export const leadTopic = (pipeline: Pipeline): string =>
  pipeline.joins[0]?.repartition === 'facts' ? pipeline.joins[0].topic : pipeline.facts.topic

/**
 * Those that have to have as many partitions as `leadTopic`: each task has the same of all. Outputs under a key of their
 * own have any number.
 */
export const alikeTopics = (pipeline: Pipeline): string[] => {
  const changelog = changelogTopic(pipeline)
  const lead = leadTopic(pipeline)
  const outputs = pipeline.outputs.filter(({ key }) => key === null)
  return [
    ...lastTopics(pipeline).filter((topic) => topic !== lead),
    ...outputs.map(({ topic }) => topic),
    ...(changelog === null ? [] : [changelog]),
  ]
}
