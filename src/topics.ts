import { roomUnder } from './broker/compression-room.ts'
import type { Admin, NewTopic, TopicDescription } from './broker/port.ts'
import type { Pipeline } from './config/pipeline.ts'
import { EnricherError } from './errors.ts'
import type { Log } from './events.ts'

export interface Topics {
  /** Of the inputs, so of tasks, output and changelog. */
  readonly partitions: number
  readonly rejectPartitions: number
  /** Of output, rejects and changelog. */
  readonly limits: ReadonlyMap<string, TopicLimits>
}

/** What a topic takes. */
export interface TopicLimits {
  /** Of a whole record batch; what the broker's own compression may add is taken off. */
  readonly batchBytes: number
  /** How far ahead of the broker's clock, and behind it, a timestamp may be; infinite: there is no limit. */
  readonly aheadMs: number
  readonly behindMs: number
  /** This user may not see them: they are Kafka's defaults. */
  readonly isHidden: boolean
}

export const changelogTopic = (pipeline: Pipeline): string => `${pipeline.name}-window-changelog`

/** Facts first, then the right stream, then the dimensions. */
export const inputTopics = ({ facts, join, dimensions }: Pipeline): string[] => [
  facts.topic,
  join.topic,
  ...dimensions.map(({ topic }) => topic),
]

/** Those that a start creates where they are missing. */
export const ownTopics = (pipeline: Pipeline): string[] => [
  pipeline.output.topic,
  pipeline.output.rejects,
  changelogTopic(pipeline),
]

