/** The outputs' values, and how they are made of the completed record. */
import { parseRecord } from '../codec/avro-parse.ts'
import { AvroReader, type AvroRecordSchema } from '../codec/avro-reader.ts'
import { JsonReader } from '../codec/json-reader.ts'
import { jsonSchemaOf } from '../codec/json-schema.ts'
import type { OutputCodec, ValueReader } from '../codec/port.ts'
import { schemaText } from '../codec/schema-json.ts'
import type { OutputConfig, Pipeline } from '../config/pipeline.ts'
import { Computation } from '../expression/computed.ts'
import { outputProgram } from './expressions.ts'
import { type OutputPlan, selectedSchema } from './output-plan.ts'

/** By output, in the file's order. Throws SCHEMA_INVALID. */
export function outputCodecs({ outputs }: Pipeline, plan: OutputPlan): OutputCodec[] {
  const completed = plan.schema as AvroRecordSchema
  return outputs.map((output, i) => {
    // The first has given the completed record its name.
    const isCompleted = i === 0 && output.select === null
    const schema = isCompleted ? completed : selectedSchema(completed, output.topic, output.select)
    const isPlain = output.where === null && output.select === null && output.key === null
    return {
      schema: output.format === 'json' ? jsonSchemaText(schema) : schemaText(schema, 2),
      reader: readerOf(completed, output),
      isKeyed: output.key !== null,
      isWhole: isPlain && output.format === 'avro',
    }
  })
}

function readerOf(completed: AvroRecordSchema, output: OutputConfig): ValueReader {
  const { select, key } = output
  const sources = select?.map(({ source }) => source) ?? completed.fields.map(({ name }) => name)
  const reader = new AvroReader(completed, {
    select: sources.map((source) => ({ source, nullable: false })),
    keys: key === null ? [] : [key],
    time: null,
  })
  const asked = outputProgram(output, completed)
  const keys = key === null ? [] : [null]
  const wanted = { select: [], keys, time: null, timeUnit: null }
  const filtered = asked === null ? reader : new Computation(asked.program, wanted).over(reader)
  if (output.format === 'avro') return filtered
  const fields = select ?? sources.map((source) => ({ name: source, source }))
  return new JsonReader(completed, fields, reader, filtered)
}

function jsonSchemaText(schema: object): string {
  const { name, fields } = schema as AvroRecordSchema
  const docs = fields.flatMap((field) =>
    field.doc === undefined ? [] : [[field.name, field.doc] as const],
  )
  return JSON.stringify(jsonSchemaOf(name, parseRecord(schema).fields, new Map(docs)), null, 2)
}
