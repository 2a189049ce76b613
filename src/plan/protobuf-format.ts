/** Protobuf values: framed, with the id of their schema and the indexes of their message, or bare. */

import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import { ProtobufCodec } from '../codec/protobuf/codec.ts'
import { type MessageFile, messageNamed } from '../codec/protobuf/message.ts'
import { readFile, readText } from '../codec/protobuf/schema.ts'
import { ProtobufDecoder } from '../codec/protobuf/value-decoder.ts'
import { viewOf } from '../codec/protobuf/view.ts'
import type { Registry } from '../codec/registry/registry.ts'
import { latestText, type SchemaText, textById } from '../codec/registry/schema-text.ts'
import { EnricherError, messageOf } from '../errors.ts'
import { checkRecord } from './avro-format.ts'
import type { SchemaConfig, ValueFormat } from './value-format.ts'

export const PROTOBUF: ValueFormat = {
  async schemaOf(config, registry) {
    const { topic, schema: file } = config
    if (file !== null) {
      const what = `The schema file ${file} of ${topic}`
      const schema = await readable(config, what, { topic, file }, () => readFile(file))
      return { id: 0, schema }
    }
    const found = await latestOf(config, registry!)
    return { id: found.id, schema: await registered(config, found) }
  },
  async recorded(config, id, registry) {
    const found = await textById(registry, id)
    return found?.type === 'PROTOBUF' ? { id, schema: await registered(config, found) } : undefined
  },
  codec({ type, frame }, schema, plan, registry) {
    return new ProtobufCodec(registry, schema, plan, type, frame === 'none')
  },
  decoder: ({ frame }, schema, registry) => new ProtobufDecoder(registry, schema, frame === 'none'),
}

function registered(config: SchemaConfig, found: SchemaText): Promise<AvroRecordSchema> {
  const { topic } = config
  const { id } = found
  const what = `The schema of ${topic} in the registry (id ${id})`
  return readable(config, what, { topic, id }, () => readText(found))
}

/** The view of the message that is read. Throws SCHEMA_INVALID. @param what it is, at the beginning of a sentence */
async function readable(
  { type }: SchemaConfig,
  what: string,
  fields: Record<string, unknown>,
  read: () => Promise<MessageFile>,
): Promise<AvroRecordSchema> {
  const fail = (fault: string, cause?: unknown): EnricherError =>
    new EnricherError('SCHEMA_INVALID', `${what} cannot be used: ${fault}`, { cause, fields })
  const file = await read().catch((cause) => {
    throw fail(messageOf(cause), cause)
  })
  const message = type === null ? file.messages[0].message : messageNamed(file, type)
  if (message === undefined) throw fail(`it has no message ${type}`)
  if (message.fields.length === 0) throw fail(`the message ${message.name} has no fields`)
  return checkRecord(viewOf({ message, file }), what, fields)
}

/** Under the subject of the topic, or of the message that is read. Throws SCHEMA_INVALID where there is none. */
async function latestOf({ topic, type }: SchemaConfig, registry: Registry): Promise<SchemaText> {
  const subjects = [registry.subjectOf(topic), ...(type === null ? [] : [`${topic}-${type}`, type])]
  for (const subject of subjects) {
    const found = await latestText(registry, subject)
    if (found === undefined) continue
    const isLast = subject === subjects.at(-1)
    if (isLast || type === null || (await hasMessage(found, type))) return found
  }
  const remedy = "register the topic's schema there, or name a file with schema"
  const message = `The registry ${registry.url} has no schema under ${subjects.join(', ')}; ${remedy}`
  throw new EnricherError('SCHEMA_INVALID', message, { fields: { topic } })
}

async function hasMessage(found: SchemaText, type: string): Promise<boolean> {
  if (found.type !== 'PROTOBUF') return false
  return messageNamed(await readText(found), type) !== undefined
}
