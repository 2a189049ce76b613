import type { RejectReason } from '../../batch.ts'
import { messageOf } from '../../errors.ts'
import { parseRecord } from '../avro/parse.ts'
import { FRAME_BYTES, frameFault, isFramed, KEY } from '../frame/framing.ts'
import type { FramedKeyPlan, KeyPlans } from '../keys/avro.ts'
import { keyPlanFor } from '../keys/plan.ts'
import { keyFault } from '../registry/key-plans.ts'
import type { Registry } from '../registry/registry.ts'
import { textById } from '../registry/schema-text.ts'
import { WriterSchemas } from '../registry/writer-schemas.ts'
import { behindIndexes, wayOf } from './framing.ts'
import { type Message, type MessageFile, messageAt } from './message.ts'
import { readFile, readText } from './schema.ts'
import { transcodeMessage } from './transcode.ts'
import { viewOf } from './view.ts'

/** A schema that keys were written with: how its messages are read, by the way to each; or why they are not. */
interface Writer {
  readonly file: MessageFile
  readonly plans: Map<string, FramedKeyPlan | string>
}

/** Any id stands for the file. */
const OF_FILE = 0

/**
 * How the keys of one topic are read that are Protobuf behind Confluent's frame: each message is written as the Avro record that is its
 * view, and that is read as an Avro key. Its schema is the registry's by the id in the frame, or a file's.
 */
export class ProtobufKeyPlans implements KeyPlans {
  readonly source = 'its schema'
  reason: RejectReason | null = null
  fault = ''
  readonly #names: readonly string[] | null
  /** The file's name where there is no registry. */
  readonly #from: Registry | string
  readonly #schemas: WriterSchemas | null
  readonly #known = new Map<number, Writer | string>()

  /** @param from the registry, or a .proto file or descriptors. @param names of the key's fields; null: it is one text */
  constructor(from: Registry | string, names: readonly string[] | null) {
    this.#from = from
    this.#schemas = typeof from === 'string' ? null : new WriterSchemas(from)
    this.#names = names
  }

  find(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): FramedKeyPlan | undefined {
    if (!isFramed(KEY, buffer, start, end, headerStart, headerEnd)) {
      return this.#refuse(frameFault(KEY, buffer, start, end, headerStart, headerEnd))
    }
    const id = this.#schemas === null ? OF_FILE : buffer.readInt32BE(start + 1)
    const writer = this.#known.get(id)
    if (writer === undefined) {
      const fault = this.#schemas?.fault(id)
      if (fault !== undefined) return this.#refuse(fault)
      this.reason = null
      return undefined
    }
    const plan =
      typeof writer === 'string'
        ? writer
        : this.#planAt(writer, id, buffer, start + FRAME_BYTES, end)
    return typeof plan === 'string' ? this.#refuse(plan) : plan
  }

  #refuse(fault: string): undefined {
    this.reason = 'bad_key'
    this.fault = fault
    return undefined
  }

  #planAt(
    { file, plans }: Writer,
    id: number,
    buffer: Buffer,
    start: number,
    end: number,
  ): FramedKeyPlan | string {
    const way = wayOf(buffer, start, end)
    if (way === null) return 'Behind the key’s schema id there are no indexes of a message'
    const name = way.join('.')
    const known = plans.get(name)
    if (known !== undefined) return known
    const message = messageAt(file, way)
    if (message === undefined)
      return `The key’s schema ${id} has no message with the indexes ${name}`
    const plan = messageKeyPlan(file, message, this.#names)
    const made = typeof plan === 'string' ? keyFault(id, plan) : plan
    plans.set(name, made)
    return made
  }

  async load(buffer: Buffer, start: number): Promise<void> {
    if (typeof this.#from === 'string') return this.#know(OF_FILE, readFile(this.#from))
    const registry = this.#from
    const id = buffer.readInt32BE(start + 1)
    const read = (patienceMs: number) => textById(registry, id, patienceMs)
    const found = await this.#schemas!.load(id, `The key’s schema ${id}`, read)
    if (found !== undefined) await this.#know(id, readText(found.schema))
  }

  async #know(id: number, file: Promise<MessageFile>): Promise<void> {
    const writer = await file.then(
      (read): Writer => ({ file: read, plans: new Map() }),
      (error) => keyFault(id, messageOf(error)),
    )
    this.#known.set(id, writer)
  }
}

/** How keys of a message are read; or why they are none. @param names as with `ProtobufKeyPlans` */
export function messageKeyPlan(
  file: MessageFile,
  message: Message,
  names: readonly string[] | null,
): FramedKeyPlan | string {
  const view = viewOf({ message, file })
  const plan = keyPlanFor(view, names)
  if (typeof plan === 'string') return plan
  const transcode = behindIndexes(transcodeMessage(message, message, parseRecord(view)))
  return { plan, bodyBytes: FRAME_BYTES, isZlib: false, transcode }
}
