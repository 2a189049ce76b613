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

export function compactTopics<T extends TopicPartition>(
  e: Encoder,
  items: readonly T[],
  write: (item: T) => void,
): void {
  const topics = byTopic(items)
  uvarint(e, topics.size + 1)
  for (const [topic, list] of topics) {
    compactString(e, topic)
    uvarint(e, list.length + 1)
    for (const item of list) write(item)
    noTags(e)
  }
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
