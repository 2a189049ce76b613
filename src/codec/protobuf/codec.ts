import type { RejectReason } from '../../batch.ts'
import { messageOf } from '../../errors.ts'
import type { AvroRecordSchema, ReaderPlan } from '../avro/reader.ts'
import type { Transcode } from '../avro/transfer.ts'
import { FRAME_BYTES, frameFault, isFramed, VALUE } from '../frame/framing.ts'
import { OTHER_TYPE, type OtherType, type TopicCodec, type ValueReader } from '../port.ts'
import { Projection } from '../projection.ts'
import type { Registry } from '../registry/registry.ts'
import { textById } from '../registry/schema-text.ts'
import { WriterSchemas } from '../registry/writer-schemas.ts'
import { behindIndexes, wayOf } from './framing.ts'
import { localName, type Message, type MessageFile, messageAt } from './message.ts'
import { readText } from './schema.ts'
import { transcodeMessage } from './transcode.ts'
import { type Origin, originOf } from './view.ts'

interface Refusal {
  readonly reason: RejectReason | OtherType
  readonly fault: string
}

/** A schema that values were written with: readers of its messages, by the way to each. */
interface Writer {
  readonly file: MessageFile
  readonly readers: Map<string, ValueReader | Refusal>
}

const FIRST_MESSAGE = 0

/** Protobuf values of a topic: each is read by the numbers of its fields as the reader's message. */
export class ProtobufCodec implements TopicCodec {
  readonly #origin: Origin
  readonly #projection: Projection
  readonly #type: string | null
  /** null: all values are of the file's schema. */
  readonly #schemas: WriterSchemas | null
  readonly #registry: Registry | null
  readonly #known = new Map<number, Writer | Refusal>()
  readonly #own: Writer
  /** Of values without a frame, which are all of the reader's message; null: values are framed. */
  readonly #bare: ValueReader | null
  #lastId = -1
  #lastReader: ValueReader | undefined
  fault = ''

  /**
   * @param type of the messages that are read, where others are passed over; null: all are of one
   * @param isBare values are messages, without a frame
   */
  constructor(
    registry: Registry | null,
    schema: AvroRecordSchema,
    plan: ReaderPlan,
    type: string | null,
    isBare = false,
  ) {
    this.#origin = originOf(schema)
    this.#projection = new Projection(schema, plan)
    this.#type = type
    this.#registry = registry
    this.#schemas = registry && new WriterSchemas(registry)
    this.#own = { file: this.#origin.file, readers: new Map() }
    this.#bare = isBare
      ? this.#projection.through(this.#transcodeOf(this.#origin.message), 0)
      : null
  }

  reader(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): ValueReader | RejectReason | OtherType | null {
    if (this.#bare !== null) return this.#bare
    if (!isFramed(VALUE, buffer, start, end, headerStart, headerEnd)) {
      this.fault = frameFault(VALUE, buffer, start, end, headerStart, headerEnd)
      return 'not_framed'
    }
    const id = buffer.readInt32BE(start + 1)
    const isFirst = end > start + FRAME_BYTES && buffer[start + FRAME_BYTES] === FIRST_MESSAGE
    if (isFirst && id === this.#lastId) return this.#lastReader!
    const writer = this.#registry === null ? this.#own : this.#known.get(id)
    if (writer === undefined) return this.#refuseUnknown(id)
    const found = 'reason' in writer ? writer : this.#readerAt(writer, id, buffer, start, end)
    if ('reason' in found) {
      this.fault = found.fault
      return found.reason
    }
    if (isFirst) {
      this.#lastId = id
      this.#lastReader = found
    }
    return found
  }

  /** null: the registry may know it. */
  #refuseUnknown(id: number): RejectReason | null {
    const fault = this.#schemas!.fault(id)
    if (fault === undefined) return null
    this.fault = fault
    return 'unknown_schema'
  }

  #readerAt(
    { file, readers }: Writer,
    id: number,
    buffer: Buffer,
    start: number,
    end: number,
  ): ValueReader | Refusal {
    const way = wayOf(buffer, start + FRAME_BYTES, end)
    if (way === null) {
      const fault = 'Behind the schema id there are no indexes of a message, as Confluent has them'
      return { reason: 'malformed', fault }
    }
    const name = way.join('.')
    const known = readers.get(name)
    if (known !== undefined) return known
    const message = messageAt(file, way)
    if (message === undefined) {
      const fault = `The schema ${id} has no message with the indexes ${name}`
      return { reason: 'incompatible_schema', fault }
    }
    const made = this.#readerOf(message, id)
    readers.set(name, made)
    return made
  }

  #readerOf(writer: Message, id: number): ValueReader | Refusal {
    const { message } = this.#origin
    const isOther = localName(writer) !== localName(message)
    if (isOther && this.#type !== null) {
      return { reason: OTHER_TYPE, fault: `The value is of another type: ${writer.name}` }
    }
    try {
      if (isOther) throw new Error(`it is a ${writer.name}`)
      return this.#projection.through(behindIndexes(this.#transcodeOf(writer)))
    } catch (error) {
      const fault = `The schema ${id} cannot be read as ${message.name}: ${messageOf(error)}`
      return { reason: 'incompatible_schema', fault }
    }
  }

  /** Throws Incompatible. */
  #transcodeOf(writer: Message): Transcode {
    const { message, copied } = this.#origin
    return transcodeMessage(writer, message, this.#projection.record, copied)
  }

  async load(buffer: Buffer, start: number): Promise<void> {
    const id = buffer.readInt32BE(start + 1)
    const read = (patienceMs: number) => textById(this.#registry!, id, patienceMs)
    const found = await this.#schemas?.load(id, `The schema ${id}`, read)
    if (found === undefined) return
    try {
      this.#known.set(id, { file: await readText(found.schema), readers: new Map() })
    } catch (error) {
      const fault = `The schema ${id} cannot be read: ${messageOf(error)}`
      this.#known.set(id, { reason: 'incompatible_schema', fault })
    }
  }
}
