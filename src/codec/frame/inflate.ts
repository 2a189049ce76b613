/** Bodies that are compressed by zlib, as AWS Glue's serializers do it where they are told to. */
import { inflateSync } from 'node:zlib'
import type { RejectReason } from '../../batch.ts'
import { type Bytes, bytesOf } from '../../bytes.ts'
import type { ValueReader } from '../port.ts'
import { ReaderOver } from '../reader-over.ts'
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
  { kind, bodyBytes }: Pick<Frame, 'kind' | 'bodyBytes'>,
  readerAt: (bodyBytes: number) => ValueReader,
): ValueReader =>
  kind === 'Glue zlib' ? new InflatingReader(readerAt(0), bodyBytes) : readerAt(bodyBytes)

/** Reads values whose bodies are compressed as another reader does those that are not. */
class InflatingReader extends ReaderOver {
  readonly #bodyBytes: number
  #refused: RejectReason | null = null

  /** @param inner of bodies alone. @param bodyBytes how far behind the value's beginning the body is */
  constructor(inner: ValueReader, bodyBytes: number) {
    super(inner)
    this.#bodyBytes = bodyBytes
  }

  override read(row: number, buffer: Bytes, start: number, end: number): RejectReason | null {
    const body = inflated(buffer, start + this.#bodyBytes, end)
    this.#refused = typeof body === 'string' ? body : null
    return typeof body === 'string' ? body : this.inner.read(row, body, 0, body.length)
  }

  override get fault(): string {
    return this.#refused === null ? this.inner.fault : inflateFault(this.#refused)
  }
}
