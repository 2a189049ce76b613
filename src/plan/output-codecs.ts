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
import { type OutputField, type OutputPlan, selectedOutput } from './output-plan.ts'
import { readerPlan } from './reader-plans.ts'

/** By output, in the file's order. Throws SCHEMA_INVALID. */
export function outputCodecs(pipeline: Pipeline, plan: OutputPlan): OutputCodec[] {
  const { outputs } = pipeline
  const completed = plan.schema as AvroRecordSchema
  return outputs.map((output, i) => {
    const { select, key, where, fields } = output
    const takesAll = select === null && fields.length === 0
    const all = outputSchema(output, completed)
    const taken = selectedOutput(all, output)
    // The first has given the completed record its name.
    const schema = i === 0 && takesAll ? completed : taken.schema
    checkNames(pipeline, output, schema)
    const isPlain = takesAll && where === null && key === null
    return {
      schema: output.format === 'json' ? jsonSchemaText(schema) : schemaText(schema, 2),
      reader: readerOf(completed, taken.fields, output, schema as AvroRecordSchema, isPlain),
      isKeyed: key !== null,
      isWhole: isPlain && output.format === 'avro',
    }
  })
}

const NO_TIME = { time: null, timeUnit: null }

/** @param fields that the output takes. @param schema of these */
function readerOf(
  completed: AvroRecordSchema,
  fields: readonly OutputField[],
  output: OutputConfig,
  schema: AvroRecordSchema,
  isPlain: boolean,
): ValueReader {
  const { key } = output
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
