/** Requests that kafkajs does not have, or whose answers we read in our own way. */
import type { TopicPartition } from '../batch.ts'
import {
  type BrokerNode,
  createErrorFromCode,
  type Decoder,
  DecoderClass,
  type Encoder,
  EncoderClass,
  type Protocol,
  sendChunks,
} from './kafkajs.ts'
import type { Membership, OffsetAt, OffsetCommit } from './port.ts'
import type { AbortedTransaction } from './record-columns.ts'

const PRODUCE = 0
const FETCH = 1
const LIST_OFFSETS = 2
const OFFSET_FETCH = 9
const TXN_OFFSET_COMMIT = 28
const READ_COMMITTED = 1

function byTopic<T extends TopicPartition>(items: readonly T[]): Map<string, T[]> {
  const topics = new Map<string, T[]>()
  for (const item of items) {
    const list = topics.get(item.topic)
    if (list === undefined) topics.set(item.topic, [item])
    else list.push(item)
  }
  return topics
}

function writeTopics<T extends TopicPartition>(
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

function readTopics<T>(decoder: Decoder, read: (decoder: Decoder, topic: string) => T): T[] {
  return decoder
    .readArray((d) => {
      const topic = d.readString()
      return d.readArray((inner) => read(inner, topic))
    })
    .flat()
}

/** Throws the protocol error that a code stands for. kafkajs does not know them all; the code stays. */
export function check(code: number): void {
  if (code !== 0) throw Object.assign(createErrorFromCode(code), { code })
}

export interface FetchPosition extends TopicPartition {
  readonly offset: number
}

export interface FetchedPartition extends TopicPartition {
  readonly errorCode: number
  readonly lastStableOffset: number
  readonly aborted: readonly AbortedTransaction[]
  readonly records: Buffer
}

export interface FetchLimits {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly maxBytesPerPartition: number
}

const NO_RECORDS = Buffer.alloc(0)

/** Fetch v11. Each partition answers for itself: one that has moved does not spoil the others. */
export function fetchRequest(
  positions: readonly FetchPosition[],
  limits: FetchLimits,
): Protocol<FetchedPartition[]> {
  return {
    request: {
      apiKey: FETCH,
      apiVersion: 11,
      apiName: 'Fetch',
      encode: async () => {
        const e = new EncoderClass()
        e.writeInt32(-1).writeInt32(limits.maxWaitMs).writeInt32(limits.minBytes)
        e.writeInt32(limits.maxBytes).writeInt8(READ_COMMITTED).writeInt32(0).writeInt32(-1)
        writeTopics(e, positions, (encoder, { partition, offset }) => {
          encoder.writeInt32(partition).writeInt32(-1).writeInt64(String(offset))
          encoder.writeInt64('-1').writeInt32(limits.maxBytesPerPartition)
        })
        return e.writeInt32(0).writeString('')
      },
    },
    response: {
      decode: async (raw) => {
        const d = new DecoderClass(raw)
        d.readInt32()
        check(d.readInt16())
        d.readInt32()
        return readTopics(d, readFetched)
      },
      parse: async (data) => data,
    },
  }
}

function readFetched(d: Decoder, topic: string): FetchedPartition {
  const partition = d.readInt32()
  const errorCode = d.readInt16()
  d.readInt64()
  const lastStableOffset = Number(d.readInt64())
  d.readInt64()
  const aborted = d.readArray((inner) => ({
    producerId: BigInt(inner.readInt64().toString()),
    firstOffset: BigInt(inner.readInt64().toString()),
  }))
  d.readInt32()
  const size = d.readInt32()
  const records = size > 0 ? d.readBytes(size) : NO_RECORDS
  return { topic, partition, errorCode, lastStableOffset, aborted, records }
}

export interface SealedBatch extends TopicPartition {
  readonly bytes: Buffer
}

export interface Produced extends TopicPartition {
  readonly errorCode: number
  readonly baseOffset: number
}

/** Produce v7, acks = all. */
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

/** ListOffsets v2 with read_committed: `latest` is then the last stable offset. */
export function listOffsetsRequest(
  partitions: readonly TopicPartition[],
  at: OffsetAt,
): Protocol<(TopicPartition & { errorCode: number; offset: number })[]> {
  const timestamp = at === 'earliest' ? -2 : typeof at === 'number' ? at : -1
  return {
    request: {
      apiKey: LIST_OFFSETS,
      apiVersion: 2,
      apiName: 'ListOffsets',
      encode: async () => {
        const e = new EncoderClass().writeInt32(-1).writeInt8(at === 'latest' ? 0 : READ_COMMITTED)
        writeTopics(e, partitions, (encoder, { partition }) => {
          encoder.writeInt32(partition).writeInt64(timestamp)
        })
        return e
      },
    },
    response: {
      decode: async (raw) => {
        const d = new DecoderClass(raw)
        d.readInt32()
        return readTopics(d, (inner, topic) => {
          const partition = inner.readInt32()
          const errorCode = inner.readInt16()
          inner.readInt64()
          return { topic, partition, errorCode, offset: Number(inner.readInt64()) }
        })
      },
      parse: async (data) => data,
    },
  }
}

// The two below are of flexible versions (KIP-482): lengths are unsigned varints, one more than the
// length; every structure ends with its tags. The request header's own tags are the first byte.

function uvarint(e: Encoder, value: number): void {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128)
  bytes.push(rest)
  e.writeBufferInternal(Buffer.from(bytes))
}

