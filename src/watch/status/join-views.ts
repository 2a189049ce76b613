/** What API and page show of joins: of one by its sides, of several by their names, too. */
import type { JoinConfig, Pipeline } from '../../config/pipeline.ts'
import type { Counts, Distribution } from '../../counts/counts.ts'
import type { InputQueue } from '../../input/input-queue.ts'
import type { Plan, Stage } from '../../plan/plan.ts'
import type { TaskFigures } from '../../task/task.ts'
import { SIDES } from './parts.ts'

/** By source: the sides of one join, and of several the left side of the first, and each join. */
export const sideNames = ({ joins }: Pipeline): readonly string[] =>
  joins.length < 2 ? SIDES : [SIDES[0], ...joins.map(({ name }) => name)]

/** By join and side. */
export function joinCounts({ joins }: Pipeline, { windows }: Counts): object[] {
  return joins.flatMap(({ name }, j) => {
    const { probeHits, probeMisses, unmatched, matchDelays } = windows[j]
    return SIDES.map((side, s) => ({
      ...(joins.length === 1 ? {} : { join: name }),
      side,
      hits: probeHits[s],
      misses: probeMisses[s],
      unmatched: unmatched[s],
      delays: delaysOf(matchDelays[s]),
    }))
  })
}

/** Matches by the distance of their event times: those of an entry are up to `uptoMs` apart, and over half of it. */
function delaysOf({ buckets }: Distribution): { uptoMs: number; count: number }[] {
  return [...buckets]
    .map((count, b) => ({ uptoMs: 2 ** b, count }))
    .filter(({ count }) => count > 0)
}

/** `right` and `join` are the first one's; null: nothing is joined. */
export function joinTopology({ joins }: Pipeline): object {
  const [first] = joins
  if (first === undefined) return { right: null, join: null }
  const all = joins.map((join) => ({ name: join.name, topic: join.topic, ...joinOf(join) }))
  return {
    right: { topic: first.topic },
    join: joinOf(first),
    ...(joins.length === 1 ? {} : { joins: all }),
  }
}

const joinOf = ({ kind, onLeft, onRight, beforeMs, afterMs, graceMs }: JoinConfig): object => ({
  kind,
  on: { left: onLeft, right: onRight },
  beforeMs,
  afterMs,
  graceMs,
})

/** How far a task's stream time is, and what its windows hold together, and each; null: it has none. */
export function placeOf(
  { streamTime, records, segments, pageBytes, indexBytes }: TaskFigures,
  { joins }: Pick<Stage, 'joins'>,
  plan: Pick<Plan, 'joins'>,
): object {
  if (records.length === 0) return { streamTime: null, window: null }
  const sides = [0, 1].map((side) =>
    records.filter((_, i) => i % 2 === side).reduce((sum, count) => sum + count, 0),
  )
  const [left, right] = sides
  const window = { left, right, segments: Math.max(...segments), bytes: pageBytes + indexBytes }
  if (plan.joins.length === 1) return { streamTime, window }
  const windows = joins.map(({ name }, j) => ({
    join: name,
    left: records[2 * j],
    right: records[2 * j + 1],
    segments: Math.max(segments[2 * j], segments[2 * j + 1]),
  }))
  return { streamTime, window, windows }
}

/**
 * Of several joins `right` is all right streams together; where one is has no common meaning, and is told by name alone.
 * @param queues of facts and right streams; undefined: a task of this stage does not read it, and null is told
 */
export function queuesOf(
  [facts, ...rights]: readonly (InputQueue | undefined)[],
  { joins }: { readonly joins: readonly { readonly name: string }[] },
): { readonly lag: object; readonly offsets: object } {
  const several = joins.length > 1
  const named = (of: (queue: InputQueue) => number): object =>
    several
      ? Object.fromEntries(joins.map(({ name }, j) => [name, rights[j] ? of(rights[j]) : null]))
      : {}
  const read = rights.filter((queue) => queue !== undefined)
  const lag = read.reduce((sum, queue) => sum + queue.lag, 0)
  return {
    lag: {
      facts: facts?.lag ?? null,
      right: read.length === 0 ? null : lag,
      ...named((queue) => queue.lag),
    },
    offsets: {
      facts: facts?.taken ?? null,
      right: several ? null : (rights.at(0)?.taken ?? null),
      ...named((queue) => queue.taken),
    },
  }
}
