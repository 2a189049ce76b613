import { OwnHeaders, StaleHeaders, type ToldHeaders } from '../output/own-headers.ts'
import { EarlierHeaders, OurNames, ProvenanceHeaders } from '../output/provenance.ts'
import type { Stage } from '../plan/plan.ts'
import type { Facts } from './facts.ts'
import type { TaskContext } from './task.ts'

/** Who writes the headers of a task's records. */
export interface TaskProvenance {
  /** Of those that say what records were made of; null: nobody asks for them. */
  readonly names: OurNames | null
  /** By source. */
  readonly headers: readonly ToldHeaders[]
}

/** @param stage the task's */
export function provenanceOf(
  stage: Pick<Stage, 'sources' | 'firstJoin'>,
  partition: number,
  { enricher }: Facts,
  { plan }: TaskContext,
): TaskProvenance {
  // Where something is joined the key goes on as text.
  const stale = new StaleHeaders(plan.joins.length === 0)
  if (!plan.provenance) {
    return { names: null, headers: stage.sources.map((_, s) => new OwnHeaders(stale, s === 0)) }
  }
  const { lookUps, tables, joins } = plan
  const rights = joins.length > 1 ? joins.map(({ name }) => name) : ['right']
  const names = new OurNames(
    rights,
    lookUps.map(({ name }) => name),
  )
  const topics = lookUps.map(({ table }) => tables[table].topic)
  const [facts, ...others] = stage.sources
  const of = (j: number) => names.rights[stage.firstJoin + j]
  return {
    names,
    headers: [
      facts.isPrepared
        ? new EarlierHeaders()
        : new ProvenanceHeaders(names, names.facts, facts, partition, topics, enricher.rows, stale),
      ...others.map(
        (source, j) => new ProvenanceHeaders(names, of(j), source, partition, [], [], stale),
      ),
    ],
  }
}
