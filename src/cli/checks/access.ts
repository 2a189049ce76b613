/** What this user may do, against what the service does. */
import {
  GROUP_PROTOCOL,
  type GroupDescription,
  type Operation,
  type TopicAccess,
} from '../../broker/port.ts'
import type { Pipeline } from '../../config/pipeline.ts'
import { inputTopics, internalTopics } from '../../config/topic-names.ts'
import { planOf, topicsRead } from '../../plan/plan.ts'
import { type Finding, fail, ok } from './finding.ts'

const WHAT = 'permissions'

export interface Access {
  readonly topics: ReadonlyMap<string, TopicAccess>
  readonly group: GroupDescription
  readonly transactionalId: string
  readonly mayUseTransactionalId: boolean
}

export function checkAccess(pipeline: Pipeline, access: Access): Finding[] {
  const topics = neededOn(pipeline).flatMap(([topic, operations]) =>
    lacking(`topic ${topic}`, access.topics.get(topic), operations),
  )
  const { group, transactionalId, mayUseTransactionalId } = access
  const foreign = isForeign(group) ? foreignText(pipeline.name) : rivalText(pipeline, group)
  const taken = foreign === undefined ? [] : [fail('group', foreign, OTHER_NAME)]
  const others = [
    ...(group.allowed.has('read') ? [] : [denied(`group ${pipeline.name}`, ['read'])]),
    ...(mayUseTransactionalId ? [] : [denied(`transactional id ${transactionalId}`, ['write'])]),
  ]
  const faults = [...topics, ...others]
  if (faults.length > 0) return [...taken, ...faults]
  return [
    ...taken,
    ok(WHAT, 'read, write, create and delete as the service needs them (or no authorizer)'),
  ]
}

/** What the service does with each topic. */
function neededOn(pipeline: Pipeline): [string, readonly Operation[]][] {
  const { outputs, output } = pipeline
  const all = (topics: readonly string[], operations: readonly Operation[]) =>
    topics.map((topic): [string, readonly Operation[]] => [topic, operations])
  return [
    ...all(inputTopics(pipeline), ['describe', 'read']),
    ...all([...outputs.map(({ topic }) => topic), output.rejects], ['describe', 'write']),
    ...all(internalTopics(pipeline), ['describe', 'read', 'write', 'delete']),
  ]
}

export const OTHER_NAME = 'stop them, or give the pipeline another name'

/** Whether the group's members are of another kind: with them none of ours can be in it. */
export const isForeign = ({ protocol }: GroupDescription): boolean =>
  protocol !== '' && protocol !== GROUP_PROTOCOL

export const foreignText = (name: string): string =>
  `${name} is used by another kind of client: it has members that are not stream-enricher`

/** That instances of another pipeline file have the name; undefined: there are none. */
export function rivalText(pipeline: Pipeline, { members }: GroupDescription): string | undefined {
  const read = topicsRead(planOf(pipeline))
  // While they join, nothing is known of them.
  const rival = members.find(({ topics }) => topics.length > 0 && topics.join() !== read.join())
  if (rival === undefined) return undefined
  return `${pipeline.name} is the name of a pipeline that runs and reads ${rival.topics.join(', ')}, not ${read.join(', ')}: only one of them would get tasks`
}

/** Throws where this user may not know whether a group has members and offsets. */
export function refuseHidden(name: string, { state }: GroupDescription): void {
  if (state !== 'hidden') return
  throw new Error(
    `This user may not describe the group ${name}; give it describe and read on that group, for reset and replay also delete`,
  )
}

/** Missing topics that may be created need nothing else yet: their rights come with the same rule as a rule. */
function lacking(
  what: string,
  access: TopicAccess | undefined,
  operations: readonly Operation[],
): Finding[] {
  if (access === undefined || access.state === 'missing') return []
  if (access.state === 'hidden') return [denied(what, operations)]
  const lacks = operations.filter((operation) => !access.allowed.has(operation))
  return lacks.length === 0 ? [] : [denied(what, lacks)]
}

const denied = (what: string, operations: readonly Operation[]): Finding =>
  fail(
    WHAT,
    `${what}: no ${operations.join(', ')}`,
    `give this user ${operations.join(', ')} on ${what}`,
  )
