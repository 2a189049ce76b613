/** What parts are stored as. */
import { joinStages } from '../config/join-stages.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { tablesOf } from './tables.ts'

/**
 * Whether parts are stored as fields of the only output's messages, so that a match is one behind the other, as in Avro. Where
 * somebody else reads completed records (an output's condition, another output, a stage behind) they are of Avro; and where
 * dimensions share their rows, whose columns have numbers of their own in each, or rows in envelopes lack what is in those before.
 */
export function storesMessages(pipeline: Pipeline): boolean {
  const { outputs, output, dimensions } = pipeline
  const { format, select, fields, where, key } = output
  const isWhole = select === null && fields.length === 0 && where === null && key === null
  return (
    format === 'protobuf' &&
    outputs.length === 1 &&
    isWhole &&
    joinStages(pipeline).length <= 1 &&
    dimensions.every(({ envelope }) => envelope === null) &&
    tablesOf(pipeline).every((table) => table.dimensions.length === 1)
  )
}
