/**
 * Which message of its schema a value is, between Confluent's frame and the message: indexes on the way through the file,
 * as zigzag varints after their count; a single 0 stands for the first message.
 * https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/#wire-format
 */
import type { Bytes } from '../../bytes.ts'
import type { Transcode } from '../avro/transfer.ts'
import { AvroSource, readInt } from '../avro/walk.ts'

/** Messages lie in one another no deeper. */
const MOST = 100

/** One at a time. */
const source = new AvroSource()

/** The way to the message; null: there are no indexes. */
export function wayOf(buffer: Buffer, start: number, end: number): number[] | null {
  source.open(buffer as Bytes, start, end)
  const count = start < end ? readInt(source) : Number.NaN
  if (count === 0) return [0]
  if (!(count > 0 && count <= MOST)) return null
  const way = Array.from({ length: count }, () => (source.at < end ? readInt(source) : -1))
  return way.every((index) => index >= 0) ? way : null
}

/** The same for a value that begins with indexes, which are sound. */
export const behindIndexes =
  (transcode: Transcode): Transcode =>
  (transfer) => {
    const { source: from } = transfer
    for (let left = readInt(from); left > 0; left--) readInt(from)
    return transcode(transfer)
  }
