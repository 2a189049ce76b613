/** Reads where a pipeline is: the group's offsets, and the window's. */
import type { Broker, GroupDescription } from '../broker/port.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { changelogName } from '../config/topic-names.ts'
import { planOf } from '../plan/plan.ts'
import { type ChangelogHeaders, NO_HEADERS, readHeaders } from '../state/stored-layout.ts'
import type { Headers, OffsetsState } from './checks/offsets.ts'

/** None where there is no changelog, or it may not be read. */
export async function headersOf(pipeline: Pipeline, broker: Broker): Promise<ChangelogHeaders> {
  const topic = changelogName(pipeline)
  const access = (await broker.administration.topicAccess([topic])).get(topic)
  const isReadable = access?.state === 'there' && access.allowed.has('read')
  return isReadable ? readHeaders(broker, topic) : NO_HEADERS
}

/** @param headers of the changelog */
export async function offsetsOf(
  pipeline: Pipeline,
  { admin, administration }: Broker,
  group: GroupDescription,
  headers: Headers,
): Promise<OffsetsState> {
  const identities = await admin.identify(planOf(pipeline).sources.map(({ topic }) => topic))
  return {
    offsets: group.state === 'hidden' ? [] : await administration.groupOffsets(pipeline.name),
    headers,
    topicIds: new Map([...identities].map(([topic, { id }]) => [topic, id])),
    isRunning: group.members.length > 0,
  }
}
