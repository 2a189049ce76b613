/** What joins of one pipeline may not be together. */
import { joinStages } from './join-stages.ts'
import type { JoinConfig, Pipeline } from './pipeline.ts'
import type { ReportAt } from './report.ts'
import { internalTopics, repartitionWith } from './topic-names.ts'

/** What the sources of a join are called where it is shown; no join has it as its name. */
const TAKEN = ['facts', 'left', 'right']
/** What the headers of rejects are called behind `enricher.`, where provenance has a join's name. */
const OF_REJECTS = [
  ...['topic', 'partition', 'offset', 'timestamp', 'stage', 'reason', 'error', 'omitted', 'retry'],
]

export function checkJoins(pipeline: Pipeline, report: ReportAt): void {
  const { joins } = pipeline
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
  for (const { name, path, topic } of others) {
    const other = before.get(topic)
    if (other !== undefined) {
      const instead =
        'write the one with the longer `within`, or let a second pipeline have the output of this one as its facts'
      report([...path, 'topic'], `is joined by ${other} already; ${instead}`)
    }
    before.set(topic, name)
  }
  checkLeftSides(pipeline, report)
  checkTopicNames(pipeline, report)
}

/** Whether joins say what becomes of their left side: facts are carried to the first, and what has come out so far where another key is compared. */
function checkLeftSides(pipeline: Pipeline, report: ReportAt): void {
  for (const [s, { first, joins }] of joinStages(pipeline).entries()) {
    const [head, ...others] = joins
    for (const join of others) refuseLeft(join, head, s === 0, report)
    if (s === 0 || isLeft(head)) continue
    const before = pipeline.joins[first - 1]
    const why = `compares ${head.onLeft}, and what ${before.name} gives is keyed by ${before.onLeft}`
    const word = repartitionWith(head, 0)
    report([...head.path, 'on'], `${why}; write repartition: ${word} under ${head.path.join('.')}`)
  }
}

const isLeft = ({ repartition }: JoinConfig): boolean =>
  repartition === 'facts' || repartition === 'both'

/** What comes to a join that compares what the one before does is where it has to be. */
function refuseLeft(
  join: JoinConfig,
  first: JoinConfig,
  isOfFacts: boolean,
  report: ReportAt,
): void {
  if (!isLeft(join)) return
  const { path, name, repartition } = join
  const where = [...path, 'repartition']
  const own = repartition === 'both' ? 'write right here' : 'leave it out here'
  if (isLeft(first) || !isOfFacts) {
    const what = isOfFacts ? 'facts are' : 'what comes out is'
    report(where, `${what} carried to ${first.onLeft} once, as ${first.name} says; ${own}`)
    return
  }
  const why = `what comes to ${name} is keyed as it is at the first join`
  const word = repartitionWith(first, 0)
  report(where, `${why}; write repartition: ${word} under ${first.path.join('.')}, and ${own}`)
}

/** Names of joins are in those of internal topics. */
function checkTopicNames(pipeline: Pipeline, report: ReportAt): void {
  const topics = internalTopics(pipeline)
  const twice = topics.find((topic, i) => topics.indexOf(topic) < i)
  if (twice === undefined) return
  const last = pipeline.joins[pipeline.joins.length - 1]
  report(last.path, `two internal topics would be ${twice}; give joins other names`)
}
