/** What the pipeline's own topics are created with, and how those that are there differ from what the file says. */
import type { NewTopic, TopicDescription } from '../broker/port.ts'
import type { Pipeline, TopicSettings } from '../config/pipeline.ts'
import { bytesText, durationText, plural } from '../config/text.ts'
import { internalTopics, ownTopics } from '../config/topic-names.ts'
import { UNLIMITED } from '../config/topic-settings.ts'

/** Event times may be long ago: with a time limit the broker would delete such records at once. */
const KEPT = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' }
/** The next stage goes by the times that the one before has written, whatever the brokers' default is. */
const AS_WRITTEN = { 'message.timestamp.type': 'CreateTime' }
/** Rejects have the time when they were rejected, and are looked at in these days or never. */
const REJECTS_MS = 14 * 86_400_000
/**
 * An input's limit is of compressed batches, and a joined record has the parts of several: the topics of
 * ours take more. Clouds allow 8 MiB as a rule.
 */
const LEAST_MAX_BYTES = 8 * 1024 * 1024
const MAX_BYTES = 'max.message.bytes'

/** What the file says of a topic of the pipeline's own. */
export function saidOf({ outputs, output, state }: Pipeline, topic: string): TopicSettings {
  const written = outputs.find((one) => one.topic === topic)
  if (written !== undefined) return written.topicConfig
  return topic === output.rejects ? output.rejectsConfig : state.topicConfig
}

/**
 * What a topic of the pipeline's own is created with.
 * @param partitions of the facts' topic
 * @param largestBytes that an input takes of a batch
 */
export function newTopic(
  pipeline: Pipeline,
  topic: string,
  partitions: number,
  largestBytes: number,
): NewTopic {
  const settings = saidOf(pipeline, topic)
  const isRejects = topic === pipeline.output.rejects
  const config = {
    ...KEPT,
    ...(isRejects ? { 'retention.ms': String(REJECTS_MS) } : {}),
    ...(internalTopics(pipeline).includes(topic) ? AS_WRITTEN : {}),
    ...settings.config,
  }
  const room = String(Math.max(LEAST_MAX_BYTES, 2 * largestBytes))
  return {
    topic,
    partitions: settings.partitions ?? partitions,
    ...(settings.replicationFactor === null
      ? {}
      : { replicationFactor: settings.replicationFactor }),
    config,
    ...(MAX_BYTES in config ? {} : { wished: { [MAX_BYTES]: room } }),
  }
}

/** Something of a topic that is there, and is not as the file says. */
export interface Difference {
  /** A setting by Kafka's name, `partitions` or `replication factor`. */
  readonly what: string
  readonly is: string
  readonly wanted: string
}

/** None of a topic whose settings may not be seen, but for its partitions and replicas. */
export function differencesOf(
  pipeline: Pipeline,
  topic: string,
  found: TopicDescription,
): Difference[] {
  const { partitions, replicationFactor, config } = saidOf(pipeline, topic)
  const counts: [string, number | null, number | undefined][] = [
    ['partitions', partitions, found.partitions],
    ['replication factor', replicationFactor, found.replicas],
  ]
  return [
    ...counts.flatMap(([what, wanted, is]) =>
      wanted === null || is === undefined || wanted === is
        ? []
        : [{ what, is: String(is), wanted: String(wanted) }],
    ),
    ...Object.entries(config).flatMap(([what, wanted]) => {
      const is = found.config.get(what)
      return is === undefined || isSame(is, wanted) ? [] : [{ what, is, wanted }]
    }),
  ]
}

const isSame = (a: string, b: string): boolean =>
  a === b ||
  (a !== '' && Number(a) === Number(b)) ||
  a.split(',').sort().join() === b.split(',').sort().join()

/** How to have a topic as the file says: nothing of it is done by a start. */
export function remedyOf(topic: string, differences: readonly Difference[]): string {
  const wantedOf = (name: string): string | undefined =>
    differences.find(({ what }) => what === name)?.wanted
  const settings = differences
    .filter(({ what }) => what.includes('.') || what === 'preallocate')
    .map(({ what, wanted }) => `${what}=${wanted.includes(',') ? `[${wanted}]` : wanted}`)
  const partitions = wantedOf('partitions')
  const replicas = wantedOf('replication factor')
  return [
    ...(settings.length === 0
      ? []
      : [
          `kafka-configs.sh --alter --entity-type topics --entity-name ${topic} --add-config ${settings.join(',')}`,
        ]),
    ...(partitions === undefined
      ? []
      : [`kafka-topics.sh --alter --topic ${topic} --partitions ${partitions} (more only)`]),
    ...(replicas === undefined
      ? []
      : [`kafka-reassign-partitions.sh, with ${replicas} replicas for each partition`]),
  ].join('; ')
}

/** `retention.ms 7d`, `max.message.bytes 8.0 MiB`. */
export function settingText(name: string, value: string): string {
  const count = Number(value)
  if (name.startsWith('retention.') && count < 0) return `${name} ${UNLIMITED}`
  if (name.endsWith('.ms') && Number.isSafeInteger(count)) return `${name} ${durationText(count)}`
  if (name.endsWith('.bytes') && Number.isSafeInteger(count)) return `${name} ${bytesText(count)}`
  return `${name} ${value}`
}

export const differenceText = ({ what, is, wanted }: Difference): string =>
  `${settingText(what, is)} and not ${settingText(what, wanted).slice(what.length + 1)}`

/** Partitions, replicas and settings of a topic to create, in a line. */
export function newTopicText({ topic, partitions, replicationFactor, config, wished }: NewTopic) {
  const settings = Object.entries({ ...config, ...wished })
  return [
    topic,
    plural(partitions, 'partition'),
    ...(replicationFactor === undefined ? [] : [`replication factor ${replicationFactor}`]),
    ...settings.map(([name, value]) => settingText(name, value)),
  ].join(', ')
}

/** The same of one that is there: what a new one would be given, and what the file says. */
export function topicText(pipeline: Pipeline, topic: string, found: TopicDescription): string {
  const said = Object.keys(saidOf(pipeline, topic).config)
  const names = [...new Set([...Object.keys(KEPT), MAX_BYTES, ...said])]
  return [
    topic,
    plural(found.partitions, 'partition'),
    ...(found.replicas === undefined ? [] : [`replication factor ${found.replicas}`]),
    ...names.flatMap((name) => {
      const value = found.config.get(name)
      return value === undefined ? [] : [settingText(name, value)]
    }),
    ...(found.isConfigHidden ? ['with settings that this user may not see'] : []),
  ].join(', ')
}

/** Of all own topics that are there and differ: what of them, and how it is changed. */
export const ownDifferences = (
  pipeline: Pipeline,
  found: ReadonlyMap<string, TopicDescription>,
): { topic: string; differences: readonly Difference[] }[] =>
  ownTopics(pipeline).flatMap((topic) => {
    const there = found.get(topic)
    const differences = there === undefined ? [] : differencesOf(pipeline, topic, there)
    return differences.length === 0 ? [] : [{ topic, differences }]
  })
