import type { TaskId } from '../batch.ts'
import { TaskRejects } from '../output/task-rejects.ts'
import type { PageStore } from '../state/page-store.ts'
import { TaskState } from '../state/task-state.ts'
import { Facts } from './facts.ts'
import { Horizons } from './horizons.ts'
import { IntervalRows } from './interval-rows.ts'
import { JoinChain } from './join-chain.ts'
import { JoinRecords } from './join-records.ts'
import { KeylessRecords } from './keyless-records.ts'
import { provenanceOf } from './provenance.ts'
import { Side } from './side.ts'
import { leadsOf, outputOf, type StageEnd } from './stage-end.ts'
import { StageSink } from './stage-sink.ts'
import type { TaskContext } from './task.ts'

/** What a task that joins is made of. */
export interface JoinParts {
  readonly facts: Facts
  /** Facts, and each join's right stream. */
  readonly sides: readonly Side[]
  readonly rejects: TaskRejects
  readonly output: StageEnd
  /** The same; null: what comes out of the task comes out. */
  readonly onward: StageSink | null
  readonly state: TaskState
  readonly chain: JoinChain
  /** null: no side is repartitioned. */
  readonly horizons: Horizons | null
  /** By join. */
  readonly records: readonly JoinRecords[]
}

export function joinParts(
  { stage: number, partition }: TaskId,
  pages: PageStore,
  context: TaskContext,
): JoinParts {
  const { plan, interval, memory } = context
  const stage = plan.stages[number]
  const { sources, lookUps, joins } = stage
  const rejects = new TaskRejects(partition, sources, context)
  const facts = new Facts(sources[0], partition, context, rejects, lookUps)
  const rights = sources
    .slice(1)
    .map((source, j) => new Side(1 + j, source, partition, context, rejects))
  const told = provenanceOf(stage, partition, facts, context)
  const names = told?.names ?? null
  const ends = { context, stage, partition, rejects, names }
  const onward = stage.to === null ? null : new StageSink(ends)
  const output = onward ?? outputOf(ends)
  const rows = interval ? new IntervalRows(interval.rows, output, joins.length > 1) : output
  const state = new TaskState(pages, () => memory.pageBytes)
  const chain = new JoinChain({ context, stage, state, rejects, rows, names })
  onward?.connect(state.clock, chain.windows[chain.windows.length - 1])
  const horizons = Horizons.of(sources, leadsOf(stage, plan), context.partitions, state)
  const provenance = told?.headers ?? null
  const keyless = sources[0].isPrepared
    ? new KeylessRecords(stage, rows, provenance?.[0] ?? null, context)
    : null
  const { clock } = state
  const records = JoinRecords.of(chain, {
    ...{ context, stage, facts, rights, clock, provenance, keyless },
  })
  const sides = [facts, ...rights]
  return { facts, sides, rejects, output, onward, state, chain, horizons, records }
}
