/** What topics take, against what they will be sent. */

import type { RecordBytes } from '../../batch.ts'
import type { TopicDescription } from '../../broker/port.ts'
import type { Pipeline } from '../../config/pipeline.ts'
import { durationText } from '../../config/text.ts'
import { inputTopics, ownTopics } from '../../config/topic-names.ts'
import { limitsOf, maxMessageBytes } from '../../plan/topics.ts'
import { type Finding, ok, warn } from './finding.ts'

const SIZES = 'record sizes'

type Found = ReadonlyMap<string, TopicDescription>

/** @param samples of the inputs, decompressed */
export function checkLimits(
  pipeline: Pipeline,
  found: Found,
  samples: Iterable<readonly Pick<RecordBytes, 'key' | 'value'>[]>,
): Finding[] {
  return [
    ...checkVisible(found),
    ...checkSizes(pipeline, found, largestOf(samples)),
    ...checkAges(pipeline, found),
  ]
}

function largestOf(samples: Iterable<readonly Pick<RecordBytes, 'key' | 'value'>[]>): number {
  let largest = 0
  for (const records of samples) {
    for (const { key, value } of records) {
      largest = Math.max(largest, (key?.length ?? 0) + (value?.length ?? 0))
    }
  }
  return largest
}

function checkVisible(found: Found): Finding[] {
  const hidden = [...found].filter(([, topic]) => topic.isConfigHidden).map(([name]) => name)
  if (hidden.length === 0) return []
  const names = hidden.join(', ')
  const detail = `those of ${names} may not be seen: Kafka's defaults are assumed, and nothing below that depends on them is sure`
  return [warn('topic settings', detail, `give this user describe_configs on ${names}`)]
}

/** An input's limit is of compressed batches; ours write what is in them, and are not compressed by default. */
function checkSizes(pipeline: Pipeline, found: Found, largest: number): Finding[] {
  const inputs = inputTopics(pipeline).flatMap((topic) => found.get(topic) ?? [])
  const most = Math.max(0, ...inputs.map(maxMessageBytes))
  const faults = ownTopics(pipeline).flatMap((name) => {
    const topic = found.get(name)
    if (topic === undefined) return []
    const { batchBytes } = limitsOf(topic)
    if (batchBytes >= Math.max(most, largest)) return []
    const what =
      largest > batchBytes
        ? `a record of an input has ${largest} bytes`
        : `an input takes up to ${most}`
    const detail = `${name} takes batches of ${batchBytes} bytes, ${what}: what is larger is rejected as too_large`
    const remedy = `set max.message.bytes (and segment.bytes) on ${name} to ${2 * Math.max(most, largest)}`
    return [warn(SIZES, detail, remedy)]
  })
  if (faults.length > 0 || inputs.length === 0) return faults
  return [ok(SIZES, 'what the inputs take, the topics that are there take, too')]
}

function checkAges(pipeline: Pipeline, found: Found): Finding[] {
  return pipeline.outputs.flatMap(({ topic: name }) => {
    const topic = found.get(name)
    if (topic === undefined) return []
    const { behindMs } = limitsOf(topic)
    if (!Number.isFinite(behindMs)) return []
    const detail = `${name} takes no record whose time is longer ago than ${durationText(behindMs)}: such outputs are rejected as too_old`
    return [warn('record ages', detail, `raise message.timestamp.before.max.ms on ${name}`)]
  })
}
