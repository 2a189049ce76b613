/** Parts that are stored as fields of the output's messages: see `storesMessages`. */
import { createHash } from 'node:crypto'
import { bytesOf } from '../bytes.ts'
import { AvroDecoder } from '../codec/avro/decode.ts'
import { parseRecord } from '../codec/avro/parse.ts'
import type { AvroRecordSchema, ReaderPlan } from '../codec/avro/reader.ts'
import { AvroSource } from '../codec/avro/walk.ts'
import { PLAIN } from '../codec/plain-form.ts'
import type { RecordView, StoredViews, TopicCodec } from '../codec/port.ts'
import { writeCopied } from '../codec/protobuf/copied-fields.ts'
import { KeptFile } from '../codec/protobuf/kept-numbers.ts'
import { type EnumType, fieldTypeText, type Message } from '../codec/protobuf/message.ts'
import { MessageBytes } from '../codec/protobuf/message-bytes.ts'
import type { OwnField } from '../codec/protobuf/own-types.ts'
import { PartCodec } from '../codec/protobuf/part-codec.ts'
import type { Write } from '../codec/protobuf/value-forms.ts'
import { COPIED, viewWithCopied } from '../codec/protobuf/view.ts'
import type { Pipeline } from '../config/pipeline.ts'
import type { KeptFiles } from './kept-files.ts'
import { originsOf } from './origins.ts'
import { allOf, type OutputField, type OutputPlan, type TopicSchemas } from './output-plan.ts'
import { type ProtobufOutput, protobufOutput } from './protobuf-output.ts'
import { storesMessages } from './stored-form.ts'

export interface StoredMessages {
  /** Gives what a topic's values have of a part as fields of the message. */
  part(topic: PartTopic, fields: readonly OutputField[]): TopicCodec
  readonly views: StoredViews
  /** Changes when the same fields have other numbers. */
  readonly numbers: string
}

/** A topic of which a part comes. */
interface PartTopic {
  readonly schema: AvroRecordSchema
  readonly plan: ReaderPlan
  codec(schema: AvroRecordSchema, plan: ReaderPlan): TopicCodec
}

/** null: parts are stored in Avro. */
export function storedMessages(
  pipeline: Pipeline,
  plan: OutputPlan,
  kept: KeptFiles,
  schemas: TopicSchemas,
): StoredMessages | null {
  if (!storesMessages(pipeline)) return null
  const output = protobufOutput(
    plan.schema as AvroRecordSchema,
    kept[0] ?? new KeptFile(undefined),
    originsOf(pipeline, plan, schemas),
  )
  const all = allOf(plan)
  return {
    part(topic, fields) {
      const written = fields.map((field): PartField => {
        const at = all.indexOf(field)
        return { field, write: output.writers[at], own: ownOf(topic, field, output.sources[at]) }
      })
      return partCodec(topic, written)
    },
    views: viewsOf(output, plan),
    numbers: numbersOf(output),
  }
}

interface PartField {
  readonly field: OutputField
  readonly write: Write
  /** null: it is written of its Avro. */
  readonly own: OwnField | null
}

/** Fields inside of messages are not where the message's own are. */
const ownOf = ({ schema }: PartTopic, { source }: OutputField, own: OwnField | null) =>
  schema.fields.some(({ name }) => name === source) ? own : null

/** What is copied is one value, in front of the others. */
function partCodec({ schema, plan, codec }: PartTopic, fields: readonly PartField[]): TopicCodec {
  const copied = fields.flatMap(({ field, own }) =>
    own === null ? [] : [{ name: field.source, own }],
  )
  if (copied.length === 0) {
    return new PartCodec(
      codec(schema, plan),
      fields.map(({ write }) => write),
    )
  }
  const others = fields.filter(({ own }) => own === null)
  // What is computed is selected apart.
  const select = plan.select.filter((_, i) => fields[i].own === null)
  const made = codec(viewWithCopied(schema, copied), {
    ...plan,
    select: [{ source: COPIED, nullable: false }, ...select],
  })
  return new PartCodec(made, [writeCopied, ...others.map(({ write }) => write)])
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
