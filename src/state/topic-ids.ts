/**
 * The inputs' topic ids (KIP-516): an offset means nothing in a topic that was deleted and made anew under its name.
 * Changelog records carry those that their offsets are of, and so do the group's offsets: with a topic the broker
 * deletes the offsets that groups have of it, but not always those of commits that are under way meanwhile.
 */
import type { Group, OffsetCommit } from '../broker/port.ts'
import { encodeHeaders } from '../broker/record-batch-writer.ts'
import { readHeaders } from '../broker/record-columns.ts'
import { type Bytes, bytesOf } from '../bytes.ts'
import { EnricherError } from '../errors.ts'

const NAME = 'topic-ids'

/** The header section of a changelog record. @param ids by side; null: the broker gives none */
export function topicIdHeaders(ids: readonly (string | null)[]): Bytes {
  if (ids.every((id) => id === null)) return bytesOf(encodeHeaders([]))
  const text = ids.map((id) => id ?? '').join(' ')
  return bytesOf(encodeHeaders([[NAME, Buffer.from(text)]]))
}

/** By side; none: it was written without. */
export function topicIdsIn(buffer: Buffer, headerStart: number): string[] {
  const header = readHeaders(buffer, headerStart).find(([name]) => name === NAME)
  return header?.[1]?.toString().split(' ') ?? []
}

/** Throws OFFSETS_CHANGED where one is that of an earlier topic of the same name. */
export function checkTopicIds(
  topics: readonly string[],
  before: readonly (string | null)[],
  ids: readonly (string | null)[],
): void {
  for (const [side, topic] of topics.entries()) {
    const [was, is] = [before[side], ids[side]]
    if (was && is && was !== is) throw topicRecreated(topic, was, is)
  }
}

export interface OffsetsPorts {
  readonly group: Pick<Group, 'committed'>
  /** Of the task's sources, in the plan's order. */
  readonly topics: readonly string[]
  /** The sources' ids; null: the broker gives none. */
  readonly topicIds: readonly (string | null)[]
}

/** The group's stable offsets of a task, by source; -1: there is none. Throws OFFSETS_CHANGED where one is of an earlier topic of the same name. */
export const groupOffsetsOf = async (partition: number, ports: OffsetsPorts): Promise<number[]> =>
  (await groupCommitsOf(partition, ports)).map(({ offset }) => offset)

/** The same, with what was told beside them. */
export async function groupCommitsOf(
  partition: number,
  { group, topics, topicIds }: OffsetsPorts,
): Promise<OffsetCommit[]> {
  const committed = await group.committed(topics.map((topic) => ({ topic, partition })))
  checkTopicIds(
    topics,
    committed.map(({ topicId }) => topicId ?? null),
    topicIds,
  )
  return committed
}

export function topicRecreated(topic: string, before: string, id: string): EnricherError {
  const message = `The topic ${topic} was deleted and created anew (its id was ${before} and is ${id}): the group's offsets, and what a window holds, are of the topic that is gone. To begin with the new one, stop all instances and run \`stream-enricher reset\`, or give the pipeline another name`
  return new EnricherError('OFFSETS_CHANGED', message, { fields: { topic, before, id } })
}
