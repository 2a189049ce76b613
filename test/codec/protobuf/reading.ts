/** Reads values of a schema through the codec, whole. */
import { bytesOf } from '../../../src/bytes.ts'
import { AvroJson } from '../../../src/codec/avro/json-encoding.ts'
import type { AvroRecordSchema } from '../../../src/codec/avro/reader.ts'
import { ProtobufCodec } from '../../../src/codec/protobuf/codec.ts'
import { messageNamed } from '../../../src/codec/protobuf/message.ts'
import { readText } from '../../../src/codec/protobuf/schema.ts'
import { viewOf } from '../../../src/codec/protobuf/view.ts'

export const FIRST = Buffer.from([0, 0, 0, 0, 7, 0])

export async function viewOfText(text: string, type?: string): Promise<AvroRecordSchema> {
  const file = await readText({ id: 7, type: 'PROTOBUF', text, imports: new Map() })
  const message = type === undefined ? file.messages[0].message : messageNamed(file, type)!
  return viewOf({ message, file })
}

/** The value as the JSON of fixtures has it; a text: why there is none. @param isBare values are messages alone */
export function reading(
  schema: AvroRecordSchema,
  isBare = false,
): (message: Uint8Array, frame?: Buffer) => unknown {
  const select = schema.fields.map(({ name }) => ({ source: name, nullable: false }))
  const codec = new ProtobufCodec(null, schema, { select, keys: [], time: null }, null, isBare)
  const json = new AvroJson(schema)
  return (message, frame = FIRST) => {
    const value = Buffer.concat([Buffer.alloc(3, 0xff), frame, message, Buffer.alloc(3, 0xff)])
    const [start, end] = [3, value.length - 3]
    const reader = codec.reader(value, start, end, 0, 0)
    if (reader === null || typeof reader === 'string') return `${reader} ${codec.fault}`
    const reason = reader.read(0, bytesOf(value), start, end)
    if (reason !== null) return `${reason} ${reader.fault}`
    reader.select(0)
    const avro = bytesOf(Buffer.alloc(reader.projectedBytes))
    reader.project(avro, 0)
    return json.decode(avro)
  }
}
