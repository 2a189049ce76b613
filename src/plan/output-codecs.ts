/** The outputs' values, and how they are made of the completed record. */
import { parseRecord } from '../codec/avro-parse.ts'
import { AvroReader, type AvroRecordSchema } from '../codec/avro-reader.ts'
import { JsonReader } from '../codec/json-reader.ts'
import { jsonSchemaOf } from '../codec/json-schema.ts'
import type { OutputCodec, ValueReader } from '../codec/port.ts'
import { schemaText } from '../codec/schema-json.ts'
import type { OutputConfig, Pipeline } from '../config/pipeline.ts'
import { checkNames } from './avro-names.ts'
import { outputProgram, outputSchema } from './expressions.ts'
import { type OutputPlan, selectedSchema } from './output-plan.ts'
import { readerPlan } from './reader-plans.ts'

/** By output, in the file's order. Throws SCHEMA_INVALID. */
export function outputCodecs(pipeline: Pipeline, plan: OutputPlan): OutputCodec[] {
  const { outputs } = pipeline
  const completed = plan.schema as AvroRecordSchema
  return outputs.map((output, i) => {
    const { select, key, where, fields } = output
    const takesAll = select === null && fields.length === 0
    const all = outputSchema(output, completed)
    // The first has given the completed record its name.
    const schema = i === 0 && takesAll ? completed : selectedSchema(all, output)
    checkNames(pipeline, output, schema)
    const isPlain = takesAll && where === null && key === null
    return {
      schema: output.format === 'json' ? jsonSchemaText(schema) : schemaText(schema, 2),
      reader: readerOf(completed, all, output, schema as AvroRecordSchema, isPlain),
      isKeyed: key !== null,
      isWhole: isPlain && output.format === 'avro',
    }
  })
}

const NO_TIME = { time: null, timeUnit: null }

/** @param all the completed record's fields, and what is derived of them. @param schema of what the output takes */
function readerOf(
  completed: AvroRecordSchema,
  all: AvroRecordSchema,
  output: OutputConfig,
  schema: AvroRecordSchema,
  isPlain: boolean,
): ValueReader {
  const { select, key } = output
  const sources = select?.map(({ source }) => source) ?? all.fields.map(({ name }) => name)
  const fields = sources.map((source) => ({ source, branch: false }))
  const program = outputProgram(output, completed)?.program ?? null
  const plan = readerPlan(fields, program, key === null ? [] : [key], NO_TIME)
  const reader = new AvroReader(completed, plan)
  const computed = plan.computation?.over(reader) ?? reader
  return output.format === 'avro' ? computed : new JsonReader(schema, computed, isPlain)
}

function jsonSchemaText(schema: object): string {
  const { name, fields } = schema as AvroRecordSchema
  const docs = fields.flatMap((field) =>
    field.doc === undefined ? [] : [[field.name, field.doc] as const],
  )
  return JSON.stringify(jsonSchemaOf(name, parseRecord(schema).fields, new Map(docs)), null, 2)
}
