/** An output's values in Protobuf: the .proto file, and what writes the fields. */
import { parseRecord } from '../codec/avro/parse.ts'
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import { unqualified } from '../codec/avro/schema.ts'
import type { KeptFile } from '../codec/protobuf/kept-numbers.ts'
import { type OutputMessage, outputMessage } from '../codec/protobuf/output-message.ts'
import { protoText } from '../codec/protobuf/output-text.ts'
import { viewOf } from '../codec/protobuf/view.ts'
import type { Origins } from './origins.ts'
import { docsOf } from './output-plan.ts'

export interface ProtobufOutput extends OutputMessage {
  /** Of the .proto file. */
  readonly text: string
  /** What its messages are read as. */
  readonly view: AvroRecordSchema
}

/**
 * @param kept what the file was before, whose message and package keep their names, too
 * @param origins of the schema's fields
 */
export function protobufOutput(
  schema: AvroRecordSchema,
  kept: KeptFile,
  origins: Origins,
): ProtobufOutput {
  const record = parseRecord(schema)
  const { full } = record.name
  const own = { name: unqualified(full), space: packageOf(full.split('.').slice(0, -1)) }
  const { name, space } = kept.place ?? own
  const made = outputMessage(
    name,
    space,
    record,
    kept,
    record.fields.map((field) => origins.get(field.name) ?? null),
  )
  const file = { messages: [{ message: made.main, nested: [] }] }
  const view = viewOf({ message: made.main, file })
  return { ...made, text: protoText(made, docsOf(schema)), view }
}

/** Letters of other scripts are no part of a package's name. */
const packageOf = (parts: readonly string[]): string =>
  parts.map((part) => part.replaceAll(/\W/g, '_')).join('.')
