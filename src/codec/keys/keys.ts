import type { RecordBytes, RejectReason } from '../../batch.ts'
import { type Bytes, bytesOf, NO_BYTES } from '../../bytes.ts'
import type { KeyFormat } from '../../config/pipeline.ts'
import { ALL_FRAMES, FRAME_BYTES, Frame, type FrameKind, KEY } from '../frame/framing.ts'
import { INTEGER_BYTES, writeInteger } from '../integer-text.ts'
import type { KeyReader } from '../port.ts'
import { rawRecord } from '../raw-record.ts'
import { AvroKey, type FramedKeyPlan, type KeyPlans } from './avro.ts'
import { JsonKey } from './json.ts'
import { JsonObjectKey } from './json-object.ts'
import type { KeyPlan, RecordKeyPlan } from './plan.ts'

/** Text and bytes: the key as it is. */
class PlainKey implements KeyReader {
  buffer: Bytes = NO_BYTES
  start = 0
  end = 0
  readonly reason: RejectReason = 'bad_key'
  readonly fault = ''

  read(buffer: Bytes, start: number, end: number): boolean {
    this.buffer = buffer
    this.start = start
    this.end = end
    return true
  }

  async load(): Promise<void> {}
}

/** Big-endian integers, as Kafka's LongSerializer and IntegerSerializer write them. */
class IntegerKey implements KeyReader {
  readonly #bytes: number
  readonly buffer = bytesOf(Buffer.alloc(INTEGER_BYTES))
  start = 0
  readonly end = INTEGER_BYTES
  readonly reason: RejectReason = 'bad_key'
  #length = 0

  /** @param bytes 4 or 8 */
  constructor(bytes: number) {
    this.#bytes = bytes
  }

  get fault(): string {
    return `The key has ${this.#length} bytes; the key format ${this.#bytes === 8 ? 'long' : 'int'} has ${this.#bytes}`
  }

  read({ view }: Bytes, start: number, end: number): boolean {
    this.#length = end - start
    if (this.#length !== this.#bytes) return false
    const low = view.getInt32(end - 4)
    const high = this.#bytes === 8 ? view.getInt32(start) : low >> 31
    this.start = writeInteger(high, low, this.buffer, INTEGER_BYTES)
    return true
  }

  async load(): Promise<void> {}
}

/** Any schema id stands for one plan. */
class OnePlan implements KeyPlans {
  readonly #frame = new Frame(KEY, ALL_FRAMES)
  readonly #bare: FramedKeyPlan
  /** By the frames that have come. */
  readonly #framed = new Map<FrameKind, FramedKeyPlan>()
  readonly #isBare: boolean
  reason: RejectReason = 'bad_key'
  fault = ''
  readonly source: string

  constructor(plan: KeyPlan | RecordKeyPlan, source: string, isBare: boolean) {
    this.#bare = { plan, bodyBytes: 0, isZlib: false, transcode: null }
    this.#isBare = isBare
    this.source = source
  }

