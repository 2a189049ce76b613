import type { TopicPartition } from '../batch.ts'
import { DecoderClass, EncoderClass, type Protocol } from './kafkajs.ts'
import { check, readTopics, writeTopics } from './topic-arrays.ts'

const ADD_PARTITIONS_TO_TXN = 24
/** Of the partitions that were not at fault, where one of the request was. */
const OPERATION_NOT_ATTEMPTED = 55

/** AddPartitionsToTxn v1. Its error is that of the partition at fault, and has its topic; kafkajs takes the first there is. */
export function addPartitionsRequest(
  producer: { transactionalId: string; producerId: bigint; producerEpoch: number },
  partitions: readonly TopicPartition[],
): Protocol<void> {
  return {
    request: {
      apiKey: ADD_PARTITIONS_TO_TXN,
      apiVersion: 1,
      apiName: 'AddPartitionsToTxn',
      encode: async () => {
        const e = new EncoderClass().writeString(producer.transactionalId)
        e.writeInt64(producer.producerId.toString()).writeInt16(producer.producerEpoch)
        writeTopics(e, partitions, (encoder, { partition }) => encoder.writeInt32(partition))
        return e
      },
    },
    response: {
      decode: async (raw) => {
        const d = new DecoderClass(raw)
        d.readInt32()
        const answers = readTopics(d, (inner, topic) => {
          inner.readInt32()
          return { topic, code: inner.readInt16() }
        })
        const failed = answers.filter(({ code }) => code !== 0)
        const cause = failed.find(({ code }) => code !== OPERATION_NOT_ATTEMPTED) ?? failed[0]
        if (cause !== undefined) check(cause.code, cause.topic)
        return {}
      },
      parse: async () => {},
    },
  }
}