/** Event times may be long ago: with a time limit the broker would delete such records at once. */
const newTopic = (topic: string, partitions: number, largestBytes: number): NewTopic => ({
  topic,
  partitions,
  config: { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' },
  wished: { 'max.message.bytes': String(Math.max(LEAST_MAX_BYTES, 2 * largestBytes)) },
})

/**
 * An input's limit is of compressed batches, and a joined record has the parts of several: the topics of
 * ours take more. Clouds allow 8 MiB as a rule.
 */
const LEAST_MAX_BYTES = 8 * 1024 * 1024
/** Kafka's default of max.message.bytes. */
const MAX_BYTES = 1_048_588
/** Kafka's way to say that a time has no limit. */
const NO_LIMIT = 2 ** 63

const numberOf = (topic: TopicDescription, name: string, fallback: number): number =>
  Number(topic.config.get(name) ?? fallback)

export const maxMessageBytes = (topic: TopicDescription): number =>
  numberOf(topic, 'max.message.bytes', MAX_BYTES)

export const isCompacted = (topic: TopicDescription): boolean =>
  (topic.config.get('cleanup.policy') ?? 'delete').includes('compact')

export function limitsOf(topic: TopicDescription): TopicLimits {
  const size = Math.min(maxMessageBytes(topic), numberOf(topic, 'segment.bytes', NO_LIMIT))
  const limit = (name: string): number => {
    const ms = numberOf(topic, `message.timestamp.${name}.max.ms`, NO_LIMIT)
    return ms >= NO_LIMIT ? Number.POSITIVE_INFINITY : ms
  }
  // The broker's clock counts, and no record's timestamp.
  const isAppendTime = topic.config.get('message.timestamp.type') === 'LogAppendTime'
  // Before Kafka 3.6 there is `difference` alone; until 4.0 it counts where the other is not set.
  const timeLimit = (name: string): number => {
    if (isAppendTime) return Number.POSITIVE_INFINITY
    return Number.isFinite(limit(name)) ? limit(name) : limit('difference')
  }
  return {
    batchBytes: roomUnder(size, topic.config.get('compression.type') ?? 'producer'),
    aheadMs: timeLimit('after'),
    behindMs: timeLimit('before'),
    isHidden: topic.isConfigHidden ?? false,
  }
}

/** Of the topics that are written. */
export async function readLimits(
  pipeline: Pipeline,
  admin: Pick<Admin, 'describeTopics'>,
): Promise<ReadonlyMap<string, TopicLimits>> {
  const own = ownTopics(pipeline)
  const found = await admin.describeTopics(own)
  const deleted = own.find((topic) => !found.has(topic))
  if (deleted !== undefined) {
    const message = `The topic ${deleted} does not exist any more; a restart creates it anew`
    throw new EnricherError('TOPIC_MISSING', message, { fields: { topic: deleted } })
  }
  return new Map([...found].map(([topic, description]) => [topic, limitsOf(description)]))
}

/**
 * What a start would create, and the number of partitions.
 * Throws TOPIC_MISSING (an input) or PARTITIONS_DIFFER.
 */
export async function missingTopics(
  pipeline: Pipeline,
  admin: Admin,
): Promise<{ partitions: number; create: NewTopic[] }> {
  const { facts, join, output } = pipeline
  const inputs = inputTopics(pipeline)
  const own = ownTopics(pipeline)
  const found = await admin.describeTopics([...inputs, ...own])
  const missing = inputs.filter((topic) => !found.has(topic))
  if (missing.length > 0) {
    const message = `The ${missing.length === 1 ? 'topic' : 'topics'} ${missing.join(', ')} ${missing.length === 1 ? 'does' : 'do'} not exist (or may not be described); create ${missing.length === 1 ? 'it' : 'them'}, or correct the pipeline file`
    throw new EnricherError('TOPIC_MISSING', message, { fields: { missing } })
  }
  const { partitions } = found.get(facts.topic)!
  // Its records are of the former partitions' tasks: a changelog with more would be of no use.
  const grown = `Partitions were added to the inputs: give ${output.topic} as many, and run \`stream-enricher reset\`, which deletes the changelog; the inputs are then read again from their beginning`
  for (const topic of [join.topic, output.topic, changelogTopic(pipeline)]) {
    const anew = `Create ${topic} anew with ${partitions} partitions`
    const what = topic === changelogTopic(pipeline) ? grown : anew
    if (found.has(topic)) samePartitions(facts.topic, partitions, topic, found, what)
  }
  const largest = Math.max(...inputs.map((topic) => maxMessageBytes(found.get(topic)!)))
  const create = own.filter((topic) => !found.has(topic))
  return { partitions, create: create.map((topic) => newTopic(topic, partitions, largest)) }
}

/**
 * Checks the input topics and creates output, rejects and changelog where they are missing.
 * Throws TOPIC_MISSING or PARTITIONS_DIFFER.
 */
export async function prepareTopics(pipeline: Pipeline, admin: Admin, log: Log): Promise<Topics> {
  const { output } = pipeline
  const { partitions, create } = await missingTopics(pipeline, admin)
  await admin.createTopics(create)
  if (create.length > 0) {
    const topics = create.map(({ topic }) => topic)
    log.event('topics_created', { topics, partitions })
  }
  const all = await admin.describeTopics([...inputTopics(pipeline), ...ownTopics(pipeline)])
  warn(pipeline, all, log)
  const own = [...all].filter(([topic]) => ownTopics(pipeline).includes(topic))
  return {
    partitions,
    rejectPartitions: all.get(output.rejects)!.partitions,
    limits: new Map(own.map(([topic, description]) => [topic, limitsOf(description)])),
  }
}

/** What may go well, or end the service later. */
function warn(pipeline: Pipeline, all: ReadonlyMap<string, TopicDescription>, log: Log): void {
  const hidden = [...all].filter(([, topic]) => topic.isConfigHidden).map(([name]) => name)
  if (hidden.length > 0) log.event('topic_settings_hidden', { topics: hidden })
  for (const topic of [pipeline.output.rejects, changelogTopic(pipeline)]) {
    if (isCompacted(all.get(topic)!)) log.event('topic_compacted', { topic })
  }
}

function samePartitions(
  topic: string,
  partitions: number,
  other: string,
  found: ReadonlyMap<string, TopicDescription>,
  what: string,
): void {
  const count = found.get(other)?.partitions
  if (count === partitions) return
  const message = `${other} has ${count} partitions and ${topic} has ${partitions}; they have to be the same, so that records of one key meet. ${what}`
  throw new EnricherError('PARTITIONS_DIFFER', message, {
    fields: { topic, other, partitions, count },
  })
}
