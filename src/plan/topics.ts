import { setTimeout as sleep } from 'node:timers/promises'
import { roomUnder, USUAL_BATCH_BYTES } from '../broker/compression-room.ts'
import type { Admin, NewTopic, TopicDescription } from '../broker/port.ts'
import { joinStages } from '../config/join-stages.ts'
import type { Pipeline } from '../config/pipeline.ts'
import {
  alikeTopics,
  changelogTopics,
  inputTopics,
  internalTopics,
  leadOf,
  leadTopic,
  ownTopics,
  repartitioned,
  sourcesOf,
} from '../config/topic-names.ts'
import { EnricherError } from '../errors.ts'
import type { Log } from '../events.ts'
import { newTopic } from './own-topics.ts'
import type { Plan } from './plan.ts'

export interface Topics {
  /** How many partitions the sources of the last stage have, and so how many tasks it has. */
  readonly tasks: number
  /** Of the inputs, and of the pipeline's own topics. */
  readonly partitions: ReadonlyMap<string, number>
  /** What outputs, rejects and internal topics take. */
  readonly limits: ReadonlyMap<string, TopicLimits>
}

/** What a topic takes. */
export interface TopicLimits {
  /** Bytes that a whole record batch may have; what the broker's own compression may add is taken off. */
  readonly batchBytes: number
  /** How far ahead of the broker's clock, and behind it, a timestamp may be; infinite: there is no limit. */
  readonly aheadMs: number
  readonly behindMs: number
  /** This user may not see them: they are Kafka's defaults. */
  readonly isHidden: boolean
}

/** How long a topic that was created is looked for. */
const KNOWN_MS = 10_000
/** Kafka's way to say that a time has no limit. */
const NO_LIMIT = 2 ** 63

const numberOf = (topic: TopicDescription, name: string, fallback: number): number =>
  Number(topic.config.get(name) ?? fallback)

export const maxMessageBytes = (topic: TopicDescription): number =>
  numberOf(topic, 'max.message.bytes', USUAL_BATCH_BYTES)

/** Bytes of the largest batch that any input takes. */
export const largestInput = (
  pipeline: Pipeline,
  found: ReadonlyMap<string, TopicDescription>,
): number => Math.max(...inputTopics(pipeline).map((topic) => maxMessageBytes(found.get(topic)!)))

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

/** What the topics take that are written. Throws TOPIC_MISSING. */
export async function readLimits(
  own: readonly string[],
  admin: Pick<Admin, 'describeTopics'>,
): Promise<ReadonlyMap<string, TopicLimits>> {
  const found = await admin.describeTopics(own)
  const deleted = own.find((topic) => !found.has(topic))
  if (deleted !== undefined) {
    const message = `The topic ${deleted} does not exist any more; a restart creates it anew`
    throw new EnricherError('TOPIC_MISSING', message, { fields: { topic: deleted } })
  }
  return new Map([...found].map(([topic, description]) => [topic, limitsOf(description)]))
}

/**
 * What a start would create, the number of partitions, and what is there.
 * Throws TOPIC_MISSING (an input) or PARTITIONS_DIFFER.
 */
export async function missingTopics(
  pipeline: Pipeline,
  admin: Admin,
): Promise<{
  partitions: number
  found: ReadonlyMap<string, TopicDescription>
  create: NewTopic[]
}> {
  const inputs = inputTopics(pipeline)
  const own = ownTopics(pipeline)
  const found = await admin.describeTopics([...inputs, ...own])
  const missing = inputs.filter((topic) => !found.has(topic))
  if (missing.length > 0) {
    const message = `The ${missing.length === 1 ? 'topic' : 'topics'} ${missing.join(', ')} ${missing.length === 1 ? 'does' : 'do'} not exist (or may not be described); create ${missing.length === 1 ? 'it' : 'them'}, or correct the pipeline file`
    throw new EnricherError('TOPIC_MISSING', message, { fields: { missing } })
  }
  const { partitions } = found.get(leadTopic(pipeline))!
  refuseManyMarks(pipeline, (topic) => found.get(topic)!.partitions)
  for (const topic of alikeTopics(pipeline)) {
    const wanted = found.get(leadOf(pipeline, topic))!.partitions
    const count = found.get(topic)?.partitions ?? wanted
    if (count !== wanted) throw partitionsDiffer(pipeline, wanted, topic, count)
  }
  const largest = largestInput(pipeline, found)
  const create = own.filter((topic) => !found.has(topic))
  return {
    partitions,
    found,
    create: create.map((topic) => {
      const lead = found.get(leadOf(pipeline, topic))!
      return newTopic(pipeline, topic, lead.partitions, largest)
    }),
  }
}

/**
 * Checks the input topics and creates output, rejects and changelog where they are missing.
 * Throws TOPIC_MISSING or PARTITIONS_DIFFER.
 */
export async function prepareTopics(pipeline: Pipeline, admin: Admin, log: Log): Promise<Topics> {
  const { partitions, create } = await missingTopics(pipeline, admin)
  await admin.createTopics(create)
  if (create.length > 0) {
    const topics = create.map(({ topic }) => topic)
    log.event('topics_created', { topics, partitions })
  }
  const all = await describeAll(pipeline, admin)
  warn(pipeline, all, log)
  const own = [...all].filter(([topic]) => ownTopics(pipeline).includes(topic))
  return {
    tasks: partitions,
    partitions: new Map([...all].map(([topic, of]) => [topic, of.partitions])),
    limits: new Map(own.map(([topic, description]) => [topic, limitsOf(description)])),
  }
}

