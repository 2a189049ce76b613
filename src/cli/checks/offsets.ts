/** The group's offsets, against what they are of: pure, from what was read before. */
import type { OffsetCommit } from '../../broker/port.ts'
import { stageName } from '../../config/join-stages.ts'
import type { Pipeline } from '../../config/pipeline.ts'
import { messageOf } from '../../errors.ts'
import { planOf, statefulStages } from '../../plan/plan.ts'
import type { ChangelogHeader } from '../../state/changelog.ts'
import { readCommittedState } from '../../state/committed-state.ts'
import { stateLost, windowMissing } from '../../state/state-faults.ts'
import { topicRecreated } from '../../state/topic-ids.ts'
import { type Finding, fail } from './finding.ts'
import { RESET } from './stored-schemas.ts'

/** What the last epoch in a partition of the changelog says; undefined: there is none. */
export type Headers = ReadonlyMap<number, ChangelogHeader | undefined>

export interface OffsetsState {
  readonly offsets: readonly OffsetCommit[]
  /** Of the changelog of each stage that keeps state, in their order. */
  readonly headers: readonly Headers[]
  /** Of the sources, as they are now; null: the broker gives none. */
  readonly topicIds: ReadonlyMap<string, string | null>
  /** Whether the group has members, whose commits go on while we look. */
  readonly isRunning: boolean
}

type StatefulStage = ReturnType<typeof statefulStages>[number]

/** What ends a start with OFFSETS_CHANGED or STATE_LOST, of each stage that keeps state at most one thing. */
export function offsetsFaults(pipeline: Pipeline, state: OffsetsState): string[] {
  const plan = planOf(pipeline)
  const inputs = plan.sources.map(({ topic }) => topic)
  const committed = state.offsets.filter((of) => of.offset >= 0 && inputs.includes(of.topic))
  for (const { topic, topicId } of committed) {
    const id = state.topicIds.get(topic)
    if (id && topicId && id !== topicId) return [messageOf(topicRecreated(topic, topicId, id))]
  }
  // What a stage without a window has read has none beside it.
  return statefulStages(plan).flatMap((stage, s) => {
    const read = committed.filter(({ topic }) => stage.topics.includes(topic))
    return stageFault(pipeline, stage, read, state.headers[s] ?? new Map(), state.isRunning) ?? []
  })
}

/** @param read offsets of its sources, as far as there are any. @param headers of its changelog */
function stageFault(
  pipeline: Pipeline,
  { topics, joins, state: { number, changelog } }: StatefulStage,
  read: readonly OffsetCommit[],
  headers: Headers,
  isRunning: boolean,
): string | undefined {
  if (read.length === 0) return undefined
  const name = stageName(pipeline, number)
  const window = name === null ? 'window' : `window of ${name}`
  for (const { partition, state } of read) {
    const kept = readCommittedState(state)
    if (kept === undefined || headers.get(partition) !== undefined || isRunning) continue
    if (kept.firstPage === null && joins.length === 0) continue
    return messageOf(stateLost(changelog, partition, kept))
  }
  if ([...headers.values()].every((header) => header === undefined)) {
    // Facts that wait may begin to do so at any time; a window needs all that was read.
    if (joins.length === 0) return undefined
    const [{ topic, partition, offset }] = read
    if (name === null) {
      return messageOf(windowMissing({ topic, partition, committed: offset, stored: -1 }))
    }
    return `the group is at ${offset} of ${topic}-${partition}, and ${changelog} has no ${window}: ${REFUSED}`
  }
  if (isRunning) return undefined
  for (const { topic, partition, offset } of read) {
    const stored = headers.get(partition)?.offsets[topics.indexOf(topic)] ?? -1
    if (offset === stored || (stored < 0 && joins.length === 0)) continue
    const is = stored < 0 ? `there is no ${window}` : `the ${window} was written up to ${stored}`
    return `the group is at ${offset} of ${topic}-${partition}, ${is}: ${REFUSED}`
  }
  return undefined
}

const REFUSED = `the start would end with OFFSETS_CHANGED; restore the offset, or ${RESET}`

export const checkOffsets = (pipeline: Pipeline, state: OffsetsState): Finding[] =>
  offsetsFaults(pipeline, state).map((fault) => {
    // The sentence says what is wrong, then what to do.
    const [, detail, remedy] = /^(.*?)(?:; |\. (?=To begin))(.*)$/s.exec(fault)!
    return fail('offsets', detail, remedy)
  })
