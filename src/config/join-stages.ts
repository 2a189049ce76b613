/**
 * Joins in stages: those in turn that compare the same meet in one task. Where the next one compares something else, what has come
 * out so far goes through an internal topic, where it is keyed by that.
 */
import { partOf } from './look-ups.ts'
import type { JoinConfig, LookUpPart, Pipeline } from './pipeline.ts'

type Joined = Pick<Pipeline, 'joins' | 'dimensions'>

export interface JoinStage {
  /** The number of its first join. */
  readonly first: number
  readonly joins: readonly JoinConfig[]
}

/** One where nothing is joined by another key than the first join's; none where nothing is joined. */
export function joinStages({ joins }: Pick<Pipeline, 'joins'>): JoinStage[] {
  const firsts = [...joins.keys()].filter((j) => j === 0 || joins[j].onLeft !== joins[j - 1].onLeft)
  return firsts.map((first, s) => ({ first, joins: joins.slice(first, firsts[s + 1]) }))
}

/** What messages call a stage that keeps state, by its joins; null: it is the only one that joins. @param s the number of its state */
export function stageName(pipeline: Pick<Pipeline, 'joins'>, s: number): string | null {
  const stages = joinStages(pipeline)
  // That completes facts before they are joined.
  if (stages.length > 0 && s === stages.length) return 'facts'
  return stages.length < 2 ? null : stages[s].joins.map(({ name }) => name).join(' and ')
}

/** What the left side of a join is compared by. */
export interface LeftPart extends Omit<LookUpPart, 'name'> {
  /** The earlier join whose right record has it, by its number; null: it is of the facts, or of a dimension. */
  readonly join: number | null
}

/** @param j the join's number */
export function leftPart({ joins, dimensions }: Joined, j: number): LeftPart {
  const { onLeft } = joins[j]
  const names = dimensions.map(({ name }) => name)
  const earlier = joins.slice(0, j).map(({ name }) => name)
  const { dimension: owner, field } = partOf(null, onLeft, [...names, ...earlier])
  const join = owner === null || names.includes(owner) ? -1 : earlier.indexOf(owner)
  return { join: join < 0 ? null : join, dimension: join < 0 ? owner : null, field }
}
