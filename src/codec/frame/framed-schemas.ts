import type { RejectReason } from '../../batch.ts'
import type { Registry } from '../registry/registry.ts'
import { WriterSchemas } from '../registry/writer-schemas.ts'
import { FRAMES_OF, Frame, type FrameKind, isFramed } from './framing.ts'
import { type SchemaId, schemaIdOf } from './schema-id.ts'

/** Makes what is known of a schema: how bytes behind such a frame are read. @param schema null: it is none of Avro's */
export type Compile<T> = (schema: unknown, id: SchemaId, frame: Frame) => T

/** What the registry's schemas are to one topic's values, or its keys, found by their frames. */
export class FramedSchemas<T> {
  readonly #part: number
  readonly #registry: Registry
  readonly #compile: Compile<T>
  readonly #frame: Frame
  /** Of schemas that the registry has, so no more than those. */
  readonly #known = new ByFrame<T>()
  readonly #schemas: WriterSchemas
  /** Of the prefix that was found last. */
  #lastId = 0
  #last: T | undefined
  /** Why `find` has just found nothing; null: it is not loaded yet, `load` it and find it again. */
  reason: RejectReason | null = null
  fault = ''

  /** @param part VALUE or KEY */
  constructor(part: number, registry: Registry, compile: Compile<T>) {
    this.#part = part
    this.#registry = registry
    this.#compile = compile
    this.#frame = new Frame(part, FRAMES_OF[registry.type])
    this.#schemas = new WriterSchemas(registry)
  }

  /** What is known of the schema that the key or value in `buffer[start, end)` is written with; undefined: `reason` says why not. */
  find(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): T | undefined {
    const isPrefixed = isFramed(this.#part, buffer, start, end, headerStart, headerEnd)
    const id = isPrefixed ? buffer.readInt32BE(start + 1) : 0
    if (id !== 0 && id === this.#lastId) return this.#last
    const frame = this.#frame
    if (!frame.find(buffer, start, end, headerStart, headerEnd)) {
      this.reason = 'not_framed'
      this.fault = frame.fault(buffer, start, end, headerStart, headerEnd)
      return undefined
    }
    const known = this.#known.get(frame, buffer)
    if (known === undefined) this.#refuse(schemaIdOf(frame, buffer, this.#registry.useId))
    else if (isPrefixed && id !== 0) {
      this.#lastId = id
      this.#last = known
    }
    return known
  }

  /** Whether a header names the schema of what `find` has just refused as not framed. */
  get isInHeader(): boolean {
    return this.#frame.isInHeader
  }

  #refuse(id: SchemaId): void {
    const fault = this.#schemas.fault(id)
    this.reason = fault === undefined ? null : 'unknown_schema'
    this.fault = fault ?? ''
  }

  /** Loads the schema, as `TopicCodec.load` does. @param what such schemas are of, for messages: `The schema` */
  async load(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
    what: string,
  ): Promise<void> {
    const frame = new Frame(this.#part, FRAMES_OF[this.#registry.type])
    if (!frame.find(buffer, start, end, headerStart, headerEnd)) return
    const id = schemaIdOf(frame, buffer, this.#registry.useId)
    const bytes = Buffer.from(buffer.subarray(frame.idStart, frame.idEnd))
    const found = await this.#schemas.load(id, `${what} ${id}`)
    if (found !== undefined) {
      this.#known.set(frame.kind, bytes, this.#compile(found.schema, id, frame))
    }
  }
}

interface Entry<T> {
  readonly kind: FrameKind
  readonly id: Buffer
  readonly value: T
}

/** By the bytes of an id, and where it was. No object is made to look for one. */
class ByFrame<T> {
  /** By a hash of the bytes. */
  readonly #entries = new Map<number, Entry<T>[]>()

  get({ kind, idStart, idEnd }: Frame, buffer: Buffer): T | undefined {
    const entries = this.#entries.get(hashOf(buffer, idStart, idEnd))
    if (entries === undefined) return undefined
    for (const entry of entries) {
      if (entry.kind === kind && isAt(entry.id, buffer, idStart)) return entry.value
    }
    return undefined
  }

  set(kind: FrameKind, id: Buffer, value: T): void {
    const hash = hashOf(id, 0, id.length)
    const others = this.#entries.get(hash)?.filter((one) => one.kind !== kind || !one.id.equals(id))
    this.#entries.set(hash, [...(others ?? []), { kind, id, value }])
  }
}

function hashOf(buffer: Buffer, start: number, end: number): number {
  let hash = 0
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + buffer[at]) | 0
  return hash
}

function isAt(id: Buffer, buffer: Buffer, start: number): boolean {
  for (let i = 0; i < id.length; i++) if (buffer[start + i] !== id[i]) return false
  return true
}
