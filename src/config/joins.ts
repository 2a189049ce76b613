/** What joins of one pipeline may not be together. */
import type { Pipeline } from './pipeline.ts'
import type { ReportAt } from './report.ts'
import { repartitionWith } from './topic-names.ts'

/** What the sources of a join are called where it is shown; no join has it as its name. */
const TAKEN = ['facts', 'left', 'right']
/** What the headers of rejects are called behind `enricher.`, where provenance has a join's name. */
const OF_REJECTS = [
  ...['topic', 'partition', 'offset', 'timestamp', 'stage', 'reason', 'error', 'omitted'],
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
  checkRepartition(joins, report)
}

/** Which side a later join's left one is has been said at the first: it is the same facts. */
function checkRepartition([first, ...others]: Pipeline['joins'], report: ReportAt): void {
  for (const { path, name, repartition } of others) {
    if (repartition !== 'facts' && repartition !== 'both') continue
    const where = [...path, 'repartition']
    const own = repartition === 'both' ? 'write right here' : 'leave it out here'
    if (first.repartition === 'facts' || first.repartition === 'both') {
      report(where, `facts are carried to ${first.onLeft} once, as ${first.name} says; ${own}`)
      continue
    }
    const why = `what comes to ${name} is keyed as it is at the first join`
    const word = repartitionWith(first, 0)
    report(where, `${why}; write repartition: ${word} under ${first.path.join('.')}, and ${own}`)
  }
}
