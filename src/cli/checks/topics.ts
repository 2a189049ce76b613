/** What topics are, against what the pipeline needs them to be. No broker: it works on descriptions. */

import type { TopicAccess, TopicDescription } from '../../broker/port.ts'
import type { DimensionConfig, Pipeline } from '../../config/pipeline.ts'
import { durationText } from '../../config/text.ts'
import { alikeTopics, inputTopics, leadOf, leadTopic, sourcesOf } from '../../config/topic-names.ts'
import { partitionsRemedy } from '../../plan/topics.ts'
import { graceOf, latenessOf } from '../../window/lateness.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

type Found = ReadonlyMap<string, TopicDescription>

/** Whether every input can be seen. */
export function checkThere(
  pipeline: Pipeline,
  access: ReadonlyMap<string, TopicAccess>,
): Finding[] {
  const of = (state: TopicAccess['state']): string[] =>
    inputTopics(pipeline).filter((topic) => access.get(topic)?.state === state)
  const missing = of('missing').map((topic) =>
    fail('inputs', `${topic} does not exist`, 'create it, or correct its name in the file'),
  )
  const hidden = of('hidden').map((topic) =>
    fail('inputs', `${topic} may not be described`, `give this user describe and read on ${topic}`),
  )
  const there = of('there')
  const seen = there.length === 0 ? [] : [ok('inputs', `${there.join(', ')}: there`)]
  return [...seen, ...missing, ...hidden]
}

/** All that a task has its partition of needs equally many. */
export function checkPartitions(pipeline: Pipeline, found: Found): Finding[] {
  const lead = leadTopic(pipeline)
  const expected = found.get(lead)?.partitions
  if (expected === undefined) return []
  const others = alikeTopics(pipeline).filter((topic) => found.has(topic))
  const wanted = (topic: string): number => found.get(leadOf(pipeline, topic))!.partitions
  const odd = others.filter((topic) => found.get(topic)?.partitions !== wanted(topic))
  if (odd.length === 0) {
    const same = others.filter((topic) => leadOf(pipeline, topic) === lead)
    return [ok('partitions', `${expected} each: ${[lead, ...same].join(', ')}`)]
  }
  return odd.map((topic) =>
    fail(
      'partitions',
      `${topic} has ${found.get(topic)?.partitions}, ${leadOf(pipeline, topic)} has ${wanted(topic)}: ${apart(pipeline)}`,
      partitionsRemedy(pipeline, wanted(topic), topic, found.get(topic)!.partitions),
    ),
  )
}

const apart = ({ joins }: Pipeline): string =>
  joins.length === 0 ? 'an output has its fact’s partition' : 'records of one key would not meet'

const number = (found: TopicDescription, key: string, fallback: number): number =>
  Number(found.config.get(key) ?? fallback)
export const policy = (found: TopicDescription): string =>
  found.config.get('cleanup.policy') ?? 'delete'

/** A limit of time or size that deletes records, in words; undefined where there is none. */
export function limitOf(topic: TopicDescription): string | undefined {
  if (!policy(topic).includes('delete')) return undefined
  const ms = number(topic, 'retention.ms', -1)
  const bytes = number(topic, 'retention.bytes', -1)
  if (ms >= 0) return `after ${durationText(ms)}`
  return bytes >= 0 ? `over ${bytes} bytes a partition` : undefined
}

export function checkDimensionTopics(pipeline: Pipeline, found: Found): Finding[] {
  return pipeline.dimensions.flatMap((dimension) => {
    const topic = found.get(dimension.topic)
    if (topic === undefined) return []
    const isAsOf = dimension.asOf !== null
    return [isAsOf ? checkVersions(dimension, topic) : checkCompaction(dimension, topic)]
  })
}

function checkCompaction({ name, topic }: DimensionConfig, found: TopicDescription): Finding {
  const what = `dimension ${name}`
  const limit = limitOf(found)
  const isCompacted = policy(found).includes('compact')
  const remedy = `set cleanup.policy=compact on ${topic}`
  if (limit !== undefined) {
    const how = isCompacted ? 'is compacted, but also' : 'is not compacted:'
    const detail = `${topic} ${how} deletes rows ${limit}; a start later than that would miss them`
    return fail(what, detail, remedy)
  }
  if (isCompacted) return ok(what, `${topic} is compacted`)
  return warn(what, `${topic} is not compacted: every start reads all that was ever in it`, remedy)
}

/** A topic of rows that are looked up as of a time has to keep what they were before. */
function checkVersions(
  { name, topic, historyMs }: DimensionConfig,
  found: TopicDescription,
): Finding {
  const what = `dimension ${name}`
  const isEver = !Number.isFinite(historyMs)
  const all = `set cleanup.policy=delete and retention.ms=-1 on ${topic}`
  const remedy = isEver
    ? `${all}; or say by history how long a row matters, and set cleanup.policy=compact and min.compaction.lag.ms to that`
    : `set cleanup.policy=compact and min.compaction.lag.ms=${historyMs} on ${topic}, or more`
  const limit = limitOf(found)
  if (limit !== undefined) {
    const detail = `${topic} deletes rows ${limit}, also those that are valid still; a start later than that would miss them`
    return fail(what, detail, remedy)
  }
  if (!policy(found).includes('compact')) return ok(what, `${topic} keeps every version of a row`)
  const lagMs = number(found, 'min.compaction.lag.ms', 0)
  if (lagMs >= historyMs) {
    return ok(what, `${topic} keeps every version of a row for ${durationText(lagMs)}`)
  }
  const after = lagMs === 0 ? 'at any time' : `after ${durationText(lagMs)}`
  const wanted = isEver ? 'every version of a row' : `them for ${durationText(historyMs)}`
  const detail = `${topic} is compacted, so that all versions of a row but the last may be gone ${after}; the pipeline wants ${wanted}`
  return warn(what, detail, remedy)
}

/** How long a record may be of use after it came; of a later join, for as long more as earlier ones hold theirs. */
function windowMsOf({ joins }: Pipeline, source: number): number {
  if (joins.length === 0) return 0
  const last = Math.max(0, source - 1)
  const { beforeMs, afterMs } = joins[last]
  const delayMs = joins.slice(0, last).reduce((sum, one) => sum + latenessOf(one).heldMs, 0)
  return delayMs + Math.max(beforeMs, afterMs) + graceOf(joins[last])
}

/** A source must keep records for longer than the join may need to read them again. */
export function checkRetention(pipeline: Pipeline, found: Found): Finding[] {
  return sourcesOf(pipeline).flatMap(({ config: { topic: name } }, source) => {
    const windowMs = windowMsOf(pipeline, source)
    const topic = found.get(name)
    if (topic === undefined) return []
    const what = 'retention'
    if (policy(topic).includes('compact')) {
      const detail = `${name} is compacted: of records with one key only the last may be left to read`
      return [warn(what, detail, `set cleanup.policy=delete on ${name}`)]
    }
    const keepMs = number(topic, 'retention.ms', -1)
    const keeps = `${name} keeps records for ${durationText(keepMs)}`
    const remedy = `set retention.ms on ${name} to more than the longest time that the service may be down`
    if (keepMs < 0) return [ok(what, `${name} keeps records without a time limit`)]
    if (keepMs < windowMs) {
      return [fail(what, `${keeps}, window and grace are ${durationText(windowMs)}`, remedy)]
    }
    if (keepMs < 2 * windowMs) {
      return [warn(what, `${keeps}, hardly more than window and grace`, remedy)]
    }
    return [ok(what, keeps)]
  })
}
