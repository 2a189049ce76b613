import { type Bytes, bytesOf, NO_BYTES } from '../bytes.ts'
import type { KeyFormat } from '../config/pipeline.ts'
import type { KeyReader } from './port.ts'

const FRAME_BYTES = 5

/** Text and bytes: the key as it is. */
class PlainKey implements KeyReader {
  buffer: Bytes = NO_BYTES
  start = 0
  end = 0

  read(buffer: Bytes, start: number, end: number): boolean {
    this.buffer = buffer
    this.start = start
    this.end = end
    return true
  }
}

/** Formats whose text has to be made. */
class ConvertedKey implements KeyReader {
  readonly #convert: (key: Buffer) => string | undefined
  buffer: Bytes = NO_BYTES
  readonly start = 0
  end = 0

  constructor(convert: (key: Buffer) => string | undefined) {
    this.#convert = convert
  }

  read(buffer: Bytes, start: number, end: number): boolean {
    const text = this.#convert(buffer.subarray(start, end))
    if (text === undefined) return false
    this.buffer = bytesOf(Buffer.from(text))
    this.end = this.buffer.length
    return true
  }
}

export function keyReader(format: KeyFormat): KeyReader {
  if (format === 'long') {
    return new ConvertedKey((key) => (key.length === 8 ? String(key.readBigInt64BE()) : undefined))
  }
  if (format === 'int') {
    return new ConvertedKey((key) => (key.length === 4 ? String(key.readInt32BE()) : undefined))
  }
  if (format === 'json') return new ConvertedKey(jsonText)
  if (format === 'avro') return new ConvertedKey(avroText)
  return new PlainKey()
}

function jsonText(key: Buffer): string | undefined {
  try {
    const text = key.toString().trim()
    // As it is written: a number may have more digits than a double keeps.
    if (/^-?(0|[1-9]\d*)$/.test(text)) return text
    const value: unknown = JSON.parse(text)
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
  } catch {
    return undefined
  }
}

/** A framed primitive: a string whose length is exactly the rest, or else a number that is. */
function avroText(key: Buffer): string | undefined {
  if (key.length <= FRAME_BYTES || key[0] !== 0) return undefined
  let value = 0n
  let at = FRAME_BYTES
  for (let shift = 0n; at < key.length; shift += 7n) {
    const byte = key[at++]
    value |= BigInt(byte & 127) << shift
    if (byte < 128) break
  }
  const number = (value >> 1n) ^ -(value & 1n)
  // The number 0 and the empty string are the same byte; who keys by nothing?
  if (at === key.length) return String(number)
  return number === BigInt(key.length - at) ? key.toString('utf8', at) : undefined
}

/** A record's key in a format, for whoever writes records; undefined where the format cannot hold it. */
export function keyBytes(format: KeyFormat, key: string | number): Buffer | undefined {
  const text = String(key)
  if (format === 'json') return Buffer.from(JSON.stringify(key))
  if (format === 'text' || format === 'bytes') return Buffer.from(text)
  if (format === 'avro' && typeof key === 'string') {
    const bytes = Buffer.from(key)
    return Buffer.concat([Buffer.alloc(FRAME_BYTES), varint(BigInt(bytes.length)), bytes])
  }
  if (!/^-?\d{1,19}$/.test(text)) return undefined
  if (BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) return undefined
  if (format === 'avro') return Buffer.concat([Buffer.alloc(FRAME_BYTES), varint(BigInt(text))])
  const bytes = Buffer.alloc(format === 'long' ? 8 : 4)
  if (format === 'long') bytes.writeBigInt64BE(BigInt(text))
  else if (Number(text) === (Number(text) | 0)) bytes.writeInt32BE(Number(text))
  else return undefined
  return bytes
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value < 0n ? -2n * value - 1n : 2n * value
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}
