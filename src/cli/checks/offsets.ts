/** The group's offsets, against what they are of: pure, from what was read before. */
import type { OffsetCommit } from '../../broker/port.ts'
import type { Pipeline } from '../../config/pipeline.ts'
import { messageOf } from '../../errors.ts'
import { planOf, statefulStages } from '../../plan/plan.ts'
import type { ChangelogHeader } from '../../state/changelog.ts'
import { windowMissing } from '../../state/state-faults.ts'
import { topicRecreated } from '../../state/topic-ids.ts'
import { type Finding, fail } from './finding.ts'
import { RESET } from './stored-schemas.ts'

/** What the last epoch in a partition of the changelog says; undefined: there is none. */
export type Headers = ReadonlyMap<number, ChangelogHeader | undefined>

export interface OffsetsState {
  readonly offsets: readonly OffsetCommit[]
  readonly headers: Headers
  /** Of the sources, as they are now; null: the broker gives none. */
  readonly topicIds: ReadonlyMap<string, string | null>
  /** Whether the group has members, whose commits go on while we look. */
  readonly isRunning: boolean
}

/** What ends a start with OFFSETS_CHANGED; undefined: nothing. */
export function offsetsFault(pipeline: Pipeline, state: OffsetsState): string | undefined {
  const plan = planOf(pipeline)
  const inputs = plan.sources.map(({ topic }) => topic)
  const committed = state.offsets.filter((of) => of.offset >= 0 && inputs.includes(of.topic))
  for (const { topic, topicId } of committed) {
    const id = state.topicIds.get(topic)
    if (id && topicId && id !== topicId) return messageOf(topicRecreated(topic, topicId, id))
  }
  // What a stage without a window has read has none beside it.
  const [stage] = statefulStages(plan)
  if (stage === undefined) return undefined
  const { topics } = stage
  const read = committed.filter(({ topic }) => topics.includes(topic))
  if (read.length === 0) return undefined
  const { headers, isRunning } = state
  if ([...headers.values()].every((header) => header === undefined)) {
    // Facts that wait may begin to do so at any time; a window needs all that was read.
    if (plan.joins.length === 0) return undefined
    return messageOf(windowMissing({ ...read[0], committed: read[0].offset, stored: -1 }))
  }
  if (isRunning) return undefined
  for (const { topic, partition, offset } of read) {
    const stored = headers.get(partition)?.offsets[topics.indexOf(topic)] ?? -1
    if (offset === stored) continue
    const window = stored < 0 ? 'there is no window' : `the window was written up to ${stored}`
    return `the group is at ${offset} of ${topic}-${partition}, ${window}: the start would end with OFFSETS_CHANGED; restore the offset, or ${RESET}`
  }
  return undefined
}

export function checkOffsets(pipeline: Pipeline, state: OffsetsState): Finding[] {
  const fault = offsetsFault(pipeline, state)
  if (fault === undefined) return []
  // The sentence says what is wrong, then what to do.
  const [, detail, remedy] = /^(.*?)(?:; |\. (?=To begin))(.*)$/s.exec(fault)!
  return [fail('offsets', detail, remedy)]
}
