import { setTimeout as sleep } from 'node:timers/promises'
import type { RejectReason } from '../batch.ts'
import { codeOf, messageOf } from '../errors.ts'
import type { AvroRecordSchema, ReaderPlan } from './avro-reader.ts'
import { KnownSchemas } from './known-schemas.ts'
import type { TopicCodec, ValueReader } from './port.ts'
import { Projection } from './projection.ts'
import type { Registry } from './registry.ts'

/** What is known of one schema id. */
type Known = ValueReader | { readonly reason: RejectReason; readonly fault: string; until: number }

/** An id that the registry does not know is asked for again after this long. */
const UNKNOWN_MS = 60_000
/** One that was not asked for, after others that it did not know. */
const UNASKED_MS = 1000
const AGAIN_MS = 100
const FRAME_BYTES = 5

const isReader = (known: Known): known is ValueReader => 'read' in known

/** Values of a topic whose writer schemas are in the registry; each is resolved to the reader's schema. */
export class RegistryCodec implements TopicCodec {
  readonly #registry: Registry
  readonly #schema: AvroRecordSchema
  readonly #projection: Projection
  readonly #known = new KnownSchemas<Known>()
  #lastId = -1
  #lastReader: ValueReader | undefined
  fault = ''

  constructor(registry: Registry, schema: AvroRecordSchema, plan: ReaderPlan) {
    this.#registry = registry
    this.#schema = schema
    this.#projection = new Projection(schema, plan)
  }

  reader(buffer: Buffer, start: number, end: number): ValueReader | RejectReason | null {
    if (end - start < FRAME_BYTES || buffer[start] !== 0) {
      this.fault = 'The value does not begin with byte 0 and a schema id (Confluent framing)'
      return 'not_framed'
    }
    const id = buffer.readInt32BE(start + 1)
    if (id === this.#lastId) return this.#lastReader!
    const known = this.#known.get(id)
    if (known === undefined) return this.#unasked(id)
    if (isReader(known)) {
      this.#lastId = id
      this.#lastReader = known
      return known
    }
    if (Date.now() > known.until) return null
    this.fault = known.fault
    return known.reason
  }

  /** null: the registry has to be asked, which one that comes again is whatever came before. */
  #unasked(id: number): RejectReason | null {
    if (this.#known.mayAsk(performance.now())) return null
    this.fault = `The registry has not been asked for the schema ${id}: it has none for too many ids just before; values have to begin with byte 0 and a schema id (Confluent framing)`
    const until = Date.now() + UNASKED_MS
    this.#known.missing(id, { reason: 'unknown_schema', fault: this.fault, until })
    return 'unknown_schema'
  }

  async load(buffer: Buffer, start: number): Promise<void> {
    const id = buffer.readInt32BE(start + 1)
    try {
      const known = await this.#find(id)
      if (known === undefined) this.#known.missing(id, this.#unknown(id))
      else this.#known.found(id, known)
    } catch (error) {
      if (codeOf(error) === 'REGISTRY_UNAVAILABLE') {
        // It is being closed: whoever asks again is about to stop.
        await sleep(AGAIN_MS)
        return
      }
      const fault = `The schema ${id} cannot be had from ${this.#registry.url}: ${messageOf(error)}`
      this.#known.missing(id, { reason: 'unknown_schema', fault, until: Date.now() + UNKNOWN_MS })
    }
  }

  #unknown(id: number): Known {
    this.#known.askedInVain(performance.now())
    const fault = `The registry ${this.#registry.url} has no schema with the id ${id}`
    return { reason: 'unknown_schema', fault, until: Date.now() + UNKNOWN_MS }
  }

  /** undefined: the registry does not know it. */
  async #find(id: number): Promise<Known | undefined> {
    const schema = await this.#registry.byId(id)
    if (schema === undefined) return undefined
    try {
      return this.#projection.readerOf(schema)
    } catch (error) {
      const fault = `The schema ${id} cannot be read as ${this.#schema.name}: ${messageOf(error)}`
      return { reason: 'incompatible_schema', fault, until: Number.POSITIVE_INFINITY }
    }
  }
}
