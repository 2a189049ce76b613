import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import avsc from 'avsc'
import type { RejectReason } from '../batch.ts'
import type { Pipeline, TopicConfig } from '../config/pipeline.ts'
import { EnricherError, messageOf } from '../errors.ts'
import {
  type OutputField,
  type OutputPlan,
  planOutput,
  type TopicSchemas,
} from '../output/schema.ts'
import { AvroReader, type AvroRecordSchema, type ReaderPlan } from './avro-reader.ts'
import { keyReader } from './keys.ts'
import type { PipelineCodec, TopicCodec, ValueReader } from './port.ts'

/** Changes when stored bytes change their meaning without the schemas changing. */
const LAYOUT_VERSION = 1

/** Values of a topic whose schema is a file: any schema id in the frame stands for it. */
class FileCodec implements TopicCodec {
  readonly #reader: AvroReader
  fault = ''

  constructor(schema: AvroRecordSchema, plan: ReaderPlan) {
    this.#reader = new AvroReader(schema, plan)
  }

  reader(buffer: Buffer, start: number, end: number): ValueReader | RejectReason {
    if (end - start >= 5 && buffer[start] === 0) return this.#reader
    this.fault = 'The value does not begin with byte 0 and a schema id (Confluent framing)'
    return 'not_framed'
  }

  async load(): Promise<void> {}
}

/** Reads the schema files and compiles everything that the hot path needs. Throws SCHEMA_INVALID. */
export function createPipelineCodec(pipeline: Pipeline): PipelineCodec {
  const schemas = readSchemas(pipeline)
  const plan = planOutput(pipeline, schemas)
  const { facts, join, dimensions, output } = pipeline
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(output.schemaId ?? 0, 1)
  const factKeys = [join.onLeft, ...dimensions.map(({ on }) => on)]
  return {
    facts: new FileCodec(schemas.facts, {
      select: selection(plan.facts),
      keys: factKeys,
      time: facts.time,
    }),
    right: new FileCodec(schemas.right, {
      select: selection(plan.right),
      keys: [join.onRight],
      time: join.time,
    }),
    dimensions: schemas.dimensions.map(
      (schema, d) =>
        new FileCodec(schema, { select: selection(plan.dimensions[d]), keys: [], time: null }),
    ),
    factsKey: keyReader(facts.keyFormat),
    rightKey: keyReader(join.keyFormat),
    dimensionKeys: dimensions.map(({ keyFormat }) => keyReader(keyFormat)),
    outputFrame: frame,
    missingDimension: plan.dimensions.map(missing),
    missingRight: missing(plan.right),
    layout: layoutOf(pipeline, plan),
    outputSchema: JSON.stringify(plan.schema, null, 2),
  }
}

export function readSchemas(pipeline: Pipeline): TopicSchemas {
  return {
    facts: readSchema(pipeline.facts),
    right: readSchema(pipeline.join),
    dimensions: pipeline.dimensions.map(readSchema),
  }
}

function readSchema({ topic, schema: file }: TopicConfig): AvroRecordSchema {
  try {
    const schema = JSON.parse(readFileSync(file!, 'utf8'))
    avsc.Type.forSchema(schema)
    if (schema.type !== 'record') throw new Error('it is not a record')
    return schema
  } catch (cause) {
    const message = `The schema of ${topic}, ${file}, cannot be used: ${messageOf(cause)}`
    throw new EnricherError('SCHEMA_INVALID', message, { cause, fields: { topic, file } })
  }
}

const selection = (fields: readonly OutputField[]): ReaderPlan['select'] =>
  fields.map(({ source, branch }) => ({ source, nullable: branch }))

const missing = (fields: readonly OutputField[]): Buffer =>
  Buffer.concat(fields.map((field) => field.missing ?? Buffer.alloc(0)))

function layoutOf({ join }: Pipeline, plan: OutputPlan): string {
  const { beforeMs, afterMs, kind } = join
  const stored = [LAYOUT_VERSION, plan.schema, { beforeMs, afterMs, kind }]
  return createHash('sha256').update(JSON.stringify(stored)).digest('hex').slice(0, 16)
}
