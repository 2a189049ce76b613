/** Records as a broker has them, and what is in batches on their way to one. */

import type { RecordColumns } from '../../batch.ts'
import type { Fetched, ProduceBatch } from '../../broker/port.ts'
import { RecordBatchWriter } from '../../broker/record-batch-writer.ts'
import { decodeRecordBatches } from '../../broker/record-columns.ts'
import { keyTextOf } from '../../codec/keys/keys.ts'
import type { KeyReader } from '../../codec/port.ts'
import type { GivenRecord } from './given-record.ts'

export type TimedRecord = GivenRecord & { readonly timestamp: number }

/** A broker's answer to a fetch: one record, or, without one, that nothing has come before `offset`. */
export async function answerOf(
  topic: string,
  offset: number,
  record?: TimedRecord,
): Promise<Fetched> {
  const bytes = record === undefined ? Buffer.alloc(0) : await batchOf(topic, offset, record)
  const columns = await decodeRecordBatches(bytes, offset, [])
  const end = columns.nextOffset
  return { topic, partition: 0, columns, lastStableOffset: end, highWatermark: end }
}

async function batchOf(topic: string, offset: number, record: TimedRecord): Promise<Buffer> {
  const to = { topic, partition: 0, transactional: false, compression: 'none' } as const
  const writer = new RecordBatchWriter(to)
  writer.recordOf(record.timestamp, record)
  const bytes = Buffer.from(await writer.seal(-1n, -1, -1))
  writer.release()
  bytes.writeBigInt64BE(BigInt(offset))
  return bytes
}

/** Every record of batches that were made to be sent. */
export async function* written(
  batches: readonly ProduceBatch[],
): AsyncGenerator<{ columns: RecordColumns; i: number; batch: ProduceBatch }> {
  for (const batch of batches) {
    const columns = await decodeRecordBatches(await batch.seal(1n, 0, 0), 0, [])
    for (let i = 0; i < columns.length; i++) yield { columns, i, batch }
  }
}

/** A key as text, or in hexadecimal where it is none; null: the record has no key. */
export const keyText = (reader: KeyReader, key: Buffer | null): string | null =>
  key === null ? null : (keyTextOf(reader, key) ?? `0x${key.toString('hex')}`)
