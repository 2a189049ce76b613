import type { Admin, NewTopic, TopicDescription } from './broker/port.ts'
import type { Pipeline } from './config/pipeline.ts'
import { EnricherError } from './errors.ts'
import type { Log } from './events.ts'

export interface Topics {
  /** Of the inputs, so of tasks, output and changelog. */
  readonly partitions: number
  readonly rejectPartitions: number
  readonly outputBatchBytes: number
  /** How far ahead of its clock the broker takes a record of the output topic. */
  readonly outputAheadMs: number
  readonly rejectBatchBytes: number
  readonly changelogBatchBytes: number
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
const newTopic = (topic: string, partitions: number): NewTopic => ({
  topic,
  partitions,
  config: { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' },
})

const AHEAD = 'message.timestamp.after.max.ms'

const maxBytes = (topic: TopicDescription | undefined): number =>
  Number(topic?.config.get('max.message.bytes') ?? 1_048_588)

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
  for (const topic of [join.topic, output.topic, changelogTopic(pipeline)]) {
    if (found.has(topic)) samePartitions(facts.topic, partitions, topic, found)
  }
  const create = own.filter((topic) => !found.has(topic))
  return { partitions, create: create.map((topic) => newTopic(topic, partitions)) }
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
  const all = await admin.describeTopics(ownTopics(pipeline))
  return {
    partitions,
    rejectPartitions: all.get(output.rejects)!.partitions,
    outputBatchBytes: maxBytes(all.get(output.topic)),
    outputAheadMs: Number(all.get(output.topic)?.config.get(AHEAD) ?? Number.POSITIVE_INFINITY),
    rejectBatchBytes: maxBytes(all.get(output.rejects)),
    changelogBatchBytes: maxBytes(all.get(changelogTopic(pipeline))),
  }
}

function samePartitions(
  topic: string,
  partitions: number,
  other: string,
  found: ReadonlyMap<string, TopicDescription>,
): void {
  const count = found.get(other)?.partitions
  if (count === partitions) return
  const message = `${other} has ${count} partitions and ${topic} has ${partitions}; they have to be the same, so that records of one key meet. Create ${other} anew with ${partitions} partitions`
  throw new EnricherError('PARTITIONS_DIFFER', message, {
    fields: { topic, other, partitions, count },
  })
}
