import type { Pipeline, TopicConfig } from '../../config/pipeline.ts'
import { placeOf, setPlaces } from '../../config/places.ts'

/** Test cases give keys in Protobuf by what they say, and no bytes: such topics are played as though their keys were JSON. */
export function withPlainKeys(pipeline: Pipeline): Pipeline {
  const { facts, joins, dimensions } = pipeline
  const played = {
    ...pipeline,
    facts: plain(facts),
    joins: joins.map(plain),
    dimensions: dimensions.map(plain),
  }
  setPlaces(played, (path, at) => placeOf(pipeline, path, at))
  return played
}

const plain = <T extends TopicConfig>(topic: T): T =>
  topic.keyFormat === 'protobuf' ? { ...topic, keyFormat: 'json', keySchema: null } : topic
