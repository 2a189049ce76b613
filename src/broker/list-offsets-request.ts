import type { TopicPartition } from '../batch.ts'
import { DecoderClass, EncoderClass, type Protocol } from './kafkajs.ts'
import type { OffsetAt } from './port.ts'
import { readTopics, writeTopics } from './topic-arrays.ts'

const LIST_OFFSETS = 2
const READ_COMMITTED = 1

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
