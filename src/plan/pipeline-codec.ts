import { type Bytes, bytesOf, NO_BYTES } from '../bytes.ts'
import { AvroReader, type AvroRecordSchema, type ReaderPlan } from '../codec/avro/reader.ts'
import { schemaText } from '../codec/avro/schema-json.ts'
import { valueSchema } from '../codec/envelope/schema.ts'
import { type SchemaFrame, schemaFrame } from '../codec/frame/schema-frame.ts'
import { keyReader } from '../codec/keys/keys.ts'
import type { PipelineCodec, TopicCodec } from '../codec/port.ts'
import type { Registry } from '../codec/registry/registry.ts'
import { PreparedCodec, preparedFrame } from '../codec/row/prepared-codec.ts'
import type { Pipeline, TopicConfig } from '../config/pipeline.ts'
import { atPlace } from '../config/places.ts'
import { inputsOf } from '../config/topic-names.ts'
import { EnricherError } from '../errors.ts'
import type { OutputShape } from '../output/task-output.ts'
import { checkRecord } from './avro-format.ts'
import { checkFields, checkOutputs } from './check-fields.ts'
import { rowSchemas } from './envelopes.ts'
import { checkExpressions, programsOf, withDerived } from './expressions.ts'
import { FORMATS } from './formats.ts'
import type { KeptFiles } from './kept-files.ts'
import { keyReaders } from './key-readers.ts'
import { layoutsOf } from './layout.ts'
import { checkLeftKeys, leftKeyReaders } from './left-keys.ts'
import { originsOf } from './origins.ts'
import { outputCodecs } from './output-codecs.ts'
import { type OutputField, planOutput, type TopicSchemas } from './output-plan.ts'
import { planOf } from './plan.ts'
import { readerPlans } from './reader-plans.ts'
import { rowCodecs, versionsText } from './row-codecs.ts'
import { storedMessages } from './stored-messages.ts'
import { storedViews } from './stored-views.ts'
import { namedMembers, refuseUndeclared } from './undeclared.ts'
import type { ReaderSchema } from './value-format.ts'

/** A latest schema in the registry that nothing can be read with. */
export interface UnusableSchema {
  /** -1: the registry does not say. */
  readonly id: number
  readonly fault: EnricherError
}

export type LatestSchema = ReaderSchema | UnusableSchema

/** The schemas of `inputTopics`, in their order: facts, right streams, dimensions. */
export type ReaderSchemas = readonly ReaderSchema[]

/**
 * Compiles everything that the hot path needs. Throws SCHEMA_INVALID.
 * @param registry has the schemas that records were written with; null: they are those of the files
 * @param kept has the numbers of fields of outputs in Protobuf; of those that it has not they are new ones
 */
export function createPipelineCodec(
  pipeline: Pipeline,
  schemas: TopicSchemas,
  registry: Registry | null,
  kept: KeptFiles = [],
): PipelineCodec {
  checkFields(pipeline, schemas)
  const plan = planOutput(pipeline, schemas)
  checkOutputs(pipeline, plan)
  checkLeftKeys(pipeline, plan)
  const derived = withDerived(pipeline, schemas)
  checkRecord(plan.schema, `of the output topic ${pipeline.output.topic}`, {})
  const plans = readerPlans(pipeline, plan, programsOf(pipeline, schemas), schemas)
  const { facts, joins, dimensions } = pipeline
  const keys = keyReaders(pipeline, derived, registry)
  const stored = storedMessages(pipeline, plan, kept, schemas)
  const codec = (
    topic: TopicConfig,
    schema: AvroRecordSchema,
    of: ReaderPlan,
    fields: readonly OutputField[],
  ): TopicCodec => {
    const made = (row: AvroRecordSchema, plan: ReaderPlan): TopicCodec =>
      FORMATS[topic.format].codec(topic, valueSchema(row), plan, registry)
    return stored?.part({ schema, plan: of, codec: made }, fields) ?? made(schema, of)
  }
  const values = [
    codec(facts, schemas.facts, plans.facts, plan.facts),
    ...plans.rights.map((of, j) => codec(joins[j], schemas.rights[j], of, plan.rights[j])),
  ]
  const rows = rowCodecs(pipeline, schemas, plan, plans.dimensions, (d, of) =>
    codec(dimensions[d], schemas.dimensions[d], of, plan.dimensions[d]),
  )
  // Of fields that are not there a message has nothing.
  const missing = (fields: readonly OutputField[]): Bytes =>
    stored === null ? bytesOf(missingBytes(fields)) : NO_BYTES
  const [layout] = layoutsOf(pipeline, derived, plan, stored?.numbers)
  const frame = preparedFrame(layout)
  const internal = planOf(pipeline).sources.slice(values.length)
  return {
    sources: [
      ...values.map((of, s) => ({ values: of, key: keys.sources[s] })),
      // Internal records have text as their keys, and the values of the input where they are not completed.
      ...internal.map(({ isPrepared, input }) => ({
        values: isPrepared ? new PreparedCodec(frame) : values[input],
        key: keyReader('text'),
      })),
    ],
    dimensions: rows.codecs,
    rowParts: rows.parts,
    formerRows: rows.formers,
    dimensionKeys: keys.dimensions,
    rowLayouts: rows.layouts.map(
      (rowLayout, d) =>
        `${keys.dimensionLayouts[d]}${rowLayout}${versionsText(dimensions[d], derived.dimensions[d])}${pipeline.provenance ? ' with places' : ''}${stored === null ? '' : ` in Protobuf ${stored.numbers}`}`,
    ),
    missingDimension: plan.dimensions.map(missing),
    missing: plan.rights.map((right, j): [Bytes, Bytes] => {
      const before = [plan.facts, ...plan.dimensions, ...plan.rights.slice(0, j)].flat()
      return [missing(before), missing(right)]
    }),
    views: stored?.views ?? storedViews(plan),
    layout,
    leftKeys: leftKeyReaders(pipeline, plan),
    preparedFrame: frame,
    outputSchema: schemaText(plan.schema, 2),
    outputs: outputCodecs(pipeline, plan, kept, originsOf(pipeline, plan, schemas)),
  }
}