  find(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): FramedKeyPlan | undefined {
    if (this.#isBare) return this.#bare
    const frame = this.#frame
    if (!frame.find(buffer, start, end, headerStart, headerEnd)) {
      this.reason = frame.isInHeader ? 'not_framed' : 'bad_key'
      this.fault = frame.fault(buffer, start, end, headerStart, headerEnd)
      return undefined
    }
    return this.#framed.get(frame.kind) ?? this.#plan(frame)
  }

  #plan({ kind, bodyBytes }: Frame): FramedKeyPlan {
    const plan = { ...this.#bare, bodyBytes, isZlib: kind === 'Glue zlib' }
    this.#framed.set(kind, plan)
    return plan
  }

  async load(): Promise<void> {}
}

/** @param names of the fields of JSON objects; null: a key is one text */
export function keyReader(
  format: Exclude<KeyFormat, 'avro' | 'protobuf'>,
  names: readonly string[] | null = null,
): KeyReader {
  if (names !== null) return new JsonObjectKey(names)
  if (format === 'long') return new IntegerKey(8)
  if (format === 'int') return new IntegerKey(4)
  return format === 'json' ? new JsonKey() : new PlainKey()
}

/**
 * Reads Avro keys of a schema, whatever the id in them.
 * @param source whose word the plan is, for messages. @param isBare they have no frames
 */
export const avroKeyReader = (
  plan: KeyPlan | RecordKeyPlan,
  source = 'its schema',
  isBare = false,
): KeyReader => new AvroKey(new OnePlan(plan, source, isBare))

/** The text of a key, for whoever reads few; undefined where there is none. */
export function keyTextOf(
  reader: KeyReader,
  key: Buffer,
  headers: RecordBytes['headers'] = [],
): string | undefined {
  const { buffer, keyEnd, headerStart, headerEnd } = rawRecord({ key, value: null, headers })
  if (!reader.read(buffer, 0, keyEnd, headerStart, headerEnd)) return undefined
  return reader.buffer.toString('utf8', reader.start, reader.end)
}

/** Loads the schema that such a key needs. */
export function loadKey(
  reader: KeyReader,
  key: Buffer,
  headers: RecordBytes['headers'],
): Promise<void> {
  const { buffer, keyEnd, headerStart, headerEnd } = rawRecord({ key, value: null, headers })
  return reader.load(buffer, 0, keyEnd, headerStart, headerEnd)
}

/** A key of several fields, by their names. */
export type KeyFields = Readonly<Record<string, string | number>>

/**
 * A record's key in a format, for whoever writes records; undefined where the format cannot hold it.
 * @param plan of an Avro key
 */
export function keyBytes(
  format: KeyFormat,
  key: string | number | KeyFields,
  plan?: KeyPlan | RecordKeyPlan,
): Buffer | undefined {
  if (format === 'json') return Buffer.from(JSON.stringify(key))
  if (format === 'avro') return plan && avroKeyBytes(plan, key)
  if (format === 'protobuf') return undefined
  if (typeof key === 'object') return undefined
  const text = String(key)
  if (format === 'text' || format === 'bytes') return Buffer.from(text)
  const number = integerOf(text)
  if (number === undefined) return undefined
  const bytes = Buffer.alloc(format === 'long' ? 8 : 4)
  if (format === 'long') bytes.writeBigInt64BE(number)
  else if (number === BigInt.asIntN(32, number)) bytes.writeInt32BE(Number(number))
  else return undefined
  return bytes
}

/** undefined: the fields are not those of the plan. */
function recordKeyBytes(
  { branches, names, parts }: RecordKeyPlan,
  key: string | number | KeyFields,
): Buffer | undefined {
  if (typeof key !== 'object' || Object.keys(key).length !== names.length) return undefined
  const fields = parts.map(({ field, plan }) => {
    const text = key[names[field]]
    return text === undefined ? undefined : { field, bytes: avroKeyBody(plan, String(text)) }
  })
  const inOrder = names.map((_, field) => fields.find((one) => one?.field === field)?.bytes)
  if (inOrder.some((bytes) => bytes === undefined)) return undefined
  const around = branches.map((branch) => varint(BigInt(branch)))
  return Buffer.concat([Buffer.alloc(FRAME_BYTES), ...around, ...(inOrder as Buffer[])])
}

function avroKeyBytes(
  plan: KeyPlan | RecordKeyPlan,
  key: string | number | KeyFields,
): Buffer | undefined {
  if (plan.type === 'record') return recordKeyBytes(plan, key)
  const body = typeof key === 'object' ? undefined : avroKeyBody(plan, String(key))
  return body && Buffer.concat([Buffer.alloc(FRAME_BYTES), body])
}

function avroKeyBody(plan: KeyPlan, text: string): Buffer | undefined {
  const value = avroBytes(plan, text)
  if (value === undefined) return undefined
  return Buffer.concat([...plan.branches.map((branch) => varint(BigInt(branch))), value])
}

function avroBytes({ type, symbols, size }: KeyPlan, text: string): Buffer | undefined {
  const bytes = Buffer.from(text)
  if (type === 'string' || type === 'bytes') {
    return Buffer.concat([varint(BigInt(bytes.length)), bytes])
  }
  if (type === 'fixed') return bytes.length === size ? bytes : undefined
  if (type === 'uuid') {
    const isUuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)
    return isUuid ? Buffer.from(text.replaceAll('-', ''), 'hex') : undefined
  }
  if (type === 'enum') {
    const index = symbols.findIndex((symbol) => symbol.equals(bytes))
    return index < 0 ? undefined : varint(BigInt(index))
  }
  const number = integerOf(text)
  if (number === undefined) return undefined
  return type === 'long' || number === BigInt.asIntN(32, number) ? varint(number) : undefined
}

/** Of 64 bits. */
function integerOf(text: string): bigint | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined
  const number = BigInt(text)
  return BigInt.asIntN(64, number) === number ? number : undefined
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value < 0n ? -2n * value - 1n : 2n * value
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}
