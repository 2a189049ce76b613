/** Reads where a pipeline is: the group's offsets, and the windows'. */
import type { Broker, GroupDescription } from '../broker/port.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { knownChangelogs } from '../config/topic-names.ts'
import { planOf } from '../plan/plan.ts'
import { type ChangelogHeaders, NO_HEADERS, readHeaders } from '../state/stored-layout.ts'
import type { OffsetsState } from './checks/offsets.ts'

/** Of each changelog; none where it is not there, or may not be read. */
export async function headersOf(pipeline: Pipeline, broker: Broker): Promise<ChangelogHeaders[]> {
  const topics = knownChangelogs(pipeline)
  const access = await broker.administration.topicAccess(topics)
  const isReadable = (topic: string): boolean => {
    const of = access.get(topic)
    return of?.state === 'there' && of.allowed.has('read')
  }
  return Promise.all(
    topics.map((topic) => (isReadable(topic) ? readHeaders(broker, topic) : NO_HEADERS)),
  )
}

/** @param headers of each changelog */
export async function offsetsOf(
  pipeline: Pipeline,
  { admin, administration }: Broker,
  group: GroupDescription,
  headers: readonly ChangelogHeaders[],
): Promise<OffsetsState> {
  const identities = await admin.identify(planOf(pipeline).sources.map(({ topic }) => topic))
  return {
    offsets: group.state === 'hidden' ? [] : await administration.groupOffsets(pipeline.name),
    headers: headers.map(({ last }) => last),
    topicIds: new Map([...identities].map(([topic, { id }]) => [topic, id])),
    isRunning: group.members.length > 0,
  }
}
