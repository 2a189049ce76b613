import type { TopicPartition } from '../batch.ts'
import { type Decoder, DecoderClass, EncoderClass, type Protocol } from './kafkajs.ts'
import type { AbortedTransaction } from './record-columns.ts'
import { check, readTopics, writeTopics } from './topic-arrays.ts'

const FETCH = 1
const READ_COMMITTED = 1

export interface FetchPosition extends TopicPartition {
  readonly offset: number
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
  const highWatermark = Number(d.readInt64())
  const lastStableOffset = Number(d.readInt64())
  d.readInt64()
  const aborted = d.readArray((inner) => ({
    producerId: BigInt(inner.readInt64().toString()),
    firstOffset: BigInt(inner.readInt64().toString()),
  }))
  d.readInt32()
  const size = d.readInt32()
  const records = size > 0 ? d.readBytes(size) : NO_RECORDS
  return { topic, partition, errorCode, highWatermark, lastStableOffset, aborted, records }
}
