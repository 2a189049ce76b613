import type { Log } from '../events.ts'
import type { CommittedState } from './committed-state.ts'
import { offsetsChanged, stateLost, windowMissing } from './state-faults.ts'

/** What a restore has found of a task. */
export interface FoundState {
  /** Of the task's sources, in the plan's order. */
  readonly topics: readonly string[]
  readonly partition: number
  readonly changelogTopic: string
  /** The group's offsets, by source; -1: none. */
  readonly committed: readonly number[]
  /** What was told beside them; undefined: nothing. */
  readonly kept: CommittedState | undefined
  /** The offsets behind the last epoch of store and changelog, by source; none: there is no epoch. */
  readonly stored: readonly number[]
  /** Whether the first page that `kept` names has been restored. What is deleted of a changelog is its beginning, so the others are there then. */
  readonly hasFirst: boolean
  /** Whether the state may begin where the group has read before, if nothing of that would be in it. */
  readonly mayBegin: boolean
}

/**
 * Offsets and state are of one transaction, so they have to agree, and the state has to be whole.
 * @returns the sources' offsets behind the last epoch; -1 where nothing was read. Throws OFFSETS_CHANGED and STATE_LOST.
 */
export function agreedOffsets(found: FoundState, log: Log): readonly number[] {
  const { topics, partition, changelogTopic, committed, kept, stored, mayBegin } = found
  const needsPages = kept !== undefined && kept.firstPage !== null
  if (kept !== undefined && stored.every((offset) => offset < 0)) {
    if (needsPages || !mayBegin) throw stateLost(changelogTopic, partition, kept)
    log.event('changelog_gone', { topic: changelogTopic, partition })
    return committed
  }
  const offsets = topics.map((topic, source) => {
    const place = {
      ...{ topic, partition },
      committed: committed[source],
      stored: stored[source] ?? -1,
    }
    // The broker forgets the offsets of a group that has been away for long; the changelog has them.
    if (place.committed === -1 && place.stored >= 0) log.event('offsets_forgotten', place)
    else if (place.stored === -1 && place.committed >= 0) {
      if (!mayBegin) throw windowMissing(place)
      log.event('facts_begin_to_wait', place)
      return place.committed
    } else if (place.committed !== place.stored) throw offsetsChanged(place)
    return place.stored
  })
  if (needsPages && !found.hasFirst) throw stateLost(changelogTopic, partition, kept)
  return offsets
}
