import { readFileSync } from 'node:fs'
import type { RejectReason } from '../batch.ts'
import { type Bytes, bytesOf, NO_BYTES } from '../bytes.ts'
import { parseRecord } from '../codec/avro-parse.ts'
import { AvroReader, type AvroRecordSchema, type ReaderPlan } from '../codec/avro-reader.ts'
import { FRAME_BYTES, frameFault, isFramed, VALUE } from '../codec/framing.ts'
import { keyReader } from '../codec/keys.ts'
import type { PipelineCodec, TopicCodec, ValueReader } from '../codec/port.ts'
import { PreparedCodec, preparedFrame } from '../codec/prepared-codec.ts'
import { fullNameOf, isNamed } from '../codec/record-type.ts'
import type { Registry } from '../codec/registry.ts'
import { RegistryCodec } from '../codec/registry-codec.ts'
import { parseSchemaText, schemaText } from '../codec/schema-json.ts'
import { latestOf } from '../codec/subjects.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { atPlace } from '../config/places.ts'
import { inputsOf, repartitioned } from '../config/topic-names.ts'
import { EnricherError, messageOf } from '../errors.ts'
import type { OutputShape } from '../output/task-output.ts'
import { checkFields, checkOutputs } from './check-fields.ts'
import { checkExpressions, programsOf, withDerived } from './expressions.ts'
import { keyReaders } from './key-readers.ts'
import { layoutsOf } from './layout.ts'
import { outputCodecs } from './output-codecs.ts'
import { type OutputField, planOutput, type TopicSchemas } from './output-plan.ts'
import { planOf } from './plan.ts'
import { readerPlans } from './reader-plans.ts'
import { rowCodecs, versionsText } from './row-codecs.ts'
import { storedViews } from './stored-views.ts'

export interface ReaderSchema {
  /** The registry's; 0: it is a file's. */
  readonly id: number
  readonly schema: AvroRecordSchema
}

/** A latest schema in the registry that nothing can be read with. */
export interface UnusableSchema {
  /** -1: the registry does not say. */
  readonly id: number
  readonly fault: EnricherError
}

export type LatestSchema = ReaderSchema | UnusableSchema

/** The schemas of `inputTopics`, in their order: facts, right streams, dimensions. */
export type ReaderSchemas = readonly ReaderSchema[]

/** Values of a topic whose schema is a file: any schema id in the frame stands for it. */
class FileCodec implements TopicCodec {
  readonly #reader: ValueReader
  fault = ''

  constructor(schema: AvroRecordSchema, plan: ReaderPlan) {
    const reader = new AvroReader(schema, plan)
    this.#reader = plan.computation?.over(reader) ?? reader
  }

  reader(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): ValueReader | RejectReason {
    if (isFramed(VALUE, buffer, start, end, headerStart, headerEnd)) return this.#reader
    this.fault = frameFault(VALUE, buffer, start, end, headerStart, headerEnd)
    return 'not_framed'
  }

  async load(): Promise<void> {}
}

/**
 * Compiles everything that the hot path needs. Throws SCHEMA_INVALID.
 * @param registry has the schemas that records were written with; null: they are those of the files
 */
export function createPipelineCodec(
  pipeline: Pipeline,
  schemas: TopicSchemas,
  registry: Registry | null,
): PipelineCodec {
  checkFields(pipeline, schemas)
  const plan = planOutput(pipeline, schemas)
  checkOutputs(pipeline, plan)
  const derived = withDerived(pipeline, schemas)
  checkSchema(plan.schema, `of the output topic ${pipeline.output.topic}`, {})
  const plans = readerPlans(pipeline, plan, programsOf(pipeline, schemas))
  const { facts, joins, dimensions } = pipeline
  const keys = keyReaders(pipeline, derived, registry)
  const codec = (schema: AvroRecordSchema, of: ReaderPlan, type: string | null): TopicCodec =>
    registry === null ? new FileCodec(schema, of) : new RegistryCodec(registry, schema, of, type)
  const values = [
    codec(schemas.facts, plans.facts, facts.type),
    ...plans.rights.map((of, j) => codec(schemas.rights[j], of, joins[j].type)),
  ]
  const rows = rowCodecs(pipeline, schemas, plans.dimensions, (d, of) =>
    codec(schemas.dimensions[d], of, dimensions[d].type),
  )
  const [layout] = layoutsOf(pipeline, derived, plan)
  const frame = preparedFrame(layout)
  const isPrepared = planOf(pipeline).stages.map(({ to }) => to?.isPrepared === true)
  return {
    sources: [
      ...values.map((of, s) => ({ values: of, key: keys.sources[s] })),
      // Internal records have text as their keys, and the values of the input where they are not completed.
      ...repartitioned(pipeline).map(({ side }, i) => ({
        values: isPrepared[i] ? new PreparedCodec(frame) : values[side],
        key: keyReader('text'),
      })),
    ],
    dimensions: rows.codecs,
    rowParts: rows.parts,
    dimensionKeys: keys.dimensions,
    rowLayouts: rows.layouts.map(
      (rowLayout, d) =>
        `${keys.dimensionLayouts[d]}${rowLayout}${versionsText(dimensions[d], derived.dimensions[d])}${pipeline.provenance ? ' with places' : ''}`,
    ),
    missingDimension: plan.dimensions.map((part) => bytesOf(missing(part))),
    missing: plan.rights.map((right, j): [Bytes, Bytes] => {
      const before = [plan.facts, ...plan.dimensions, ...plan.rights.slice(0, j)].flat()
      return [bytesOf(missing(before)), bytesOf(missing(right))]
    }),
    views: storedViews(plan),
    layout,
    preparedFrame: frame,
    outputSchema: schemaText(plan.schema, 2),
    outputs: outputCodecs(pipeline, plan),
  }
}

