import type { RecordBytes } from '../batch.ts'
import { type Bytes, copyBytes, NO_BYTES } from '../bytes.ts'
import { crc32c } from '../checksum.ts'
import type { Compression } from '../config/pipeline.ts'
import { acquireBuffer, releaseBuffer } from './buffer-pool.ts'
import { compress, compressionCode } from './compression.ts'
import type { ProduceBatch } from './port.ts'
import { BATCH_HEADER } from './record-columns.ts'

export interface BatchOptions {
  readonly topic: string
  readonly partition: number
  readonly transactional: boolean
  readonly compression: Compression
  /** Bytes that will probably be written. */
  readonly expectedBytes?: number
}

const TRANSACTIONAL = 0x10
/** Varints of a record: length, timestamp delta, offset delta, key length, value length, attributes. */
const RECORD_OVERHEAD = 40

/** Writes one record batch of format v2; each record's bytes are copied once, into the batch. */
export class RecordBatchWriter implements ProduceBatch {
  readonly topic: string
  readonly partition: number
  readonly #compression: Compression
  readonly #transactional: boolean
  #buffer: Bytes
  #at = BATCH_HEADER
  #first = 0
  #max = 0
  records = 0

  constructor(options: BatchOptions) {
    this.topic = options.topic
    this.partition = options.partition
    this.#transactional = options.transactional
    this.#compression = options.compression
    this.#buffer = acquireBuffer(options.expectedBytes ?? 0)
  }

  /** Bytes so far, uncompressed. */
  get bytes(): number {
    return this.#at
  }

  /**
   * Begins a record, of whose value exactly `valueBytes` bytes follow: by `append`, or written into `buffer` from
   * `position` on and told by `wrote`. `end` ends it.
   * @param keyEnd -1: no key. @param headerBytes of the raw header section that `end` is going to write; 0: none
   */
  begin(
    timestamp: number,
    key: Bytes,
    keyStart: number,
    keyEnd: number,
    valueBytes: number,
    headerBytes: number,
  ): void {
    const keyBytes = keyEnd < 0 ? -1 : keyEnd - keyStart
    this.#begin(timestamp, keyBytes, valueBytes, Math.max(1, headerBytes))
    if (keyBytes > 0) this.#copy(key, keyStart, keyEnd)
    this.#varint(valueBytes)
  }

  append(source: Bytes, start: number, end: number): void {
    this.#copy(source, start, end)
  }

  get buffer(): Bytes {
    return this.#buffer
  }

  get position(): number {
    return this.#at
  }

  /** The value is written up to this position of `buffer`. */
  wrote(position: number): void {
    this.#at = position
  }

  end(headers: Bytes, headersStart: number, headersEnd: number): void {
    if (headersEnd > headersStart) this.#copy(headers, headersStart, headersEnd)
    else this.#buffer[this.#at++] = 0
  }

  /** Appends a record from an object. */
  recordOf(timestamp: number, { key, value, headers }: RecordBytes): void {
    const section = encodeHeaders(headers)
    this.#begin(timestamp, key?.length ?? -1, value?.length ?? -1, section.length)
    if (key !== null) this.#whole(key)
    this.#varint(value?.length ?? -1)
    if (value !== null) this.#whole(value)
    this.#whole(section)
  }

  /** Forgets what was written. */
  rewind(): void {
    this.#at = BATCH_HEADER
    this.records = 0
  }

