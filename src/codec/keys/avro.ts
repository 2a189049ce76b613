import type { RejectReason } from '../../batch.ts'
import { type Bytes, bytesOf, NO_BYTES } from '../../bytes.ts'
import { AvroTransfer, type Transcode } from '../avro/transfer.ts'
import { AvroSource, readInt } from '../avro/walk.ts'
import { inflated, inflateFault } from '../frame/inflate.ts'
import { INTEGER_BYTES, writeInteger } from '../integer-text.ts'
import type { KeyReader } from '../port.ts'
import { CompositeText } from './composite-text.ts'
import type { KeyPlan, RecordKeyPlan } from './plan.ts'

/** How a key is read behind its frame. */
export interface FramedKeyPlan {
  readonly plan: KeyPlan | RecordKeyPlan
  /** How far behind the key's beginning its body is. */
  readonly bodyBytes: number
  /** Whether the body is compressed. */
  readonly isZlib: boolean
  /** Makes the plan's Avro of the body; null: it is that. */
  readonly transcode: Transcode | null
}

/** Finds how keys are read, by their frames: of the arguments `KeyReader.read` has told. */
export interface KeyPlans {
  /** undefined: `reason` and `fault` say why. */
  find(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): FramedKeyPlan | undefined
  /** null: not loaded yet. */
  readonly reason: RejectReason | null
  readonly fault: string
  /** Whose word the plans are, for messages: `its schema`. */
  readonly source: string
  /** Never throws for a bad id; waits out an outage of the registry. */
  load(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): Promise<void>
}

/** What `read` has found: text, or why there is none. */
const TEXT = 0
const NO_PLAN = 1
const NULL = 2
const MALFORMED = 3
const UNPACKED = 4

const UUID_BYTES = 36
/** In front of these bytes of a UUID there is a hyphen. */
const HYPHENS = 0b0000010101010000
const HEX = Buffer.from('0123456789abcdef')

/** Keys that are Avro behind a frame, or become Avro. The text of most lies in the key itself, that of others is made in place. */
export class AvroKey implements KeyReader {
  readonly #plans: KeyPlans
  buffer: Bytes = NO_BYTES
  start = 0
  end = 0
  #found = NO_PLAN
  #inflateFault = ''
  #type: KeyPlan['type'] | 'record' = 'string'
  readonly #made = bytesOf(Buffer.alloc(UUID_BYTES))
  readonly #source = new AvroSource()
  /** Of a record: where its fields begin, and the text of all. */
  readonly #starts: number[] = []
  #parts: CompositeText | undefined
  /** Where there is something to transcode. */
  #transfer: AvroTransfer | undefined

  constructor(plans: KeyPlans) {
    this.#plans = plans
  }

  read(buffer: Bytes, start: number, end: number, headerStart: number, headerEnd: number): boolean {
    const found = this.#plans.find(buffer, start, end, headerStart, headerEnd)
    if (found === undefined) this.#found = NO_PLAN
    else if (found.transcode !== null) this.#found = this.#written(found, buffer, start, end)
    else if (found.isZlib) this.#found = this.#inflate(found, buffer, start, end)
    else this.#found = this.#readBody(found.plan, buffer, start + found.bodyBytes, end)
    return this.#found === TEXT
  }

