import type { Reader, ReaderEvents } from '../../src/broker/port.ts'
import { decodeRecordBatches } from '../../src/broker/record-columns.ts'

/** Reads a changelog of one partition. @param records a batch each */
export function readerOf(records: readonly Buffer[], events: ReaderEvents): Reader {
  let next = 0
  const read = async (): Promise<void> => {
    if (next >= records.length) return
    const columns = await decodeRecordBatches(records[next], 0, [])
    columns.offsets[0] = next++
    columns.nextOffset = next
    const lastStableOffset = records.length
    events.onFetched({
      topic: 'changelog',
      partition: 0,
      columns,
      lastStableOffset,
      highWatermark: lastStableOffset,
    })
  }
  return {
    add: (_partition: unknown, offset: number) => {
      next = offset
      setImmediate(read)
    },
    pause: () => {},
    resume: () => setImmediate(read),
    close: async () => {},
  } as unknown as Reader
}
