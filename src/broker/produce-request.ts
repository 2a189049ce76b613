import type { TopicPartition } from '../batch.ts'
import { type BrokerNode, DecoderClass, EncoderClass, sendChunks } from './kafkajs.ts'
import { byTopic, readTopics } from './topic-arrays.ts'

const PRODUCE = 0
const REQUEST_BYTES = 16 * 1024 * 1024

export interface SealedBatch extends TopicPartition {
  readonly bytes: Buffer
}

export interface Produced extends TopicPartition {
  readonly errorCode: number
  readonly baseOffset: number
}

/** Takes, of the batches left, in order, the first of each partition, up to the size of a request. */
export function nextRound(
  batches: readonly (TopicPartition & { readonly bytes: number })[],
  rest: readonly number[],
): number[] {
  const seen = new Set<string>()
  const round: number[] = []
  let bytes = 0
  for (const i of rest) {
    const key = `${batches[i].topic}:${batches[i].partition}`
    if (seen.has(key)) continue
    seen.add(key)
    bytes += batches[i].bytes
    if (round.length > 0 && bytes > REQUEST_BYTES) break
    round.push(i)
  }
  return round
}

/** Sends batches by Produce v7, with acks = all. */
export async function produce(
  node: BrokerNode,
  transactionalId: string | null,
  timeoutMs: number,
  batches: readonly SealedBatch[],
): Promise<Produced[]> {
  const topics = byTopic(batches)
  let head = new EncoderClass()
    .writeString(transactionalId)
    .writeInt16(-1)
    .writeInt32(timeoutMs)
    .writeInt32(topics.size)
  const chunks: Buffer[] = []
  for (const [topic, list] of topics) {
    head.writeString(topic).writeInt32(list.length)
    for (const { partition, bytes } of list) {
      chunks.push(head.writeInt32(partition).writeInt32(bytes.length).buffer, bytes)
      head = new EncoderClass()
    }
  }
  const request = { apiKey: PRODUCE, apiVersion: 7, apiName: 'Produce' }
  return (await sendChunks(node, request, chunks, readProduced)).produced
}

function readProduced(payload: Buffer) {
  const d = new DecoderClass(payload)
  const produced = readTopics(d, (inner, topic): Produced => {
    const partition = inner.readInt32()
    const errorCode = inner.readInt16()
    const baseOffset = Number(inner.readInt64())
    inner.readInt64()
    inner.readInt64()
    return { topic, partition, errorCode, baseOffset }
  })
  return { produced, clientSideThrottleTime: d.readInt32() }
}
