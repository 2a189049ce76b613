import { RecordBatchWriter } from '../../../src/broker/record-batch-writer.ts'
import { crc32c } from '../../../src/checksum.ts'

const ATTRIBUTES_AT = 21
const CRC_AT = 17
const CONTROL = 0x20

export interface Marker {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly isCommit: boolean
  /** Wall clock: a marker has no event time. */
  readonly timestamp: number
}

/** A control batch of one record, whose key says how the transaction has ended (KIP-98). */
export async function markerBatch(marker: Marker): Promise<Buffer> {
  const { producerId, producerEpoch, isCommit, timestamp } = marker
  const to = { topic: '', partition: 0, transactional: true, compression: 'none' } as const
  const writer = new RecordBatchWriter(to)
  const key = Buffer.from([0, 0, 0, isCommit ? 1 : 0])
  // Version, and the coordinator's epoch.
  writer.recordOf(timestamp, { key, value: Buffer.alloc(6), headers: [] })
  const batch = Buffer.from(await writer.seal(producerId, producerEpoch, -1))
  writer.release()
  batch.writeInt16BE(batch.readInt16BE(ATTRIBUTES_AT) | CONTROL, ATTRIBUTES_AT)
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES_AT)), CRC_AT)
  return batch
}
