/** Whether the outputs' schemas follow newer schemas of the inputs, over a window that was stored with earlier ones. */
import { joinPart } from './look-ups.ts'
import type { Pipeline } from './pipeline.ts'
import { type RawPipeline, writtenOutputs } from './raw-pipeline.ts'
import type { ReportAt } from './report.ts'
import { betweenStages } from './topic-names.ts'

/** What `schema` of an output may say beside a file of Protobuf. */
const WORDS = ['pinned', 'evolve']

export const isSchemaWord = (schema: string | undefined): boolean =>
  schema !== undefined && WORDS.includes(schema)

/** It is said once for all outputs, which are made of the same completed record. */
export function evolvesOf(raw: RawPipeline, report: ReportAt): boolean {
  const [first, ...others] = writtenOutputs(raw).filter(({ output }) => isSchemaWord(output.schema))
  for (const { path } of others) {
    report(
      [...path, 'schema'],
      'is of all outputs, and stands below another already; leave it out here',
    )
  }
  return first?.output.schema === 'evolve'
}

export function checkEvolves(raw: RawPipeline, pipeline: Pipeline, report: ReportAt): void {
  const said = writtenOutputs(raw).find(({ output }) => output.schema === 'evolve')
  if (said === undefined || !pipeline.evolves) return
  const refuse = (why: string): void => report([...said.path, 'schema'], `evolve ${why}`)
  const { registry, outputs, joins, dimensions } = pipeline
  if (registry === null) {
    refuse('takes newer schemas from a registry; name one, or leave it out')
  }
  if (outputs.some(({ format }) => format === 'protobuf')) {
    const instead = 'write pinned, or Avro and a pipeline for Protobuf behind this one'
    refuse(`is not supported where an output is in Protobuf; ${instead}`)
  }
  const isByColumn = (joinPart({ joins, dimensions })?.dimension ?? null) !== null
  if (isByColumn || betweenStages(pipeline).length > 0) {
    const what = 'joins by a dimension’s column, or by different keys'
    const why = 'records are under way between their stages in the layout of their schemas'
    refuse(`is not supported with ${what}: ${why}; write pinned, or let two pipelines follow`)
  }
}
