import { longestWait } from '../../config/waits.ts'
import type { ServiceParts } from '../status/parts.ts'
import type { Metrics } from './metrics.ts'

/** What is told of facts that wait for a row; nothing where none does. */
export function collectWaiting(
  metrics: Metrics,
  { pipeline, counts, worker }: Pick<ServiceParts, 'pipeline' | 'counts' | 'worker'>,
): void {
  if (longestWait(pipeline.dimensions) === 0) return
  const { completed, givenUp, noRoom } = counts.waits
  metrics.facts_waited_total.inc({ outcome: 'completed' }, completed)
  metrics.facts_waited_total.inc({ outcome: 'given_up' }, givenUp)
  metrics.facts_waited_total.inc({ outcome: 'no_room' }, noRoom)
  const waiting = (worker?.tasks ?? []).flatMap(({ task }) => task.figures().waiting ?? [])
  metrics.facts_waiting.set(waiting.reduce((sum, { facts }) => sum + facts, 0))
  const oldestMs = Math.max(0, ...waiting.map((one) => one.oldestMs ?? 0))
  metrics.facts_waiting_oldest_seconds.set(oldestMs / 1000)
}
