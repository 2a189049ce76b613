/** The outputs' values, and how they are made of the completed record. */
import { AvroReader, type AvroRecordSchema } from '../codec/avro-reader.ts'
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
    return {
      schema: schemaText(schema, 2),
      reader: readerOf(completed, output),
      isKeyed: output.key !== null,
      isWhole: output.where === null && output.select === null && output.key === null,
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
  if (asked === null) return reader
  const keys = key === null ? [] : [null]
  return new Computation(asked.program, { select: [], keys, time: null, timeUnit: null }).over(
    reader,
  )
}
