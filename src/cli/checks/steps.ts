/** What starting a pipeline file would do to what is there: pure, from what was read before. */
import type { GroupDescription, TopicDescription } from '../../broker/port.ts'
import type { Comparison } from '../../codec/registry/registry.ts'
import type { OutputConfig, Pipeline } from '../../config/pipeline.ts'
import { countText, durationText, plural } from '../../config/text.ts'
import { alikeTopics, inputTopics, leadOf, ownTopics, sourcesOf } from '../../config/topic-names.ts'
import { ANEW_REASONS, type AnewReason } from '../../dimension/checkpoint.ts'
import type { NewerSchema } from '../../plan/compile.ts'
import {
  differencesOf,
  differenceText,
  newTopic,
  newTopicText,
  remedyOf,
  topicText,
} from '../../plan/own-topics.ts'
import { planOf, type SourceStart } from '../../plan/plan.ts'
import { largestInput, partitionsRemedy } from '../../plan/topics.ts'
import { foreignText, isForeign, OTHER_NAME, rivalText } from './access.ts'
import { type OffsetsState, offsetsFaults } from './offsets.ts'
import { laterOf } from './output-schemas.ts'
import { newerSchemaText, RESET } from './stored-schemas.ts'

export interface Step {
  readonly kind: 'create' | 'keep' | 'change' | 'refuse'
  readonly what: string
  readonly detail: string
}

export const step = (kind: Step['kind'], what: string, detail: string): Step => ({
  kind,
  what,
  detail,
})

export function topicSteps(
  pipeline: Pipeline,
  found: ReadonlyMap<string, TopicDescription>,
): Step[] {
  const missing = inputTopics(pipeline).filter((topic) => !found.has(topic))
  if (missing.length > 0) {
    return missing.map((topic) =>
      step(
        'refuse',
        'topic',
        `${topic} does not exist (or may not be described); create it, or correct its name`,
      ),
    )
  }
  const wanted = (topic: string): number => found.get(leadOf(pipeline, topic))!.partitions
  const differs = (topic: string): Step => {
    const [lead, partitions] = [leadOf(pipeline, topic), wanted(topic)]
    const count = found.get(topic)!.partitions
    const remedy = partitionsRemedy(pipeline, partitions, topic, count)
    const text = `${topic} has ${plural(count, 'partition')}, ${lead} has ${partitions}; ${remedy}`
    return step('refuse', 'topic', text)
  }
  const inputs = inputTopics(pipeline)
  const alike = alikeTopics(pipeline)
  const joined = alike.filter((topic) => inputs.includes(topic))
  const odd = joined.filter((topic) => found.get(topic)!.partitions !== wanted(topic)).map(differs)
  const own = ownTopics(pipeline).map((topic) => {
    const there = found.get(topic)
    if (there === undefined) {
      const created = newTopic(pipeline, topic, wanted(topic), largestInput(pipeline, found))
      return step('create', 'topic', newTopicText(created))
    }
    if (alike.includes(topic) && there.partitions !== wanted(topic)) return differs(topic)
    const text = topicText(pipeline, topic, there)
    const differences = differencesOf(pipeline, topic, there)
    if (differences.length === 0) return step('keep', 'topic', text)
    const what = differences.map(differenceText).join(', ')
    const detail = `${text}; the file says otherwise, and a start changes nothing: it has ${what}; to change it: ${remedyOf(topic, differences)}`
    return step('keep', 'topic', detail)
  })
  return [...odd, ...own]
}

/** Topics whose latest schema is not read with, for the window was stored with an earlier one. */
export const newerSchemaSteps = (newer: readonly NewerSchema[]): Step[] =>
  newer.map((schema) =>
    step(
      schema.fault === null ? 'keep' : 'change',
      'input schema',
      `${newerSchemaText(schema)}; to take it, ${RESET}`,
    ),
  )

/**
 * What a reset would make of the outputs' schemas, where newer ones of the inputs are not read now. A start changes none of it.
 * @param later of the outputs by the latest schemas of the inputs, or why these cannot be used
 */
