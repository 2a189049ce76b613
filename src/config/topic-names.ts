/** The topics of a pipeline. */
import type { DimensionConfig, Pipeline, SourceConfig, TopicConfig } from './pipeline.ts'

/** A topic that the pipeline reads, and where the file names it. */
export interface Input {
  readonly path: readonly string[]
  readonly config: TopicConfig | DimensionConfig
}

/** What tasks read: facts, and the right stream where there is a join. */
export const sourcesOf = ({
  facts,
  join,
}: Pick<Pipeline, 'facts' | 'join'>): (Input & { readonly config: SourceConfig })[] => [
  { path: ['facts'], config: facts },
  ...(join === null ? [] : [{ path: ['join'], config: join }]),
]

/** The sources, then the dimensions. */
export const inputsOf = (pipeline: Pick<Pipeline, 'facts' | 'join' | 'dimensions'>): Input[] => [
  ...sourcesOf(pipeline),
  ...pipeline.dimensions.map((config) => ({ path: ['dimensions', config.name], config })),
]

export const inputTopics = (pipeline: Pipeline): string[] =>
  inputsOf(pipeline).map(({ config }) => config.topic)

/** Of any pipeline with this name that joins. */
export const changelogName = ({ name }: Pick<Pipeline, 'name'>): string =>
  `${name}-window-changelog`

/** null: tasks keep no state. */
export const changelogTopic = (pipeline: Pick<Pipeline, 'name' | 'join'>): string | null =>
  pipeline.join === null ? null : changelogName(pipeline)

/** Those that a start creates where they are missing. */
export const ownTopics = (pipeline: Pipeline): string[] => {
  const changelog = changelogTopic(pipeline)
  const topics = pipeline.outputs.map(({ topic }) => topic)
  return [...topics, pipeline.output.rejects, ...(changelog === null ? [] : [changelog])]
}

/** Those that have to have as many partitions as the facts: each task has the same of all. Outputs under a key of their own have any number. */
export const alikeTopics = (pipeline: Pipeline): string[] => {
  const [, ...others] = sourcesOf(pipeline).map(({ config }) => config.topic)
  const changelog = changelogTopic(pipeline)
  const outputs = pipeline.outputs.filter(({ key }) => key === null)
  return [
    ...others,
    ...outputs.map(({ topic }) => topic),
    ...(changelog === null ? [] : [changelog]),
  ]
}
