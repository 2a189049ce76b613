/**
 * The inputs' topic ids (KIP-516), which the group keeps beside their offsets: an offset means nothing in a topic
 * that was deleted and made anew under its name.
 */
import type { Committed } from '../broker/port.ts'
import { EnricherError } from '../errors.ts'

const PREFIX = 'topic-id:'

/** null, as of a broker without topic ids: nothing is kept. */
export const metadataOf = (id: string | null): string => (id === null ? '' : PREFIX + id)

/** null: it was committed without. */
const idOf = ({ metadata }: Committed): string | null =>
  metadata.startsWith(PREFIX) ? metadata.slice(PREFIX.length) : null

/** Throws OFFSETS_CHANGED where the offset is of an earlier topic of this name. */
export function checkTopicId(topic: string, committed: Committed, id: string | null): void {
  const before = idOf(committed)
  if (before !== null && id !== null && before !== id) throw topicRecreated(topic, before, id)
}

export function topicRecreated(topic: string, before: string, id: string): EnricherError {
  const message = `The topic ${topic} was deleted and created anew (its id was ${before} and is ${id}): the group's offsets, and what the window holds, are of the topic that is gone. To begin with the new one, stop all instances and run \`stream-enricher reset\`, or give the pipeline another name`
  return new EnricherError('OFFSETS_CHANGED', message, { fields: { topic, before, id } })
}