/** How many tasks each stage has: as many as its sources have partitions. */
export const tasksOf = ({ stages }: Pick<Plan, 'stages'>, { partitions }: Topics): number[] =>
  stages.map(({ topics: [topic] }) => partitions.get(topic)!)

/** Of all stages. */
export const allTasks = (plan: Pick<Plan, 'stages'>, topics: Topics): number =>
  tasksOf(plan, topics).reduce((sum, tasks) => sum + tasks, 0)

/** A broker may hear of a topic that was just created a moment later than the others. */
async function describeAll(
  pipeline: Pipeline,
  admin: Admin,
): Promise<ReadonlyMap<string, TopicDescription>> {
  const names = [...inputTopics(pipeline), ...ownTopics(pipeline)]
  const until = performance.now() + KNOWN_MS
  for (;;) {
    const all = await admin.describeTopics(names)
    const missing = names.filter((topic) => !all.has(topic))
    if (missing.length === 0) return all
    if (performance.now() > until) {
      const message = `The brokers do not know ${missing.join(', ')}, though ${missing.length === 1 ? 'it was' : 'they were'} there a moment ago; see whether somebody deletes topics, then start again`
      throw new EnricherError('TOPIC_MISSING', message, { fields: { missing } })
    }
    await sleep(200)
  }
}

/** What may go well, or end the service later. */
function warn(pipeline: Pipeline, all: ReadonlyMap<string, TopicDescription>, log: Log): void {
  const hidden = [...all].filter(([, topic]) => topic.isConfigHidden).map(([name]) => name)
  if (hidden.length > 0) log.event('topic_settings_hidden', { topics: hidden })
  for (const topic of [pipeline.output.rejects, ...changelogTopics(pipeline)]) {
    if (isCompacted(all.get(topic)!)) log.event('topic_compacted', { topic })
  }
}

function partitionsDiffer(
  pipeline: Pipeline,
  partitions: number,
  other: string,
  count: number,
): EnricherError {
  const topic = leadOf(pipeline, other)
  const remedy = partitionsRemedy(pipeline, partitions, other, count)
  const why =
    pipeline.joins.length === 0
      ? 'for a record goes to the partition that it came from'
      : 'so that records of one key meet'
  const message = `${other} has ${count} partitions and ${topic} has ${partitions}; they have to be the same, ${why}: ${remedy}`
  const fields = { topic, other, partitions, count }
  return new EnricherError('PARTITIONS_DIFFER', message, { fields })
}

/** What to do where a topic has another number of partitions than the facts. Nothing that is of use is deleted. */
export function partitionsRemedy(
  pipeline: Pipeline,
  partitions: number,
  other: string,
  count: number,
): string {
  const { outputs } = pipeline
  const lead = leadOf(pipeline, other)
  // Its records are of the former partitions' tasks: with more it would be of no use.
  if (internalTopics(pipeline).includes(other)) {
    return 'the inputs had as many when the window was stored; run `stream-enricher reset`, which deletes the internal topics, and the inputs are read again from their beginning'
  }
  const alter = (topic: string, wanted: number): string =>
    `kafka-topics.sh --alter --topic ${topic} --partitions ${wanted}`
  if (outputs.some(({ topic }) => topic === other)) {
    return count < partitions
      ? `give ${other} as many (${alter(other, partitions)})`
      : 'name another output topic'
  }
  const [topic, wanted] = count < partitions ? [other, partitions] : [lead, count]
  return `while ${topic} is empty give it as many (${alter(topic, wanted)}); with records in it keys would move away from what came before: write a new topic of ${wanted} partitions${orRepartition(pipeline)}`
}

/** The other way out, where two inputs that are joined differ. */
function orRepartition({ joins }: Pipeline): string {
  if (joins.length === 0 || joins.some(({ repartition }) => repartition !== null)) return ''
  const where = joins.length === 1 ? 'join.repartition' : '`repartition` of its join'
  return `, or carry one side through an internal topic (${where}: facts or right)`
}

/** A changelog record has a byte for the number of source partitions that are repartitioned, and of sides that close. */
const mostMarks = (joins: number): number => 252 - 2 * joins

/** Throws PARTITIONS_DIFFER. */
function refuseManyMarks(pipeline: Pipeline, partitionsOf: (topic: string) => number): void {
  const inputs = sourcesOf(pipeline).map(({ config }) => config.topic)
  const through = repartitioned(pipeline).map(({ side }) => side)
  for (const [s, { first, joins }] of joinStages(pipeline).entries()) {
    const sides = through.filter((side) =>
      side === 0 ? s === 0 : side > first && side <= first + joins.length,
    )
    // What was joined before comes from as many tasks.
    const topics = [...sides.map((side) => inputs[side]), ...(s === 0 ? [] : [leadTopic(pipeline)])]
    const count = topics.reduce((sum, topic) => sum + partitionsOf(topic), 0)
    const most = mostMarks(joins.length)
    if (count <= most) continue
    const message = `${topics.join(' and ')} ${topics.length === 1 ? 'has' : 'have together'} ${count} partitions, and a join goes on from ${most} at most that are repartitioned; write the topic keyed by the join field, and leave join.repartition out`
    throw new EnricherError('PARTITIONS_DIFFER', message, { fields: { topics, count } })
  }
}
