/** The outputs' values, and how they are made of the completed record. */
import { parseRecord } from '../codec/avro/parse.ts'
import { AvroReader, type AvroRecordSchema } from '../codec/avro/reader.ts'
import { schemaText } from '../codec/avro/schema-json.ts'
import { JsonReader } from '../codec/json/reader.ts'
import { jsonSchemaOf } from '../codec/json/schema.ts'
import type { OutputCodec, ValueReader } from '../codec/port.ts'
import { KeptFile } from '../codec/protobuf/kept-numbers.ts'
import { ProtobufReader } from '../codec/protobuf/protobuf-reader.ts'
import type { OutputConfig, Pipeline } from '../config/pipeline.ts'
import { outputProgram, outputSchema } from './expressions.ts'
import type { KeptFiles } from './kept-files.ts'
import { type Origins, takenOrigins } from './origins.ts'
import { checkNames } from './output-names.ts'
import { docsOf, type OutputField, type OutputPlan, selectedOutput } from './output-plan.ts'
import { protobufOutput } from './protobuf-output.ts'
import { readerPlan } from './reader-plans.ts'
import { storesMessages } from './stored-form.ts'

/** By output, in the file's order. Throws SCHEMA_INVALID. @param origins of the completed record's fields */
export function outputCodecs(
  pipeline: Pipeline,
  plan: OutputPlan,
  kept: KeptFiles,
  origins: Origins,
): OutputCodec[] {
  const { outputs } = pipeline
  const completed = plan.schema as AvroRecordSchema
  return outputs.map((output, i) => {
    const { format, select, key, where, fields } = output
    const takesAll = select === null && fields.length === 0
    const all = outputSchema(output, completed)
    const taken = selectedOutput(all, output)
    // The first has given the completed record its name.
    const schema = (i === 0 && takesAll ? completed : taken.schema) as AvroRecordSchema
    checkNames(pipeline, output, schema)
    const reader = readerOf(completed, taken.fields, output)
    const isPlain = takesAll && where === null && key === null
    return {
      ...formOf(format, schema, reader, isPlain, takenOrigins(origins, taken.fields), kept[i]),
      isKeyed: key !== null,
      isWhole: isPlain && (isWholeAvro(pipeline, format) || storesMessages(pipeline)),
    }
  })
}

/** Where a header names the schema, records are written by themselves: those that a task writes at once keep their headers as they are. */
const isWholeAvro = ({ registry }: Pipeline, format: OutputConfig['format']): boolean =>
  format === 'avro' && registry?.type !== 'azure'

const NOT_PROTOBUF = { view: null, invented: [] }

type Form = Pick<OutputCodec, 'schema' | 'reader' | 'view' | 'invented'>

/** @param inner projects in Avro what the output takes, which is of the schema. @param isPlain whether that is all there is */
function formOf(
  format: OutputConfig['format'],
  schema: AvroRecordSchema,
  inner: ValueReader,
  isPlain: boolean,
  origins: Origins,
  kept: KeptFile = new KeptFile(undefined),
): Form {
  switch (format) {
    case 'avro':
      return { schema: schemaText(schema, 2), reader: inner, ...NOT_PROTOBUF }
    case 'json':
      return {
        schema: jsonSchemaText(schema),
        reader: new JsonReader(schema, inner, isPlain),
        ...NOT_PROTOBUF,
      }
    case 'protobuf': {
      const { text, writers, view, invented } = protobufOutput(schema, kept, origins)
      return { schema: text, reader: new ProtobufReader(writers, inner), view, invented }
    }
  }
}

const NO_TIME = { time: null, timeUnit: null }

/** @param fields that the output takes */
function readerOf(
  completed: AvroRecordSchema,
  fields: readonly OutputField[],
  output: OutputConfig,
): ValueReader {
  const { key } = output
  const program = outputProgram(output, completed)?.program ?? null
  const plan = readerPlan(fields, program, key === null ? [] : [key], NO_TIME)
  const reader = new AvroReader(completed, plan)
  return plan.computation?.over(reader) ?? reader
}

const jsonSchemaText = (schema: AvroRecordSchema): string =>
  JSON.stringify(jsonSchemaOf(schema.name, parseRecord(schema).fields, docsOf(schema)), null, 2)
