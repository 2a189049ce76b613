/** A record whose reject lacks something of it, read where it came from. */
import type { RecordBytes } from '../../batch.ts'
import type { Broker } from '../../broker/port.ts'
import { readTopic, type TopicRecord } from '../../broker/read-topic.ts'
import type { Rejected } from './reject.ts'

/** What `omitted` begins with where the reject has no key either. */
const NO_KEY = 'key'

/** undefined: the topic does not have it any more, or has another one there, as after it was made anew. */
export async function readOriginal(
  broker: Broker,
  rejected: Rejected,
): Promise<RecordBytes | undefined> {
  const { topic, partition, offset } = rejected
  const [first, end] = await Promise.all([
    broker.admin.offsets(topic, 'earliest', partition),
    broker.admin.offsets(topic, 'stable', partition),
  ])
  if (offset < first.get(partition)! || offset >= end.get(partition)!) return undefined
  let found: TopicRecord | undefined
  await readTopic(broker, topic, [{ partition, from: offset, to: offset + 1 }], (record) => {
    found = record
  })
  if (found === undefined || !isSame(found, rejected)) return undefined
  const { key, value, headers } = found
  return { key, value, headers }
}

function isSame(found: TopicRecord, { timestamp, omitted, record }: Rejected): boolean {
  if (found.timestamp !== timestamp) return false
  if (omitted?.startsWith(NO_KEY)) return true
  if (found.key === null || record.key === null) return found.key === record.key
  return found.key.equals(record.key)
}
