/** Bodies that are compressed by zlib, as AWS Glue's serializers do it where they are told to. */
import { inflateSync } from 'node:zlib'
import type { RejectReason } from '../../batch.ts'
import { type Bytes, bytesOf } from '../../bytes.ts'
import type { Fate, TimeReading, ValueReader } from '../port.ts'
import type { Frame } from './framing.ts'

/** A body with more is not read: a few bytes can be a thousand times as many. */
const MOST_BYTES = 8 << 20

/** The body in `buffer[start, end)`, or why there is none. */
export function inflated(buffer: Buffer, start: number, end: number): Bytes | RejectReason {
  try {
    return bytesOf(inflateSync(buffer.subarray(start, end), { maxOutputLength: MOST_BYTES }))
  } catch (error) {
    return (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? 'too_large' : 'malformed'
  }
}

export const inflateFault = (reason: RejectReason): string =>
  reason === 'too_large'
    ? `It is more than ${MOST_BYTES >> 20} MiB when it is decompressed`
    : 'Its bytes behind the schema’s id are not compressed by zlib, as the second one says'

/** Reads values behind a frame. @param readerAt makes a reader of records that begin so far behind a value's beginning */
export const readerBehind = (
  { kind, bodyBytes }: Frame,
  readerAt: (bodyBytes: number) => ValueReader,
): ValueReader =>
  kind === 'Glue zlib' ? new InflatingReader(readerAt(0), bodyBytes) : readerAt(bodyBytes)

/** Reads values whose bodies are compressed as another reader does those that are not. */
class InflatingReader implements ValueReader {
  readonly #inner: ValueReader
  readonly #bodyBytes: number
  #refused: RejectReason | null = null

  /** @param inner of bodies alone. @param bodyBytes how far behind the value's beginning the body is */
  constructor(inner: ValueReader, bodyBytes: number) {
    this.#inner = inner
    this.#bodyBytes = bodyBytes
  }

  read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    const body = inflated(buffer, start + this.#bodyBytes, end)
    this.#refused = typeof body === 'string' ? body : null
    return typeof body === 'string' ? body : this.#inner.read(row, body, 0, body.length)
  }

  get fault(): string {
    return this.#refused === null ? this.#inner.fault : inflateFault(this.#refused)
  }

  select(row: number): void {
    this.#inner.select(row)
  }

  get fate(): Fate {
    return this.#inner.fate
  }

  get failure(): string {
    return this.#inner.failure
  }

  get time(): number {
    return this.#inner.time
  }

  get timeText(): string {
    return this.#inner.timeText
  }

  get timeReading(): TimeReading | null {
    return this.#inner.timeReading
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

  get projectedBytes(): number {
    return this.#inner.projectedBytes
  }

  project(target: Bytes, position: number): number {
    return this.#inner.project(target, position)
  }
}
