/** What requests and answers have in common: partitions under their topics, and error codes. */
import type { TopicPartition } from '../batch.ts'
import { createErrorFromCode, type Decoder, type Encoder } from './kafkajs.ts'

export function byTopic<T extends TopicPartition>(items: readonly T[]): Map<string, T[]> {
  const topics = new Map<string, T[]>()
  for (const item of items) {
    const list = topics.get(item.topic)
    if (list === undefined) topics.set(item.topic, [item])
    else list.push(item)
  }
  return topics
}

export function writeTopics<T extends TopicPartition>(
  encoder: Encoder,
  items: readonly T[],
  write: (encoder: Encoder, item: T) => void,
): void {
  const topics = byTopic(items)
  encoder.writeInt32(topics.size)
  for (const [topic, list] of topics) {
    encoder.writeString(topic).writeInt32(list.length)
    for (const item of list) write(encoder, item)
  }
}

export function readTopics<T>(decoder: Decoder, read: (decoder: Decoder, topic: string) => T): T[] {
  return decoder
    .readArray((d) => {
      const topic = d.readString()
      return d.readArray((inner) => read(inner, topic))
    })
    .flat()
}

/**
 * The protocol error that a code stands for. kafkajs does not know them all; the code stays.
 * @param topic that the answer is about
 */
export const asError = (code: number, topic?: string): Error =>
  Object.assign(createErrorFromCode(code), { code, topic })

/** Throws it, unless the code is that of success. */
export function check(code: number, topic?: string): void {
  if (code !== 0) throw asError(code, topic)
}
