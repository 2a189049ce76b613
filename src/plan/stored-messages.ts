/** Parts that are stored as fields of the output's messages: see `storesMessages`. */
import { createHash } from 'node:crypto'
import { bytesOf } from '../bytes.ts'
import { AvroDecoder } from '../codec/avro/decode.ts'
import { parseRecord } from '../codec/avro/parse.ts'
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import { AvroSource } from '../codec/avro/walk.ts'
import { PLAIN } from '../codec/plain-form.ts'
import type { RecordView, StoredViews, TopicCodec } from '../codec/port.ts'
import { KeptFile } from '../codec/protobuf/kept-numbers.ts'
import { type EnumType, fieldTypeText, type Message } from '../codec/protobuf/message.ts'
import { MessageBytes } from '../codec/protobuf/message-bytes.ts'
import { PartCodec } from '../codec/protobuf/part-codec.ts'
import type { Pipeline } from '../config/pipeline.ts'
import type { KeptFiles } from './kept-files.ts'
import { allOf, type OutputField, type OutputPlan } from './output-plan.ts'
import { type ProtobufOutput, protobufOutput } from './protobuf-output.ts'
import { storesMessages } from './stored-form.ts'

export interface StoredMessages {
  /** Gives what a codec's values have of a part as fields of the message. */
  part(codec: TopicCodec, fields: readonly OutputField[]): TopicCodec
  readonly views: StoredViews
  /** Changes when the same fields have other numbers. */
  readonly numbers: string
}

/** null: parts are stored in Avro. */
export function storedMessages(
  pipeline: Pipeline,
  plan: OutputPlan,
  kept: KeptFiles,
): StoredMessages | null {
  if (!storesMessages(pipeline)) return null
  const output = protobufOutput(plan.schema as AvroRecordSchema, kept[0] ?? new KeptFile(undefined))
  const all = allOf(plan)
  return {
    part(codec, fields) {
      return new PartCodec(
        codec,
        fields.map((field) => output.writers[all.indexOf(field)]),
      )
    },
    views: viewsOf(output, plan),
    numbers: numbersOf(output),
  }
}

function viewsOf({ view }: ProtobufOutput, plan: OutputPlan): StoredViews {
  const bytes = new MessageBytes(view)
  const decoder = new AvroDecoder(parseRecord(view), PLAIN)
  const of =
    (fields: readonly OutputField[]): RecordView =>
    (stored) => {
      const avro = bytesOf(bytes.avroOf(stored))
      const source = new AvroSource()
      source.open(avro, 0, avro.length)
      const record = decoder.decode(source) as Record<string, unknown>
      return Object.fromEntries(fields.map(({ name }) => [name, record[name]]))
    }
  const { facts, dimensions, rights } = plan
  return {
    sources: [of([...facts, ...dimensions.flat()]), ...rights.map(of)],
    dimensions: dimensions.map(of),
  }
}

function numbersOf({ main, messages, enums }: ProtobufOutput): string {
  const ofMessage = ({ name, fields }: Message): unknown => [
    name,
    fields.map((field) => [field.name, field.number, fieldTypeText(field)]),
  ]
  // A file may have symbols in any order.
  const ofEnum = ({ name, symbols }: EnumType): unknown => [
    name,
    [...symbols].sort(([a], [b]) => a - b),
  ]
  const all = [[main, ...messages].map(ofMessage), enums.map(ofEnum)]
  return createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 16)
}
