/** Whole values, for people to read. Not for the hot path: an object per record. */
import avsc from 'avsc'
import type { Registry } from './registry.ts'

const FRAME_BYTES = 5

/** A long is a number where that is exact, else its digits. */
const exactLong = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => {
    const long = bytes.readBigInt64LE()
    return Number.isSafeInteger(Number(long)) ? Number(long) : long
  },
  toBuffer: () => Buffer.alloc(8),
  fromJSON: BigInt,
  toJSON: String,
  isValid: (long: unknown) => typeof long === 'bigint' || typeof long === 'number',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
})

export function typeOf(schema: unknown): avsc.Type {
  return avsc.Type.forSchema(schema as avsc.Schema, {
    registry: { long: exactLong },
  })
}

/** Decodes framed values of one topic. */
export class ValueDecoder {
  readonly #registry: Registry | null
  readonly #fileSchema: unknown
  readonly #types = new Map<number, avsc.Type | undefined>()

  /** @param fileSchema what values are written with where there is no registry */
  constructor(registry: Registry | null, fileSchema: unknown) {
    this.#registry = registry
    this.#fileSchema = fileSchema
  }

  /** The value as JSON has it, or undefined where it cannot be decoded. */
  async decode(value: Buffer): Promise<unknown> {
    if (value.length < FRAME_BYTES || value[0] !== 0) return undefined
    try {
      const type = await this.#type(value.readInt32BE(1))
      return type && plain(type.fromBuffer(value.subarray(FRAME_BYTES)))
    } catch {
      return undefined
    }
  }

  async #type(id: number): Promise<avsc.Type | undefined> {
    if (!this.#types.has(id)) {
      const schema = this.#registry === null ? this.#fileSchema : await this.#registry.byId(id)
      this.#types.set(id, schema ? typeOf(schema) : undefined)
    }
    return this.#types.get(id)
  }
}

/** Without avsc's classes and without what JSON does not have. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, function (this: Record<string, unknown>, key, simple) {
      const own = this[key]
      if (Buffer.isBuffer(own)) return own.toString('base64')
      return typeof simple === 'bigint' ? String(simple) : simple
    }),
  )
}