function compactString(e: Encoder, text: string | null): void {
  if (text === null) {
    uvarint(e, 0)
    return
  }
  const bytes = Buffer.from(text)
  uvarint(e, bytes.length + 1)
  e.writeBufferInternal(bytes)
}

function noTags(e: Encoder): Encoder {
  e.writeBufferInternal(Buffer.from([0]))
  return e
}

function compactTopics<T extends TopicPartition>(
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

function readCompactString(d: Decoder): string {
  const length = readUvarint(d)
  return length < 2 ? '' : d.readBytes(length - 1).toString()
}

function readCompactArray<T>(d: Decoder, read: () => T): T[] {
  const items: T[] = []
  for (let left = readUvarint(d); left > 1; left--) items.push(read())
  return items
}

function skipTags(d: Decoder): void {
  for (let left = readUvarint(d); left > 0; left--) {
    readUvarint(d)
    d.readBytes(readUvarint(d))
  }
}

/** TxnOffsetCommit v3 (KIP-447): the group's coordinator refuses it from outside the current generation. */
export function txnOffsetCommitRequest(
  producer: { transactionalId: string; producerId: bigint; producerEpoch: number },
  groupId: string,
  membership: Membership,
  offsets: readonly OffsetCommit[],
): Protocol<void> {
  return {
    request: {
      apiKey: TXN_OFFSET_COMMIT,
      apiVersion: 3,
      apiName: 'TxnOffsetCommit',
      encode: async () => {
        const e = noTags(new EncoderClass())
        compactString(e, producer.transactionalId)
        compactString(e, groupId)
        e.writeInt64(producer.producerId.toString()).writeInt16(producer.producerEpoch)
        e.writeInt32(membership.generationId)
        compactString(e, membership.memberId)
        compactString(e, membership.groupInstanceId)
        compactTopics(e, offsets, ({ partition, offset }) => {
          e.writeInt32(partition).writeInt64(String(offset)).writeInt32(-1)
          compactString(e, '')
          noTags(e)
        })
        return noTags(e)
      },
    },
    response: {
      decode: async (raw) => {
        const d = new DecoderClass(raw)
        skipTags(d)
        d.readInt32()
        readCompactArray(d, () => {
          readCompactString(d)
          readCompactArray(d, () => {
            d.readInt32()
            check(d.readInt16())
            skipTags(d)
          })
          skipTags(d)
        })
        return {}
      },
      parse: async () => {},
    },
  }
}

/** OffsetFetch v7 with require_stable: UNSTABLE_OFFSET_COMMIT while a transaction is pending. -1: no offset. */
export function offsetFetchRequest(
  groupId: string,
  partitions: readonly TopicPartition[],
): Protocol<(TopicPartition & { offset: number })[]> {
  return {
    request: {
      apiKey: OFFSET_FETCH,
      apiVersion: 7,
      apiName: 'OffsetFetch',
      encode: async () => {
        const e = noTags(new EncoderClass())
        compactString(e, groupId)
        compactTopics(e, partitions, ({ partition }) => e.writeInt32(partition))
        return noTags(e.writeBoolean(true))
      },
    },
    response: {
      decode: async (raw) => {
        const d = new DecoderClass(raw)
        skipTags(d)
        d.readInt32()
        const found = readCompactArray(d, () => {
          const topic = readCompactString(d)
          const list = readCompactArray(d, () => readCommitted(d, topic))
          skipTags(d)
          return list
        })
        check(d.readInt16())
        return found.flat()
      },
      parse: async (data) => data,
    },
  }
}

function readCommitted(d: Decoder, topic: string): TopicPartition & { offset: number } {
  const partition = d.readInt32()
  const offset = Number(d.readInt64())
  d.readInt32()
  readCompactString(d)
  check(d.readInt16())
  skipTags(d)
  return { topic, partition, offset }
}
