/** What a pipeline computes of its topics' records: the expressions of its file, checked against the schemas. */
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import type { OutputConfig, Pipeline, TopicConfig } from '../config/pipeline.ts'
import { placeOf } from '../config/places.ts'
import { EnricherError } from '../errors.ts'
import { type Checked, checkProgram, hasExpressions, type Program } from '../expression/program.ts'
import type { TopicSchemas } from './output-plan.ts'

/** By topic; null: nothing is computed of its records. */
export interface Programs {
  readonly facts: Program | null
  /** By join. */
  readonly rights: readonly (Program | null)[]
  readonly dimensions: readonly (Program | null)[]
}

interface Block {
  readonly path: readonly string[]
  readonly config: TopicConfig
  readonly schema: AvroRecordSchema
}

/** The topics that have expressions, checked; in the file's order. */
function checkedOf(pipeline: Pipeline, schemas: TopicSchemas): (Block & Checked)[] {
  const { facts, dimensions, joins } = pipeline
  const blocks: Block[] = [
    { path: ['facts'], config: facts, schema: schemas.facts },
    ...dimensions.map((config, d) => ({
      path: ['dimensions', config.name],
      config,
      schema: schemas.dimensions[d],
    })),
    ...joins.map((config, j) => ({ path: config.path, config, schema: schemas.rights[j] })),
  ]
  return blocks
    .filter(({ config }) => hasExpressions(config))
    .map((block) => ({ ...block, ...checkProgram(block.config, block.schema, block.path) }))
}

/** What is wrong with the expressions, each with its place, by line: `pipeline.yaml:7:19: facts.where: …`. */
export const expressionFaults = (pipeline: Pipeline, schemas: TopicSchemas): string[] =>
  checkedOf(pipeline, schemas)
    .flatMap(({ path, faults }) =>
      faults.map(
        ({ path: below, at, message }) =>
          `${placeOf(pipeline, [...path, ...below], at)}: ${message}`,
      ),
    )
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))

/** Throws SCHEMA_INVALID where there are faults. */
export function checkExpressions(pipeline: Pipeline, schemas: TopicSchemas): void {
  const faults = expressionFaults(pipeline, schemas)
  if (faults.length > 0) throw new EnricherError('SCHEMA_INVALID', faults.join('\n'))
}

/** What an output asks of completed records; null: nothing. @param schema theirs */
export const outputProgram = (output: OutputConfig, schema: AvroRecordSchema): Checked | null =>
  hasExpressions(output) ? checkProgram(output, schema, output.path) : null

/** The completed record's schema as the output sees it: with its derived fields behind the record's own. */
export const outputSchema = (output: OutputConfig, completed: AvroRecordSchema): AvroRecordSchema =>
  extended(completed, outputProgram(output, completed)?.program ?? null)

/** What is wrong with the outputs' expressions, each with its place. */
export const outputFaults = (pipeline: Pipeline, schema: AvroRecordSchema): string[] =>
  pipeline.outputs.flatMap((output) =>
    (outputProgram(output, schema)?.faults ?? []).map(
      ({ path, at, message }) => `${placeOf(pipeline, [...output.path, ...path], at)}: ${message}`,
    ),
  )

/** Where there are no faults. */
export function programsOf(pipeline: Pipeline, schemas: TopicSchemas): Programs {
  const checked = checkedOf(pipeline, schemas)
  const of = (config: TopicConfig): Program | null =>
    checked.find((one) => one.config === config)?.program ?? null
  return {
    facts: of(pipeline.facts),
    rights: pipeline.joins.map(of),
    dimensions: pipeline.dimensions.map(of),
  }
}

/** The schemas as look-ups, times and the output see them: with the derived fields behind the record's own. */
export function withDerived(pipeline: Pipeline, schemas: TopicSchemas): TopicSchemas {
  const programs = programsOf(pipeline, schemas)
  return {
    facts: extended(schemas.facts, programs.facts),
    rights: schemas.rights.map((schema, j) => extended(schema, programs.rights[j])),
    dimensions: schemas.dimensions.map((schema, d) => extended(schema, programs.dimensions[d])),
  }
}

const extended = (schema: AvroRecordSchema, program: Program | null): AvroRecordSchema =>
  program === null || program.fields.length === 0
    ? schema
    : {
        ...schema,
        fields: [
          ...schema.fields,
          ...program.fields.map(({ name, schema: type }) => ({ name, type })),
        ],
      }