/** What schemas give: the layout, as `PipelineCodec` has it, with other names of it, and the output's schema. */
export interface Derived {
  readonly layouts: readonly string[]
  readonly outputSchema: string
}

/** Throws SCHEMA_INVALID where nothing can be read with the schemas. */
export function derive(pipeline: Pipeline, schemas: TopicSchemas): Derived {
  checkExpressions(pipeline, schemas)
  const plan = planOutput(pipeline, schemas)
  const plans = readerPlans(pipeline, plan, programsOf(pipeline, schemas))
  new AvroReader(schemas.facts, plans.facts)
  for (const [j, schema] of schemas.rights.entries()) new AvroReader(schema, plans.rights[j])
  for (const [d, schema] of schemas.dimensions.entries())
    new AvroReader(schema, plans.dimensions[d])
  const layouts = layoutsOf(pipeline, withDerived(pipeline, schemas), plan)
  return { layouts, outputSchema: JSON.stringify(plan.schema) }
}

export function topicSchemas({ joins }: Pipeline, schemas: ReaderSchemas): TopicSchemas {
  const [facts, ...others] = schemas.map(({ schema }) => schema)
  const { length } = joins
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
  return Promise.all(
    inputsOf(pipeline).map(async ({ path: at, config: { topic, schema, type } }) => {
      const path = [...at, type === null ? 'topic' : 'type']
      const read = atPlace(pipeline, path, ['SCHEMA_INVALID'], async () =>
        schema === null
          ? latestSchema(topic, registry!, type)
          : { id: 0, schema: checkType(readSchema(topic, schema), type) },
      )
      return schema === null ? read.catch(unusable) : read
    }),
  )
}

function unusable(error: unknown): UnusableSchema {
  if (!(error instanceof EnricherError) || error.code !== 'SCHEMA_INVALID') throw error
  const { id } = error.fields
  return { id: typeof id === 'number' ? id : -1, fault: error }
}

function checkType(schema: AvroRecordSchema, type: string | null): AvroRecordSchema {
  if (type === null || isNamed(schema, type)) return schema
  const message = `the schema file has the record ${fullNameOf(schema)}, not ${type}`
  throw new EnricherError('SCHEMA_INVALID', message)
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

/** The first bytes of every output value: byte 0 and the schema's id. */
export function outputFrame(schemaId: number): Bytes {
  const frame = bytesOf(Buffer.alloc(FRAME_BYTES))
  frame.writeUInt32BE(schemaId, 1)
  return frame
}

/** What Avro has around a record's fields. @param frame that a value begins with */
export const avroShape = (frame: Bytes): OutputShape => ({
  open: frame,
  between: NO_BYTES,
  close: NO_BYTES,
})

/** The registry's latest for the topic's values. Throws SCHEMA_INVALID where there is none. */
export async function latestSchema(
  topic: string,
  registry: Registry,
  type: string | null,
): Promise<ReaderSchema> {
  const { id, schema } = await latestOf(topic, type, registry)
  return {
    id,
    schema: checkSchema(schema, `of ${topic} in the registry (id ${id})`, { topic, id }),
  }
}

/** The schema of an .avsc file. Throws SCHEMA_INVALID. */
export function readSchema(topic: string, file: string): AvroRecordSchema {
  let schema: unknown
  try {
    schema = parseSchemaText(readFileSync(file, 'utf8'))
  } catch (cause) {
    const message = `The schema file ${file} of ${topic} cannot be read: ${messageOf(cause)}`
    throw new EnricherError('SCHEMA_INVALID', message, { cause, fields: { topic, file } })
  }
  return checkSchema(schema, `of ${topic}, ${file},`, { topic, file })
}

/** Throws SCHEMA_INVALID unless it is a record's. @param what belongs to whom, for the message */
function checkSchema(
  schema: unknown,
  what: string,
  fields: Record<string, unknown>,
): AvroRecordSchema {
  try {
    parseRecord(schema)
    const record = schema as AvroRecordSchema
    if (record.type !== 'record') throw new Error('it is not an Avro record')
    return record
  } catch (cause) {
    const message = `The schema ${what} cannot be used: ${messageOf(cause)}`
    throw new EnricherError('SCHEMA_INVALID', message, { cause, fields })
  }
}

const missing = (fields: readonly OutputField[]): Buffer =>
  Buffer.concat(fields.map((field) => field.missing ?? Buffer.alloc(0)))
