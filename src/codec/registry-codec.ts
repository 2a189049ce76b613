import type { RejectReason } from '../batch.ts'
import { messageOf } from '../errors.ts'
import type { AvroRecordSchema, ReaderPlan } from './avro-reader.ts'
import { frameFault, isFramed, VALUE } from './framing.ts'
import { OTHER_TYPE, type OtherType, type TopicCodec, type ValueReader } from './port.ts'
import { Projection } from './projection.ts'
import { fullNameOf, isOfType } from './record-type.ts'
import type { Registry } from './registry.ts'
import { WriterSchemas } from './writer-schemas.ts'

/** What is known of one schema id. */
type Known = ValueReader | { readonly reason: RejectReason | OtherType; readonly fault: string }

const isReader = (known: Known): known is ValueReader => 'read' in known

/** Values of a topic whose writer schemas are in the registry; each is resolved to the reader's schema. */
export class RegistryCodec implements TopicCodec {
  readonly #schema: AvroRecordSchema
  readonly #projection: Projection
  readonly #type: string | null
  readonly #known = new Map<number, Known>()
  readonly #schemas: WriterSchemas
  #lastId = -1
  #lastReader: ValueReader | undefined
  fault = ''

  /** @param type of the records that are read; null: any that the schema can be read from */
  constructor(registry: Registry, schema: AvroRecordSchema, plan: ReaderPlan, type: string | null) {
    this.#schemas = new WriterSchemas(registry)
    this.#schema = schema
    this.#projection = new Projection(schema, plan)
    this.#type = type
  }

  reader(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): ValueReader | RejectReason | OtherType | null {
    if (!isFramed(VALUE, buffer, start, end, headerStart, headerEnd)) {
      this.fault = frameFault(VALUE, buffer, start, end, headerStart, headerEnd)
      return 'not_framed'
    }
    const id = buffer.readInt32BE(start + 1)
    if (id === this.#lastId) return this.#lastReader!
    const known = this.#known.get(id)
    if (known === undefined) return this.#refuseUnknown(id)
    if (isReader(known)) {
      this.#lastId = id
      this.#lastReader = known
      return known
    }
    this.fault = known.fault
    return known.reason
  }

  /** null: the registry may know it. */
  #refuseUnknown(id: number): RejectReason | null {
    const fault = this.#schemas.fault(id)
    if (fault === undefined) return null
    this.fault = fault
    return 'unknown_schema'
  }

  async load(buffer: Buffer, start: number): Promise<void> {
    const id = buffer.readInt32BE(start + 1)
    const found = await this.#schemas.load(id, `The schema ${id}`)
    if (found !== undefined) this.#known.set(id, this.#compile(id, found.schema))
  }

  #compile(id: number, schema: unknown): Known {
    if (this.#isOther(schema as AvroRecordSchema | null)) {
      const fault = `The schema ${id} is of another type: ${fullNameOf(schema as AvroRecordSchema)}`
      return { reason: OTHER_TYPE, fault }
    }
    try {
      return this.#projection.readerOf(schema)
    } catch (error) {
      const fault = `The schema ${id} cannot be read as ${this.#schema.name}: ${messageOf(error)}`
      return { reason: 'incompatible_schema', fault }
    }
  }

  #isOther(writer: AvroRecordSchema | null): boolean {
    if (this.#type === null || writer?.type !== 'record') return false
    return !isOfType(writer, this.#schema, this.#type)
  }
}
