/** The outputs' values, and how they are made of the completed record. */
import { AvroReader, type AvroRecordSchema } from '../codec/avro-reader.ts'
import type { OutputCodec } from '../codec/port.ts'
import { schemaText } from '../codec/schema-json.ts'
import type { OutputConfig, Pipeline } from '../config/pipeline.ts'
import { type OutputPlan, selectedSchema } from './output-plan.ts'

/** By output, in the file's order. Throws SCHEMA_INVALID. */
export function outputCodecs({ outputs }: Pipeline, plan: OutputPlan): OutputCodec[] {
  const completed = plan.schema as AvroRecordSchema
  return outputs.map((output, i) => {
    // The first has given the completed record its name.
    const isCompleted = i === 0 && output.select === null
    const schema = isCompleted ? completed : selectedSchema(completed, output.topic, output.select)
    return {
      schema: schemaText(schema, 2),
      reader: readerOf(completed, output),
      isKeyed: output.key !== null,
      isWhole: output.select === null && output.key === null,
    }
  })
}

function readerOf(completed: AvroRecordSchema, { select, key }: OutputConfig): AvroReader {
  const sources = select?.map(({ source }) => source) ?? completed.fields.map(({ name }) => name)
  return new AvroReader(completed, {
    select: sources.map((source) => ({ source, nullable: false })),
    keys: key === null ? [] : [key],
    time: null,
  })
}
