import type { Pipeline } from '../../config/pipeline.ts'
import type { ReportAt } from '../../config/report.ts'
import { didYouMean } from '../../config/suggest.ts'
import type { Path } from './fixture-schema.ts'

export const NO_JOIN = 'the pipeline has no join'

/** What the records of each source are called: of one join `right`, of several the join’s name. */
export const kindsOf = ({ joins }: Pipeline): string[] => [
  'fact',
  ...joins.map(({ name }) => (joins.length === 1 ? 'right' : name)),
]

/** The number of the join that a right record is of; -1: there is none, which is reported. @param name as the record says it */
export function joinNamed(
  name: string | undefined,
  { joins }: Pipeline,
  path: Path,
  report: ReportAt,
): number {
  if (joins.length === 0) {
    report(path, `${NO_JOIN}, so there is no right record`)
    return -1
  }
  if (name === undefined && joins.length === 1) return 0
  const names = joins.map((join) => join.name)
  const known = `the joins are ${names.join(', ')}`
  const at = names.indexOf(name ?? '')
  if (at >= 0) return at
  if (name === undefined) report(path, `needs join, for ${known}`)
  else report([...path, 'join'], `there is no join ${name}${didYouMean(name, names)}; ${known}`)
  return -1
}
