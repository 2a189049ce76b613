/** The topics of a pipeline. */
import type { Pipeline } from './pipeline.ts'

export const changelogTopic = (pipeline: Pipeline): string => `${pipeline.name}-window-changelog`

/** Facts first, then the right stream, then the dimensions. */
export const inputTopics = ({ facts, join, dimensions }: Pipeline): string[] => [
  facts.topic,
  join.topic,
  ...dimensions.map(({ topic }) => topic),
]

/** The topics that a start creates where they are missing. */
export const ownTopics = (pipeline: Pipeline): string[] => [
  pipeline.output.topic,
  pipeline.output.rejects,
  changelogTopic(pipeline),
]