  release(): void {
    releaseBuffer(this.#buffer)
    this.#buffer = NO_BYTES
  }

  seal(producerId: bigint, producerEpoch: number, firstSequence: number): Buffer | Promise<Buffer> {
    if (this.#compression === 'none') {
      return this.#header(
        this.#buffer.subarray(0, this.#at),
        'none',
        producerId,
        producerEpoch,
        firstSequence,
      )
    }
    const whole = this.#buffer.subarray(0, this.#at)
    return compress(this.#compression, whole.subarray(BATCH_HEADER)).then((compressed) => {
      // What does not shrink goes as it is: a batch is never larger than what was written, and counted.
      const isSmaller = BATCH_HEADER + compressed.length < whole.length
      if (!isSmaller) return this.#header(whole, 'none', producerId, producerEpoch, firstSequence)
      const batch = Buffer.concat([Buffer.alloc(BATCH_HEADER), compressed])
      return this.#header(batch, this.#compression, producerId, producerEpoch, firstSequence)
    })
  }

  #header(
    batch: Buffer,
    compression: Compression,
    producerId: bigint,
    producerEpoch: number,
    firstSequence: number,
  ): Buffer {
    const attributes = (this.#transactional ? TRANSACTIONAL : 0) | compressionCode(compression)
    batch.fill(0, 0, 16)
    batch.writeInt32BE(batch.length - 12, 8)
    batch[16] = 2
    batch.writeInt16BE(attributes, 21)
    batch.writeInt32BE(this.records - 1, 23)
    batch.writeBigInt64BE(BigInt(this.#first), 27)
    batch.writeBigInt64BE(BigInt(this.#max), 35)
    batch.writeBigInt64BE(producerId, 43)
    batch.writeInt16BE(producerEpoch, 51)
    batch.writeInt32BE(firstSequence, 53)
    batch.writeInt32BE(this.records, 57)
    batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
    return batch
  }

  /** Length, attributes, timestamp and offset delta, key length. */
  #begin(timestamp: number, keyBytes: number, valueBytes: number, headerBytes: number): void {
    if (this.records === 0) this.#first = this.#max = timestamp
    else if (timestamp > this.#max) this.#max = timestamp
    const delta = timestamp - this.#first
    const zigzag = Math.abs(delta) * 2 - (delta < 0 ? 1 : 0)
    const key = Math.max(0, keyBytes)
    const value = Math.max(0, valueBytes)
    const body = 1 + wideBytes(zigzag) + signedBytes(this.records)
    const length =
      body + signedBytes(keyBytes) + key + signedBytes(valueBytes) + value + headerBytes
    this.#reserve(length + RECORD_OVERHEAD)
    this.#varint(length)
    this.#buffer[this.#at++] = 0
    this.#wide(zigzag)
    this.#varint(this.records++)
    this.#varint(keyBytes)
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return
    const grown = acquireBuffer(this.#at + bytes)
    this.#buffer.copy(grown, 0, 0, this.#at)
    releaseBuffer(this.#buffer)
    this.#buffer = grown
  }

  /** A zigzag varint of at most 31 bits. */
  #varint(value: number): void {
    const buffer = this.#buffer
    let at = this.#at
    let rest = (value << 1) ^ (value >> 31)
    while (rest > 127) {
      buffer[at++] = (rest & 127) | 128
      rest >>>= 7
    }
    buffer[at++] = rest
    this.#at = at
  }

  /** An unsigned varint of more than 31 bits. */
  #wide(unsigned: number): void {
    const buffer = this.#buffer
    let at = this.#at
    let rest = unsigned
    while (rest > 0x7fffffff) {
      buffer[at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    while (rest > 127) {
      buffer[at++] = (rest & 127) | 128
      rest >>>= 7
    }
    buffer[at++] = rest
    this.#at = at
  }

  #whole(source: Buffer): void {
    this.#at += source.copy(this.#buffer, this.#at)
  }

  #copy(source: Bytes, start: number, end: number): void {
    this.#at = copyBytes(source, start, end, this.#buffer, this.#at)
  }
}

function wideBytes(unsigned: number): number {
  let bytes = 1
  let rest = unsigned
  for (; rest > 0x7fffffff; rest = Math.floor(rest / 128)) bytes++
  for (; rest > 127; rest >>>= 7) bytes++
  return bytes
}

const signedBytes = (value: number): number => wideBytes(value >= 0 ? value * 2 : -value * 2 - 1)

function varintOf(value: number): Buffer {
  const bytes: number[] = []
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  bytes.push(rest)
  return Buffer.from(bytes)
}

/** The header section of a record: a count, then the pairs. */
export function encodeHeaders(headers: RecordBytes['headers']): Buffer {
  const parts = [varintOf(headers.length)]
  for (const [name, value] of headers) {
    const text = Buffer.from(name)
    parts.push(varintOf(text.length), text, varintOf(value?.length ?? -1), value ?? NO_BYTES)
  }
  return Buffer.concat(parts)
}
