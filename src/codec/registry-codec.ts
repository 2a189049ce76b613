import { setTimeout as sleep } from 'node:timers/promises'
import avsc from 'avsc'
import type { RejectReason } from '../batch.ts'
import { codeOf, messageOf } from '../errors.ts'
import { AvroReader, type AvroRecordSchema, type ReaderPlan } from './avro-reader.ts'
import type { TopicCodec, ValueReader } from './port.ts'
import type { Registry } from './registry.ts'
import { ResolvingReader } from './resolving-reader.ts'

/** What is known of one schema id. */
type Known = ValueReader | { readonly reason: RejectReason; readonly fault: string; until: number }

/** An id that the registry does not know is asked for again after this long. */
const UNKNOWN_MS = 60_000
const AGAIN_MS = 100
const FRAME_BYTES = 5

const isReader = (known: Known): known is ValueReader => 'read' in known

/** Values of a topic whose writer schemas are in the registry; each is resolved to the reader's schema. */
export class RegistryCodec implements TopicCodec {
  readonly #registry: Registry
  readonly #schema: AvroRecordSchema
  readonly #plan: ReaderPlan
  readonly #known = new Map<number, Known>()
  #lastId = -1
  #lastReader: ValueReader | undefined
  fault = ''

  constructor(registry: Registry, schema: AvroRecordSchema, plan: ReaderPlan) {
    this.#registry = registry
    this.#schema = schema
    this.#plan = plan
  }

  reader(buffer: Buffer, start: number, end: number): ValueReader | RejectReason | null {
    if (end - start < FRAME_BYTES || buffer[start] !== 0) {
      this.fault = 'The value does not begin with byte 0 and a schema id (Confluent framing)'
      return 'not_framed'
    }
    const id = buffer.readInt32BE(start + 1)
    if (id === this.#lastId) return this.#lastReader!
    const known = this.#known.get(id)
    if (known === undefined) return null
    if (isReader(known)) {
      this.#lastId = id
      this.#lastReader = known
      return known
    }
    if (Date.now() > known.until) return null
    this.fault = known.fault
    return known.reason
  }

  async load(buffer: Buffer, start: number): Promise<void> {
    const id = buffer.readInt32BE(start + 1)
    try {
      this.#known.set(id, await this.#find(id))
    } catch (error) {
      if (codeOf(error) === 'REGISTRY_UNAVAILABLE') {
        // It is being closed: whoever asks again is about to stop.
        await sleep(AGAIN_MS)
        return
      }
      const fault = `The schema ${id} cannot be had from ${this.#registry.url}: ${messageOf(error)}`
      this.#known.set(id, { reason: 'unknown_schema', fault, until: Date.now() + UNKNOWN_MS })
    }
  }

  async #find(id: number): Promise<Known> {
    const schema = await this.#registry.byId(id)
    if (schema === undefined) {
      const fault = `The registry ${this.#registry.url} has no schema with the id ${id}`
      return { reason: 'unknown_schema', fault, until: Date.now() + UNKNOWN_MS }
    }
    try {
      return this.#readerOf(schema)
    } catch (error) {
      const fault = `The schema ${id} cannot be read as ${this.#schema.name}: ${messageOf(error)}`
      return { reason: 'incompatible_schema', fault, until: Number.POSITIVE_INFINITY }
    }
  }

  #readerOf(schema: unknown): ValueReader {
    const writer = schema as AvroRecordSchema | null
    if (writer?.type !== 'record') throw new Error('it is not an Avro record')
    avsc.Type.forSchema(writer as avsc.Schema)
    if (hasAll(writer, this.#schema, this.#plan)) return new AvroReader(writer, this.#plan)
    return new ResolvingReader(writer, this.#schema, this.#plan)
  }
}

/**
 * Whether every field that is read has the same type in both schemas: its bytes are then the same,
 * wherever the writer's record has them. Types that are only named may differ behind their name.
 */
function hasAll(writer: AvroRecordSchema, reader: AvroRecordSchema, plan: ReaderPlan): boolean {
  const names = new Set([...plan.select.map(({ source }) => source), ...plan.keys])
  if (plan.time !== null) names.add(plan.time)
  const same = JSON.stringify(writer.fields) === JSON.stringify(reader.fields)
  if (same) return true
  return [...names].every((name) => {
    const [a, b] = [writer, reader].map(({ fields }) => fields.find((f) => f.name === name)?.type)
    return isSelfContained(a) && JSON.stringify(a) === JSON.stringify(b)
  })
}

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']

/** Primitives, and unions, arrays and maps of them. */
function isSelfContained(type: unknown): boolean {
  if (typeof type === 'string') return PRIMITIVES.includes(type)
  if (Array.isArray(type)) return type.every(isSelfContained)
  if (typeof type !== 'object' || type === null) return false
  const { type: kind, items, values } = type as Record<string, unknown>
  if (kind === 'array') return isSelfContained(items)
  if (kind === 'map') return isSelfContained(values)
  return isSelfContained(kind)
}