  #inflate({ plan, bodyBytes }: FramedKeyPlan, buffer: Bytes, start: number, end: number): number {
    const body = inflated(buffer, start + bodyBytes, end)
    if (typeof body !== 'string') return this.#readBody(plan, body, 0, body.length)
    this.#inflateFault = inflateFault(body)
    return UNPACKED
  }

  #written(
    { plan, bodyBytes, transcode }: FramedKeyPlan,
    buffer: Bytes,
    start: number,
    end: number,
  ): number {
    const transfer = (this.#transfer ??= new AvroTransfer())
    transfer.begin(buffer, start + bodyBytes, end)
    this.#type = plan.type
    if (!transcode!(transfer) || transfer.source.at !== end) return MALFORMED
    const { sink } = transfer
    return this.#readBody(plan, sink.buffer, sink.start, sink.at)
  }

  #readBody(plan: KeyPlan | RecordKeyPlan, buffer: Bytes, start: number, end: number): number {
    const source = this.#source
    source.open(buffer, start, end)
    this.#type = plan.type
    return plan.type === 'record' ? this.#readParts(plan, source) : this.#readText(plan, source)
  }

  get reason(): RejectReason | null {
    if (this.#found === NO_PLAN) return this.#plans.reason
    return this.#found === NULL ? 'null_key' : 'bad_key'
  }

  get fault(): string {
    if (this.#found === NO_PLAN) return this.#plans.fault
    if (this.#found === NULL)
      return this.#type === 'record' ? 'A field of the key is null' : 'The key is null'
    if (this.#found === MALFORMED)
      return `The key’s bytes are not the ${this.#type} that ${this.#plans.source} says`
    return this.#inflateFault
  }

  load(
    buffer: Bytes,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): Promise<void> {
    return this.#plans.load(buffer, start, end, headerStart, headerEnd)
  }

  /** The texts of a record's fields, each by its own plan. */
  #readParts({ branches, skips, parts }: RecordKeyPlan, source: AvroSource): number {
    const { buffer, end } = source
    for (const branch of branches) {
      const read = readInt(source)
      if (read !== branch) return read === 1 - branch && source.at === end ? NULL : MALFORMED
    }
    const starts = this.#starts
    for (let field = 0; field < skips.length; field++) {
      starts[field] = source.at
      if (!skips[field](source)) return MALFORMED
    }
    if (source.at !== end) return MALFORMED
    starts[skips.length] = end
    const whole = (this.#parts ??= new CompositeText())
    whole.begin()
    for (const { field, plan } of parts) {
      source.open(buffer, starts[field], starts[field + 1])
      const found = this.#readText(plan, source)
      if (found !== TEXT) return found
      whole.add(this.buffer, this.start, this.end)
    }
    this.buffer = whole.buffer
    this.start = 0
    this.end = whole.end
    return TEXT
  }

  #readText({ type, branches, symbols, size }: KeyPlan, source: AvroSource): number {
    for (let n = 0; n < branches.length; n++) {
      const branch = readInt(source)
      if (branch === branches[n]) continue
      return branch === 1 - branches[n] && source.at === source.end ? NULL : MALFORMED
    }
    if (type === 'int' || type === 'long') return this.#readInteger(type, source)
    if (type === 'fixed') return this.#bytes(source, size)
    if (type === 'uuid') return this.#readUuid(source)
    const number = readInt(source)
    if (type !== 'enum') return this.#bytes(source, number)
    if (!(number >= 0 && number < symbols.length) || source.at !== source.end) return MALFORMED
    this.buffer = symbols[number]
    this.start = 0
    this.end = symbols[number].length
    return TEXT
  }

  /** The rest of the key is the text. */
  #bytes({ buffer, at, end }: AvroSource, length: number): number {
    if (at + length !== end || length < 0) return MALFORMED
    this.buffer = buffer
    this.start = at
    this.end = end
    return TEXT
  }

  /** A zigzag varint of up to 64 bits, to the bit. */
  #readInteger(type: 'int' | 'long', { buffer, at: first, end }: AvroSource): number {
    let low = 0
    let high = 0
    let at = first
    let byte = 128
    for (let shift = 0; byte > 127; shift += 7) {
      if (at >= end || shift > 63) return MALFORMED
      byte = buffer[at++]
      const bits = byte & 127
      if (shift < 28) low |= bits << shift
      else if (shift > 28) high |= bits << (shift - 32)
      else {
        low |= bits << 28
        high |= bits >> 4
      }
      if (shift === 63 && byte > 1) return MALFORMED
    }
    if (at !== end) return MALFORMED
    const sign = -(low & 1)
    low = ((low >>> 1) | (high << 31)) ^ sign
    high = (high >>> 1) ^ sign
    if (type === 'int' && high !== low >> 31) return MALFORMED
    this.buffer = this.#made
    this.end = INTEGER_BYTES
    this.start = writeInteger(high, low, this.#made, INTEGER_BYTES)
    return TEXT
  }

  #readUuid({ buffer, at, end }: AvroSource): number {
    if (end - at !== 16) return MALFORMED
    const made = this.#made
    let to = 0
    for (let i = 0; i < 16; i++) {
      if (((HYPHENS >> i) & 1) === 1) made[to++] = 45
      made[to++] = HEX[buffer[at + i] >> 4]
      made[to++] = HEX[buffer[at + i] & 15]
    }
    this.buffer = made
    this.start = 0
    this.end = UUID_BYTES
    return TEXT
  }
}