/** What schemas give: the layout, as `PipelineCodec` has it, with other names of it, and the output's schema. */
export interface Derived {
  readonly layouts: readonly string[]
  readonly outputSchema: string
}

/** Throws SCHEMA_INVALID where nothing can be read with the schemas. */
export function derive(pipeline: Pipeline, schemas: TopicSchemas, kept: KeptFiles = []): Derived {
  checkExpressions(pipeline, schemas)
  const plan = planOutput(pipeline, schemas)
  const plans = readerPlans(pipeline, plan, programsOf(pipeline, schemas), schemas)
  new AvroReader(schemas.facts, plans.facts)
  for (const [j, schema] of schemas.rights.entries()) new AvroReader(schema, plans.rights[j])
  for (const [d, schema] of schemas.dimensions.entries())
    new AvroReader(schema, plans.dimensions[d])
  const numbers = storedMessages(pipeline, plan, kept, schemas)?.numbers
  const layouts = layoutsOf(pipeline, withDerived(pipeline, schemas), plan, numbers)
  return { layouts, outputSchema: JSON.stringify(plan.schema) }
}

/** What planning sees of the values: of those in envelopes the rows. Throws SCHEMA_INVALID. */
export function topicSchemas(pipeline: Pipeline, schemas: ReaderSchemas): TopicSchemas {
  const values = schemas.map(({ schema }) => schema)
  refuseUndeclared(pipeline, values)
  const [facts, ...others] = rowSchemas(pipeline, values)
  const { length } = pipeline.joins
  return { facts, rights: others.slice(0, length), dimensions: others.slice(length) }
}

/**
 * The pipeline's files', else the registry's latest. Throws SCHEMA_INVALID for a file, with the place in the
 * pipeline file.
 */
export function latestSchemas(
  pipeline: Pipeline,
  registry: Registry | null,
): Promise<readonly LatestSchema[]> {
  const members = namedMembers(pipeline)
  return Promise.all(
    inputsOf(pipeline).map(async ({ path: at, config }, i) => {
      const path = [...at, config.type === null ? 'topic' : 'type']
      const read = atPlace(pipeline, path, ['SCHEMA_INVALID'], () =>
        FORMATS[config.format].schemaOf(config, registry, members[i]),
      )
      return config.schema === null ? read.catch(unusable) : read
    }),
  )
}

function unusable(error: unknown): UnusableSchema {
  if (!(error instanceof EnricherError) || error.code !== 'SCHEMA_INVALID') throw error
  const { id } = error.fields
  return { id: typeof id === 'number' ? id : -1, fault: error }
}

export const isUsable = (schema: LatestSchema): schema is ReaderSchema => 'schema' in schema

/** Throws SCHEMA_INVALID where one of them cannot be used. */
export function usableSchemas(schemas: readonly LatestSchema[]): ReaderSchemas {
  return schemas.map((schema) => {
    if (!isUsable(schema)) throw schema.fault
    return schema
  })
}

/** `latestSchemas` without their ids. Throws SCHEMA_INVALID. */
export const readSchemas = async (
  pipeline: Pipeline,
  registry: Registry | null,
): Promise<TopicSchemas> =>
  topicSchemas(pipeline, usableSchemas(await latestSchemas(pipeline, registry)))

/** The first bytes of values in Avro whose schema has a number: byte 0 and that. */
export const outputFrame = (schemaId: number): Bytes => schemaFrame(schemaId).prefix

/** What Avro has around a record's fields, and Protobuf around a message's. */
export const avroShape = ({ prefix, header }: SchemaFrame): OutputShape => ({
  open: prefix,
  header,
  between: NO_BYTES,
  close: NO_BYTES,
})

const missingBytes = (fields: readonly OutputField[]): Buffer =>
  Buffer.concat(fields.map((field) => field.missing ?? Buffer.alloc(0)))