export function resetSteps(
  outputs: readonly OutputConfig[],
  later: readonly (Comparison | null)[] | string,
): Step[] {
  return laterOf(outputs, later).map(({ text }) => step('keep', 'after a reset', text))
}

export interface DimensionState {
  readonly name: string
  /** What the store's checkpoint says; undefined: there is none, or it cannot be read. */
  readonly checkpoint: { readonly layout: string; readonly currentAt: number } | undefined
  readonly topic: TopicDescription | undefined
  /** Why the topic, as it is now, makes the stored rows useless; undefined: it does not. */
  readonly unusable?: AnewReason | undefined
}

export function dimensionStep(state: DimensionState, layout: string, now: number): Step {
  const { name, checkpoint, topic } = state
  const what = `dimension ${name}`
  if (checkpoint === undefined) return step('create', what, 'read whole from its topic')
  const keepMs = Number(topic?.config.get('delete.retention.ms') ?? 86_400_000)
  const age = now - checkpoint.currentAt
  if (checkpoint.layout !== layout) {
    return step('change', what, 'the stored rows are of another layout: read whole from its topic')
  }
  if (age >= keepMs) {
    const detail = `the stored rows are older than delete.retention.ms (${durationText(keepMs)}) and may have missed deletions: read whole from its topic`
    return step('change', what, detail)
  }
  if (state.unusable !== undefined) {
    const why = ANEW_REASONS[state.unusable]
    return step(
      'change',
      what,
      `the stored rows are of no use, as ${why}: read whole from its topic`,
    )
  }
  return step('keep', what, 'the stored rows; what is newer is read from its topic')
}

export interface GroupState extends OffsetsState {
  readonly group: GroupDescription
  /** By topic and partition: the first offset, and the end. */
  readonly ends: ReadonlyMap<string, ReadonlyMap<number, { first: number; end: number }>>
}

export function groupSteps(pipeline: Pipeline, state: GroupState): Step[] {
  const { group } = state
  if (isForeign(group)) {
    const detail = `${foreignText(pipeline.name)}: the start would end with GROUP_TAKEN; ${OTHER_NAME}`
    return [step('refuse', 'group', detail)]
  }
  const members = group.members.length
  const running =
    members === 0
      ? []
      : [
          step(
            'change',
            'group',
            `${pipeline.name} has ${plural(members, 'member')} now; the new instance takes some of their partitions`,
          ),
        ]
  const rival = rivalText(pipeline, group)
  const changed = offsetsFaults(pipeline, state)
  const refused = [
    ...(rival === undefined ? [] : [step('refuse', 'group', `${rival}; ${OTHER_NAME}`)]),
    ...changed.map((fault) => step('refuse', 'offsets', fault)),
  ]
  if (refused.length > 0) return refused
  const sources = sourcesOf(pipeline)
  const begun = state.offsets.some(({ offset }) => offset >= 0)
  const starts = planOf(pipeline).sources
  return [
    ...running,
    ...sources.map(({ config }, s) =>
      begun || starts[s].startAt === 'earliest'
        ? offsetStep(config.topic, state)
        : step('create', 'offsets', `${config.topic} is read from ${startText(starts[s].startAt)}`),
    ),
  ]
}

function startText(startAt: SourceStart): string {
  if (typeof startAt === 'string') return 'its end: startAt is latest'
  if ('agoMs' in startAt) return `${durationText(startAt.agoMs)} before the start, by timestamps`
  return `${new Date(startAt.at).toISOString()}, by timestamps`
}

function offsetStep(topic: string, { offsets, ends }: GroupState): Step {
  const committed = new Map(
    offsets.filter((o) => o.topic === topic && o.offset >= 0).map((o) => [o.partition, o.offset]),
  )
  let left = 0
  for (const [partition, { first, end }] of ends.get(topic) ?? []) {
    left += Math.max(0, end - Math.max(first, committed.get(partition) ?? 0))
  }
  if (committed.size === 0) {
    return step(
      'create',
      'offsets',
      `${topic} is read from its beginning, ${plural(left, 'record')}`,
    )
  }
  return step(
    'keep',
    'offsets',
    `${topic} goes on where the group was, ${countText(left)} behind the end`,
  )
}
