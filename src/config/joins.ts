/** What joins of one pipeline may not be together. */
import type { Pipeline } from './pipeline.ts'
import type { ReportAt } from './report.ts'

/** What the sources of a join are called where it is shown; no join has it as its name. */
const TAKEN = ['facts', 'left', 'right']
/** What the headers of rejects are called behind `enricher.`, where provenance has a join's name. */
const OF_REJECTS = [
  ...['topic', 'partition', 'offset', 'timestamp', 'stage', 'reason', 'error', 'omitted', 'retry'],
]

export function checkJoins({ joins }: Pipeline, report: ReportAt): void {
  const named = joins.filter(({ path }) => path[0] === 'joins')
  for (const { name, path } of named) {
    if (TAKEN.includes(name)) report(path, 'is no name of a join, as sides have it; take another')
    if (OF_REJECTS.includes(name)) {
      report(path, 'is no name of a join, as a header of rejects has it; take another')
    }
  }
  if (joins.length < 2) return
  const [first, ...others] = joins
  const before = new Map([[first.topic, first.name]])
  for (const { name, path, topic, onLeft } of others) {
    if (onLeft !== first.onLeft) {
      const why = `compares the field ${onLeft} of the facts, and ${first.name} compares ${first.onLeft}: joins of one pipeline compare the same field`
      report(
        [...path, 'on'],
        `${why}; let a second pipeline have the output of this one as its facts`,
      )
    }
    const other = before.get(topic)
    if (other !== undefined) {
      const instead =
        'write the one with the longer `within`, or let a second pipeline have the output of this one as its facts'
      report([...path, 'topic'], `is joined by ${other} already; ${instead}`)
    }
    before.set(topic, name)
  }
  for (const { path, repartition } of joins) {
    if (repartition === null) continue
    const instead =
      'let a pipeline without a join write the topic under the join field (`output.key`), and name its output here'
    report([...path, 'repartition'], `not supported together with several joins; ${instead}`)
  }
}
