/** Output, rejects and changelog as they are, against what they need to be, and against what the file says of them. */
import type { TopicDescription } from '../../broker/port.ts'
import type { Pipeline } from '../../config/pipeline.ts'
import { changelogTopics, internalTopics, ownTopics } from '../../config/topic-names.ts'
import { differencesOf, differenceText, remedyOf, saidOf } from '../../plan/own-topics.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { limitOf, policy } from './topics.ts'

const WHAT = 'own topics'

/** Those that are there already may have been made by hand, or with what the file said before. */
export function checkOwnTopics(
  pipeline: Pipeline,
  found: ReadonlyMap<string, TopicDescription>,
): Finding[] {
  const own = ownTopics(pipeline)
  const missing = own.filter((topic) => !found.has(topic))
  const created =
    missing.length === 0 ? [] : [ok(WHAT, `${missing.join(', ')}: created by a start`)]
  const checked = own.flatMap((name) => {
    const topic = found.get(name)
    if (topic === undefined) return []
    return [...checkKept(pipeline, name, topic), ...checkSaid(pipeline, name, topic)]
  })
  return [...checked, ...created]
}

/** A start changes nothing of a topic that is there. */
function checkSaid(pipeline: Pipeline, name: string, topic: TopicDescription): Finding[] {
  const differences = differencesOf(pipeline, name, topic)
  if (differences.length === 0) return []
  const what = differences.map(differenceText).join(', ')
  const detail = `${name} has ${what}, as ${saidOf(pipeline, name).path.join('.')} says`
  return [warn(WHAT, detail, `${remedyOf(name, differences)}; a start leaves it as it is`)]
}

/** Whether records stay for as long as they are needed, and no longer than is wanted. */
function checkKept(pipeline: Pipeline, name: string, topic: TopicDescription): Finding[] {
  const { path, config: said } = saidOf(pipeline, name)
  const place = path.join('.')
  if (policy(topic).includes('compact')) {
    if (said['cleanup.policy']?.includes('compact')) {
      const detail = `${name} is compacted, as the file says: of each key the last record stays`
      return [ok(WHAT, detail)]
    }
    const detail = `${name} is compacted, which refuses or removes records that belong there`
    return [fail(WHAT, detail, `set cleanup.policy=delete on ${name}`)]
  }
  const limit = limitOf(topic)
  const isInternal = internalTopics(pipeline).includes(name)
  if (limit === undefined) {
    // Internal topics are shortened by the service itself.
    if (isInternal) return [ok(WHAT, `${name}: there, keeps its records`)]
    if (said['retention.ms'] === '-1' && said['retention.bytes'] === undefined) {
      return [ok(WHAT, `${name}: there, keeps its records, as the file says`)]
    }
    if (topic.isConfigHidden) return [ok(WHAT, `${name}: there`)]
    // What the file says is compared of its own.
    if (said['retention.ms'] !== undefined || said['retention.bytes'] !== undefined) return []
    const detail = `${name} grows without limit (retention.ms=-1, cleanup.policy=delete)`
    const remedy = `write how long it is to keep records as ${place}.retention (unlimited is an answer), and set it: kafka-configs.sh --alter --entity-type topics --entity-name ${name} --add-config retention.ms=…`
    return [warn(WHAT, detail, remedy)]
  }
  const detail = `${name} deletes records ${limit}`
  if (isInternal) {
    const what = changelogTopics(pipeline).includes(name)
      ? 'what tasks are restored from'
      : 'on its way to the join'
    const why = `${detail}; it is ${what}`
    return [fail(WHAT, why, `set retention.ms=-1 and retention.bytes=-1 on ${name}`)]
  }
  const isSaid = said['retention.ms'] !== undefined || said['retention.bytes'] !== undefined
  if (!pipeline.outputs.some(({ topic }) => topic === name) || isSaid)
    return [ok(WHAT, `${name}: there, deletes records ${limit}`)]
  return [
    warn(
      WHAT,
      `${detail}; timestamps are event times, so old ones go at once`,
      `set retention.ms=-1 and retention.bytes=-1 on ${name}, or say in the file that it is meant: ${place}.retention`,
    ),
  ]
}
