import type { PipelineCodec } from '../../codec/port.ts'
import type { Pipeline } from '../../config/pipeline.ts'
import { sourcesOf } from '../../config/topic-names.ts'
import { planOf } from '../../plan/plan.ts'
import type { ValueSample } from './values.ts'

/** How the records of an input are read. */
export type InputCodec = Pick<ValueSample, 'codec' | 'key' | 'isStream' | 'join'>

/** By `inputsOf`. */
export function codecsOf(
  pipeline: Pipeline,
  { sources, dimensions, dimensionKeys }: PipelineCodec,
) {
  const plan = planOf(pipeline)
  return [
    ...sources.slice(0, sourcesOf(pipeline).length).map(({ values, key }, s): InputCodec => {
      const { isKeyed } = plan.sources[s]
      const join = isKeyed ? joinOf(pipeline, s) : null
      return { codec: values, key: isKeyed ? key : null, isStream: true, join }
    }),
    ...dimensions.map((codec, d): InputCodec => {
      return { codec, key: dimensionKeys[d], isStream: false, join: null }
    }),
  ]
}

/** The field that a side is joined by, and what to write where its records have another key. */
function joinOf({ joins }: Pipeline, side: number): ValueSample['join'] {
  const join = joins.at(Math.max(0, side - 1))
  if (join === undefined) return null
  if (joins.length > 1) {
    const field = side === 0 ? join.onLeft : join.onRight
    return { field, instead: 'let a pipeline without a join write it so, with `output.key`' }
  }
  const word = join.repartition === null ? ['facts', 'right'][side] : 'both'
  const field = side === 0 ? join.onLeft : join.onRight
  return { field, instead: `write \`repartition: ${word}\` under \`${join.path.join('.')}\`` }
}
