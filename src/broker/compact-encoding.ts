/**
 * The encoding of flexible versions (KIP-482): lengths are unsigned varints, one more than the length;
 * every structure ends with its tags. The request header's own tags are the first byte.
 */
import type { TopicPartition } from '../batch.ts'
import type { Decoder, Encoder } from './kafkajs.ts'
import { byTopic } from './topic-arrays.ts'

function uvarint(e: Encoder, value: number): void {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128)
  bytes.push(rest)
  e.writeBufferInternal(Buffer.from(bytes))
}

export function compactString(e: Encoder, text: string | null): void {
  if (text === null) {
    uvarint(e, 0)
    return
  }
  const bytes = Buffer.from(text)
  uvarint(e, bytes.length + 1)
  e.writeBufferInternal(bytes)
}

export function noTags(e: Encoder): Encoder {
  e.writeBufferInternal(Buffer.from([0]))
  return e
}

/** A structure for each item. */
export function compactArray<T>(e: Encoder, items: readonly T[], write: (item: T) => void): void {
  uvarint(e, items.length + 1)
  for (const item of items) {
    write(item)
    noTags(e)
  }
}

export function compactTopics<T extends TopicPartition>(
  e: Encoder,
  items: readonly T[],
  write: (item: T) => void,
): void {
  compactArray(e, [...byTopic(items)], ([topic, list]) => {
    compactString(e, topic)
    uvarint(e, list.length + 1)
    for (const item of list) write(item)
  })
}

const UUID_BYTES = 16

/** As Kafka writes them, in 22 letters; null: none. */
export function writeUuid(e: Encoder, id: string | null): void {
  e.writeBufferInternal(id === null ? Buffer.alloc(UUID_BYTES) : Buffer.from(id, 'base64url'))
}

export function readUuid(d: Decoder): string | null {
  const bytes = d.readBytes(UUID_BYTES)
  return bytes.every((byte) => byte === 0) ? null : bytes.toString('base64url')
}

function readUvarint(d: Decoder): number {
  let result = 0
  for (let shift = 0; ; shift += 7) {
    const byte = d.readInt8() & 255
    result |= (byte & 127) << shift
    if (byte < 128) return result
  }
}

export function readCompactString(d: Decoder): string {
  const length = readUvarint(d)
  return length < 2 ? '' : d.readBytes(length - 1).toString()
}

/** Nothing where it is null. */
export function readCompactBytes(d: Decoder): Buffer {
  return d.readBytes(Math.max(0, readUvarint(d) - 1))
}

export function readCompactArray<T>(d: Decoder, read: () => T): T[] {
  const items: T[] = []
  for (let left = readUvarint(d); left > 1; left--) items.push(read())
  return items
}

export function skipTags(d: Decoder): void {
  for (let left = readUvarint(d); left > 0; left--) {
    readUvarint(d)
    d.readBytes(readUvarint(d))
  }
}
