/** Where a broker gives no topic ids (before Kafka 2.8) a topic is known again by the records that it had. */
import type { RecordColumns } from '../batch.ts'
import type { Reader, ReaderEvents } from '../broker/port.ts'
import { crc32c } from '../checksum.ts'
import type { Extent } from './extent.ts'

/** A record that was read last of its partition. */
export interface Mark {
  readonly offset: number
  /** The record's time, in ms since 1970. */
  readonly timestamp: number
  /** CRC-32C of its key and value. */
  readonly checksum: number
}

export function markOf(columns: RecordColumns, i: number): Mark {
  const { buffer, offsets, timestamps, keyStarts, keyEnds, valueEnds } = columns
  const end = Math.max(keyStarts[i], keyEnds[i], valueEnds[i])
  const checksum = crc32c(buffer.subarray(keyStarts[i], end))
  return { offset: offsets[i], timestamp: timestamps[i], checksum }
}

/**
 * Whether the topic has another record in one of these places, so that it was made anew. A place without a record
 * says nothing: compaction takes records away.
 */
export async function hasOtherRecords(
  topic: string,
  marks: readonly (Mark | null)[],
  { heads, ends }: Extent,
  createReader: (events: ReaderEvents) => Reader,
): Promise<boolean> {
  const open = new Map<number, Mark>()
  for (const [partition, mark] of marks.entries()) {
    if (mark === null || mark.offset < heads[partition] || mark.offset >= ends[partition]) continue
    open.set(partition, mark)
  }
  if (open.size === 0) return false
  let reader: Reader | undefined
  const differs = new Promise<boolean>((resolve) => {
    const answered = (partition: number, isOther: boolean): void => {
      open.delete(partition)
      if (isOther || open.size === 0) resolve(isOther)
    }
    reader = createReader({
      onFetched({ partition, columns }) {
        const mark = open.get(partition)
        if (mark !== undefined) answered(partition, isOther(columns, mark))
      },
      onError: ({ partition }) => answered(partition, false),
    })
    for (const [partition, { offset }] of open) reader.add({ topic, partition }, offset)
  })
  try {
    return await differs
  } finally {
    await reader?.close()
  }
}

function isOther(columns: RecordColumns, mark: Mark): boolean {
  if (columns.length === 0 || columns.offsets[0] !== mark.offset) return false
  const { timestamp, checksum } = markOf(columns, 0)
  return timestamp !== mark.timestamp || checksum !== mark.checksum
}
