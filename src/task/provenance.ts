import {
  GivenHeaders,
  OurNames,
  ProvenanceHeaders,
  type ToldHeaders,
} from '../output/provenance.ts'
import type { Stage } from '../plan/plan.ts'
import type { Facts } from './facts.ts'
import type { TaskContext } from './task.ts'

/** Who writes the headers of a task's records that say what they were made of. */
export interface TaskProvenance {
  readonly names: OurNames
  /** By source. */
  readonly headers: readonly ToldHeaders[]
}

/** null: nobody asks for them. @param stage the task's */
export function provenanceOf(
  stage: Pick<Stage, 'sources' | 'firstJoin'>,
  partition: number,
  { enricher }: Facts,
  { plan }: TaskContext,
): TaskProvenance | null {
  if (!plan.provenance) return null
  const { lookUps, tables, joins } = plan
  const rights = joins.length > 1 ? joins.map(({ name }) => name) : ['right']
  const names = new OurNames(
    rights,
    lookUps.map(({ name }) => name),
  )
  const topics = lookUps.map(({ table }) => tables[table].topic)
  const [facts, ...others] = stage.sources
  return {
    names,
    headers: [
      facts.isPrepared
        ? new GivenHeaders()
        : new ProvenanceHeaders(names, names.facts, facts, partition, topics, enricher.rows),
      ...others.map(
        (source, j) =>
          new ProvenanceHeaders(
            names,
            names.rights[stage.firstJoin + j],
            source,
            partition,
            [],
            [],
          ),
      ),
    ],
  }
}
