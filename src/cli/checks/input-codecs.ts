import type { PipelineCodec } from '../../codec/port.ts'
import { joinPart } from '../../config/look-ups.ts'
import type { Pipeline } from '../../config/pipeline.ts'
import { repartitionWith, sourcesOf } from '../../config/topic-names.ts'
import { planOf } from '../../plan/plan.ts'
import type { ValueSample } from './values.ts'

/** How the records of an input are read. */
export type InputCodec = Pick<ValueSample, 'codec' | 'key' | 'isStream' | 'isEnveloped' | 'join'>

/** By `inputsOf`. */
export function codecsOf(
  pipeline: Pipeline,
  { sources, dimensions, dimensionKeys }: PipelineCodec,
) {
  const plan = planOf(pipeline)
  return [
    ...sources.slice(0, sourcesOf(pipeline).length).map(({ values, key }, s): InputCodec => {
      const { isKeyed, isEnveloped } = plan.sources[s]
      const join = joinOf(pipeline, s)
      return { codec: values, key: isKeyed ? key : null, isStream: true, isEnveloped, join }
    }),
    ...dimensions.map((codec, d): InputCodec => {
      const isEnveloped = pipeline.dimensions[d].envelope !== null
      return { codec, key: dimensionKeys[d], isStream: false, isEnveloped, join: null }
    }),
  ]
}

/**
 * The field that a side is joined by, and what to write where its records have another key; null: it is a column of a
 * dimension, or nothing is joined.
 */
function joinOf(pipeline: Pipeline, side: number): ValueSample['join'] {
  const { joins } = pipeline
  const join = joins.at(Math.max(0, side - 1))
  if (join === undefined || (side === 0 && joinPart(pipeline)?.dimension !== null)) return null
  const field = side === 0 ? join.onLeft : join.onRight
  const word = repartitionWith(join, side)
  return { field, instead: `write \`repartition: ${word}\` under \`${join.path.join('.')}\`` }
}
