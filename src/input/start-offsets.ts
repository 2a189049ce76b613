import type { Admin } from '../broker/port.ts'
import { EnricherError } from '../errors.ts'
import type { Log } from '../events.ts'

interface StartPorts {
  readonly admin: Pick<Admin, 'offsets'>
  readonly log: Log
  /** Where the sources begin for us. */
  readonly from: readonly number[]
}

/**
 * The offsets to go on at; where there is none, or retention has passed it by, the topic's beginning.
 * Throws OFFSETS_CHANGED where a topic ends before what was read of it.
 * @param offsets of the sources, behind what was read; -1: nothing was
 */
export function startOffsets(
  topics: readonly string[],
  partition: number,
  offsets: readonly number[],
  { admin, log, from }: StartPorts,
): Promise<number[]> {
  return Promise.all(
    topics.map(async (topic, source) => {
      const offset = offsets[source]
      const [earliest, end] = await Promise.all(
        (['earliest', 'stable'] as const).map(
          async (at) => (await admin.offsets(topic, at, partition)).get(partition) ?? 0,
        ),
      )
      if (offset > end) throw topicAnew(topic, partition, offset, end)
      if (offset >= 0 && earliest > offset) {
        const lost = earliest - offset
        log.event('records_deleted_unread', { topic, partition, offset, earliest, lost })
      }
      return Math.max(earliest, offset, from[source])
    }),
  )
}

function topicAnew(topic: string, partition: number, offset: number, end: number): EnricherError {
  const message = `The group has read ${topic}-${partition} up to ${offset}, but it ends at ${end}: the topic was created anew. To begin with the new one, stop all instances and run \`stream-enricher reset\`, or give the pipeline another name`
  return new EnricherError('OFFSETS_CHANGED', message, {
    fields: { topic, partition, offset, end },
  })
}
