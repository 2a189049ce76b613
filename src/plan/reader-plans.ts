/** What is read, and computed, of each topic's records. */
import type { ReaderPlan } from '../codec/avro-reader.ts'
import type { Pipeline, TopicConfig } from '../config/pipeline.ts'
import { Computation } from '../expression/computed.ts'
import type { Program } from '../expression/program.ts'
import type { Programs } from './expressions.ts'
import type { OutputField, OutputPlan } from './output-plan.ts'
import { factKeys } from './plan.ts'
import { tableOfEach, tablesOf } from './tables.ts'

/** Copies a record's own fields, and computes the others. */
export function readerPlan(
  fields: readonly Pick<OutputField, 'source' | 'branch'>[],
  program: Program | null,
  keys: readonly string[],
  { time, timeUnit }: TimeOf,
): ReaderPlan {
  const isDerived = (name: string | null): boolean =>
    program?.fields.some((field) => field.name === name) === true
  const derived = fields.filter(({ source }) => isDerived(source))
  return {
    select: fields
      .filter(({ source }) => !isDerived(source))
      .map(({ source, branch }) => ({ source, nullable: branch })),
    keys: keys.filter((key) => !isDerived(key)),
    time: isDerived(time) ? null : time,
    timeUnit,
    computation:
      program === null
        ? undefined
        : new Computation(program, {
            select: derived.map(({ source, branch }) => ({ name: source, nullable: branch })),
            keys: keys.map((key) => (isDerived(key) ? key : null)),
            time: isDerived(time) ? time : null,
            timeUnit,
          }),
  }
}

type TimeOf = Pick<TopicConfig, 'time' | 'timeUnit'>

export function readerPlans(
  pipeline: Pipeline,
  plan: OutputPlan,
  programs: Programs,
): { facts: ReaderPlan; rights: ReaderPlan[]; dimensions: ReaderPlan[] } {
  const { facts, joins, dimensions } = pipeline
  const tables = tablesOf(pipeline)
  const tableOf = tableOfEach(tables)
  return {
    facts: readerPlan(plan.facts, programs.facts, factKeys(pipeline), facts),
    rights: joins.map((join, j) =>
      readerPlan(plan.rights[j], programs.rights[j], [join.onRight], join),
    ),
    dimensions: plan.dimensions.map((of, d) =>
      readerPlan(of, programs.dimensions[d], tables[tableOf[d]].texts, dimensions[d]),
    ),
  }
}
