import { OutputHeaders } from '../output/output-headers.ts'
import type { OurNames } from '../output/provenance.ts'
import { TaskOutput } from '../output/task-output.ts'
import type { TaskRejects } from '../output/task-rejects.ts'
import type { Plan, Stage } from '../plan/plan.ts'
import { windowTimes } from '../window/segments.ts'
import type { TaskContext } from './task.ts'

/** Where the completed records of a stage go that joins: they come out, or go to the next stage. */
export type StageEnd = Pick<
  TaskOutput,
  'match' | 'unmatched' | 'bytes' | 'drain' | 'drainTimes' | 'oldest'
>

export interface EndOptions {
  readonly context: TaskContext
  readonly stage: Stage
  readonly partition: number
  readonly rejects: TaskRejects
  /** Of headers that say what records were made of; null: there are none. */
  readonly names: OurNames | null
}

/** That of the last stage. */
export function outputOf({ context, stage, partition, rejects, names }: EndOptions): TaskOutput {
  const { outputs, codec, counts } = context
  const { joins, firstJoin } = stage
  const last = joins.length - 1
  const headers = new OutputHeaders(joins[last].headers, null, names)
  const missing = codec.missing[firstJoin + last]
  return new TaskOutput(outputs, partition, missing, rejects, counts, headers, joins.length)
}

/**
 * By source of a stage that joins: how far, in ms of event time, it may go ahead of one that comes from an earlier stage. That
 * one may be behind its own inputs by all that the joins before it hold, and by the slices of time in which these close.
 */
export function leadsOf({ sources, joins, firstJoin }: Stage, plan: Pick<Plan, 'joins'>): number[] {
  const heldMs = plan.joins
    .slice(0, firstJoin)
    .map(windowTimes)
    .reduce((sum, { heldMs, sliceMs }) => sum + heldMs + sliceMs, 0)
  return sources.map((_, source) => heldMs + joins[Math.max(0, source - 1)].idleMs)
}
