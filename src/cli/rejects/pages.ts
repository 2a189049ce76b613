/** Reads a rejects topic from the oldest on, so that any number of rejects fits into memory. */
import type { Broker } from '../../broker/port.ts'
import { lastRanges, type Range, readTopic } from '../../broker/read-topic.ts'
import { recordBytes } from '../../output/write-reject.ts'
import { type Rejected, rejectedOf } from './reject.ts'

/** A page ends with the fetch by which it has so many bytes. */
const PAGE_BYTES = 1 << 20

/** Rejects in their partitions' order, one partition after the other, as of now. @param since ms since 1970; older ones are left out */
export async function* pagesOf(
  broker: Broker,
  topic: string,
  since?: number,
): AsyncGenerator<Rejected[]> {
  const ranges = await lastRanges(broker, topic, Number.POSITIVE_INFINITY)
  const first = since === undefined ? undefined : await broker.admin.offsets(topic, since)
  for (const { partition, from, to } of ranges) {
    const begin = first === undefined ? from : (first.get(partition) ?? -1)
    if (begin >= 0) yield* pagesOfRange(broker, topic, { partition, from: begin, to })
  }
}

async function* pagesOfRange(
  broker: Broker,
  topic: string,
  { partition, from, to }: Range,
): AsyncGenerator<Rejected[]> {
  for (let at = from; at < to; ) {
    const page: Rejected[] = []
    let bytes = 0
    let behind = 0
    await readTopic(
      broker,
      topic,
      [{ partition, from: at, to }],
      (record) => {
        page.push(rejectedOf(record))
        bytes += recordBytes(record)
      },
      (offsets) => {
        behind = offsets
      },
      () => bytes >= PAGE_BYTES,
    )
    at += behind
    yield page
  }
}
