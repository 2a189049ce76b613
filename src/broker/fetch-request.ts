import type { TopicPartition } from '../batch.ts'
import {
  compactArray,
  compactString,
  noTags,
  readCompactArray,
  readCompactBytes,
  readUuid,
  skipTags,
  writeUuid,
} from './compact-encoding.ts'
import {
  type BrokerNode,
  type Decoder,
  DecoderClass,
  type Encoder,
  EncoderClass,
  type Protocol,
} from './kafkajs.ts'
import type { AbortedTransaction } from './record-columns.ts'
import { byTopic, check, readTopics, writeTopics } from './topic-arrays.ts'

const FETCH = 1
const READ_COMMITTED = 1

export interface FetchPosition extends TopicPartition {
  readonly offset: number
  /** null: not known. */
  readonly topicId: string | null
}

export interface FetchedPartition extends TopicPartition {
  readonly errorCode: number
  readonly highWatermark: number
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

/** By a topic's id: Kafka 3.1 and later (KIP-516). */
const BY_ID = 13
const BY_NAME = 11

/**
 * Fetch v13, or v11 where the broker does not know it or an id is not known. By its id nothing is read of a
 * topic that was deleted and made anew: an offset means nothing there. Each partition answers for itself:
 * one that has moved does not spoil the others.
 */
export function fetchRequest(
  { versions }: Pick<BrokerNode, 'versions'>,
  positions: readonly FetchPosition[],
  limits: FetchLimits,
): Protocol<FetchedPartition[]> {
  const byId =
    (versions[FETCH]?.maxVersion ?? 0) >= BY_ID && positions.every((p) => p.topicId !== null)
  return {
    request: {
      apiKey: FETCH,
      apiVersion: byId ? BY_ID : BY_NAME,
      apiName: 'Fetch',
      encode: async () => {
        const e = byId ? noTags(new EncoderClass()) : new EncoderClass()
        e.writeInt32(-1).writeInt32(limits.maxWaitMs).writeInt32(limits.minBytes)
        e.writeInt32(limits.maxBytes).writeInt8(READ_COMMITTED).writeInt32(0).writeInt32(-1)
        return byId ? encodeById(e, positions, limits) : encodeByName(e, positions, limits)
      },
    },
    response: {
      decode: async (raw) => {
        const d = new DecoderClass(raw)
        if (byId) skipTags(d)
        d.readInt32()
        check(d.readInt16())
        d.readInt32()
        return byId ? readById(d, positions) : readTopics(d, readFetched)
      },
      parse: async (data) => data,
    },
  }
}

function encodeByName(
  e: Encoder,
  positions: readonly FetchPosition[],
  { maxBytesPerPartition }: FetchLimits,
): Encoder {
  writeTopics(e, positions, (encoder, { partition, offset }) => {
    encoder.writeInt32(partition).writeInt32(-1).writeInt64(String(offset))
    encoder.writeInt64('-1').writeInt32(maxBytesPerPartition)
  })
  return e.writeInt32(0).writeString('')
}

function encodeById(
  e: Encoder,
  positions: readonly FetchPosition[],
  { maxBytesPerPartition }: FetchLimits,
): Encoder {
  compactArray(e, [...byTopic(positions).values()], (list) => {
    writeUuid(e, list[0].topicId)
    compactArray(e, list, ({ partition, offset }) => {
      e.writeInt32(partition).writeInt32(-1).writeInt64(String(offset)).writeInt32(-1)
      e.writeInt64('-1').writeInt32(maxBytesPerPartition)
    })
  })
  compactArray(e, [], () => {})
  compactString(e, '')
  return noTags(e)
}

function readFetched(d: Decoder, topic: string): FetchedPartition {
  const head = readHead(d, topic)
  const aborted = d.readArray(readAborted)
  d.readInt32()
  const size = d.readInt32()
  const records = size > 0 ? d.readBytes(size) : NO_RECORDS
  return { ...head, aborted, records }
}

function readById(d: Decoder, positions: readonly FetchPosition[]): FetchedPartition[] {
  const names = new Map(positions.map(({ topicId, topic }) => [topicId, topic]))
  return readCompactArray(d, () => {
    const topic = names.get(readUuid(d))!
    const answers = readCompactArray(d, () => {
      const head = readHead(d, topic)
      const aborted = readCompactArray(d, () => {
        const transaction = readAborted(d)
        skipTags(d)
        return transaction
      })
      d.readInt32()
      const records = readCompactBytes(d)
      skipTags(d)
      return { ...head, aborted, records }
    })
    skipTags(d)
    return answers
  }).flat()
}

function readHead(d: Decoder, topic: string) {
  const partition = d.readInt32()
  const errorCode = d.readInt16()
  const highWatermark = Number(d.readInt64())
  const lastStableOffset = Number(d.readInt64())
  d.readInt64()
  return { topic, partition, errorCode, highWatermark, lastStableOffset }
}

function readAborted(d: Decoder): AbortedTransaction {
  const producerId = BigInt(d.readInt64().toString())
  return { producerId, firstOffset: BigInt(d.readInt64().toString()) }
}
