import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import avsc from 'avsc'
import type { RejectReason } from '../batch.ts'
import { type Bytes, bytesOf } from '../bytes.ts'
import type { Pipeline, TopicConfig } from '../config/pipeline.ts'
import { EnricherError, messageOf } from '../errors.ts'
import {
  type OutputField,
  type OutputPlan,
  planOutput,
  type TopicSchemas,
} from '../output/schema.ts'
import { AvroReader, type AvroRecordSchema, type ReaderPlan } from './avro-reader.ts'
import { storedViews } from './avro-view.ts'
import { checkFields } from './check-fields.ts'
import { keyReader } from './keys.ts'
import type { PipelineCodec, TopicCodec, ValueReader } from './port.ts'
import type { Registry } from './registry.ts'
import { RegistryCodec } from './registry-codec.ts'

/** Changes when stored bytes change their meaning without the schemas changing. */
const LAYOUT_VERSION = 1
const FRAME_BYTES = 5

/** Values of a topic whose schema is a file: any schema id in the frame stands for it. */
class FileCodec implements TopicCodec {
  readonly #reader: AvroReader
  fault = ''

  constructor(schema: AvroRecordSchema, plan: ReaderPlan) {
    this.#reader = new AvroReader(schema, plan)
  }

  reader(buffer: Buffer, start: number, end: number): ValueReader | RejectReason {
    if (end - start >= FRAME_BYTES && buffer[start] === 0) return this.#reader
    this.fault = 'The value does not begin with byte 0 and a schema id (Confluent framing)'
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
  checkSchema(plan.schema, `of the output topic ${pipeline.output.topic}`)
  const { facts, join, dimensions } = pipeline
  const factKeys = [join.onLeft, ...dimensions.map(({ on }) => on)]
  const codec = (schema: AvroRecordSchema, of: ReaderPlan): TopicCodec =>
    registry === null ? new FileCodec(schema, of) : new RegistryCodec(registry, schema, of)
  return {
    facts: codec(schemas.facts, {
      select: selection(plan.facts),
      keys: factKeys,
      time: facts.time,
    }),
    right: codec(schemas.right, {
      select: selection(plan.right),
      keys: [join.onRight],
      time: join.time,
    }),
    dimensions: schemas.dimensions.map((schema, d) =>
      codec(schema, { select: selection(plan.dimensions[d]), keys: [], time: null }),
    ),
    factsKey: keyReader(facts.keyFormat),
    rightKey: keyReader(join.keyFormat),
    dimensionKeys: dimensions.map(({ keyFormat }) => keyReader(keyFormat)),
    missingDimension: plan.dimensions.map((part) => bytesOf(missing(part))),
    missingRight: bytesOf(missing(plan.right)),
    views: storedViews(plan),
    layout: layoutOf(pipeline, plan),
    outputSchema: JSON.stringify(plan.schema, null, 2),
  }
}

/** The schemas that the pipeline reads with: its files', else the registry's latest under `<topic>-value`. */
export async function readSchemas(
  pipeline: Pipeline,
  registry: Registry | null,
): Promise<TopicSchemas> {
  const read = async (topic: TopicConfig): Promise<AvroRecordSchema> =>
    topic.schema === null
      ? latestSchema(topic.topic, registry!)
      : readSchema(topic.topic, topic.schema)
  const [facts, right, ...dimensions] = await Promise.all(
    [pipeline.facts, pipeline.join, ...pipeline.dimensions].map(read),
  )
  return { facts, right, dimensions }
}

/** The first bytes of every output value: byte 0 and the schema's id. */
export function outputFrame(schemaId: number): Bytes {
  const frame = bytesOf(Buffer.alloc(FRAME_BYTES))
  frame.writeUInt32BE(schemaId, 1)
  return frame
}

/** The latest under `<topic>-value`. Throws SCHEMA_INVALID where there is none. */
export async function latestSchema(topic: string, registry: Registry): Promise<AvroRecordSchema> {
  const { schema } = await registry.latest(`${topic}-value`)
  return checkSchema(schema, `of ${topic} in the registry`)
}

/** Of an .avsc file. Throws SCHEMA_INVALID. */
export function readSchema(topic: string, file: string): AvroRecordSchema {
  let schema: unknown
  try {
    schema = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    const message = `The schema file ${file} of ${topic} cannot be read: ${messageOf(cause)}`
    throw new EnricherError('SCHEMA_INVALID', message, { cause, fields: { topic, file } })
  }
  return checkSchema(schema, `of ${topic}, ${file},`)
}

function checkSchema(schema: unknown, what: string): AvroRecordSchema {
  try {
    avsc.Type.forSchema(schema as avsc.Schema)
    const record = schema as AvroRecordSchema
    if (record.type !== 'record') throw new Error('it is not a record')
    return record
  } catch (cause) {
    const message = `The schema ${what} cannot be used: ${messageOf(cause)}`
    throw new EnricherError('SCHEMA_INVALID', message, { cause })
  }
}

const selection = (fields: readonly OutputField[]): ReaderPlan['select'] =>
  fields.map(({ source, branch }) => ({ source, nullable: branch }))

const missing = (fields: readonly OutputField[]): Buffer =>
  Buffer.concat(fields.map((field) => field.missing ?? Buffer.alloc(0)))

function layoutOf({ join }: Pipeline, plan: OutputPlan): string {
  const { beforeMs, afterMs, graceMs, kind } = join
  const stored = [LAYOUT_VERSION, plan.schema, { beforeMs, afterMs, graceMs, kind }]
  return createHash('sha256').update(JSON.stringify(stored)).digest('hex').slice(0, 16)
}
