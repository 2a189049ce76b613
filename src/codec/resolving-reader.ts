import avsc from 'avsc'
import type { RejectReason } from '../batch.ts'
import { type Bytes, bytesOf } from '../bytes.ts'
import { messageOf } from '../errors.ts'
import { AvroReader, type AvroRecordSchema, type ReaderPlan } from './avro-reader.ts'
import type { ValueReader } from './port.ts'

const FRAME_BYTES = 5

/** avsc's own long refuses what a double cannot hold. */
const primitives = { long: longType() }

/**
 * Reads values of another writer's schema: avsc resolves each to the reader's schema (Avro's "Schema
 * Resolution"), and what it encodes is then read by positions. Slower, for old records and old writers.
 */
export class ResolvingReader implements ValueReader {
  readonly #type: avsc.Type
  readonly #writer: avsc.Type
  readonly #resolver: object
  readonly #inner: AvroReader
  #failure = ''

  /** Throws where the schemas cannot be resolved. */
  constructor(writer: AvroRecordSchema, reader: AvroRecordSchema, plan: ReaderPlan) {
    this.#type = typeOf(reader)
    this.#writer = typeOf(writer)
    this.#resolver = this.#type.createResolver(this.#writer)
    this.#inner = new AvroReader(reader, plan)
  }

  get fault(): string {
    return this.#failure === '' ? this.#inner.fault : this.#failure
  }

  get time(): number {
    return this.#inner.time
  }

  get projectedBytes(): number {
    return this.#inner.projectedBytes
  }

  read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    this.#failure = ''
    try {
      const body = buffer.subarray(start + FRAME_BYTES, end)
      const value = this.#type.fromBuffer(body, this.#resolver)
      const resolved = Buffer.concat([Buffer.alloc(FRAME_BYTES), this.#type.toBuffer(value)])
      return this.#inner.read(row, bytesOf(resolved), 0, resolved.length)
    } catch (error) {
      this.#failure = `The value is not of its schema: ${messageOf(error)}`
      return 'malformed'
    }
  }

  select(row: number): void {
    this.#inner.select(row)
  }

  keyBuffer(k: number): Bytes {
    return this.#inner.keyBuffer(k)
  }

  keyStart(k: number): number {
    return this.#inner.keyStart(k)
  }

  keyEnd(k: number): number {
    return this.#inner.keyEnd(k)
  }

  project(target: Bytes, position: number): number {
    return this.#inner.project(target, position)
  }
}

const typeOf = (schema: AvroRecordSchema): avsc.Type =>
  avsc.Type.forSchema(schema as avsc.Schema, { registry: { ...primitives } })

/** 64 bits as a bigint. */
export function longType(): avsc.Type {
  return avsc.types.LongType.__with({
    fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
    toBuffer: (value: bigint) => {
      const buffer = Buffer.alloc(8)
      buffer.writeBigInt64LE(value)
      return buffer
    },
    fromJSON: (value: number) => BigInt(value),
    toJSON: (value: bigint) => Number(value),
    isValid: (value: unknown) => typeof value === 'bigint',
    compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
  })
}
