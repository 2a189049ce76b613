/** This instance among the members of its group: what it tells them, and what they tell of themselves. */

import type { Broker, Group, GroupEvents, GroupStage } from '../broker/port.ts'
import { taskOf } from '../broker/task-number.ts'
import {
  assignTasks,
  decodeUserData,
  encodeUserData,
  type MemberInfo,
  type TaskClaims,
} from './assign.ts'

const REBALANCE_TIMEOUT_MS = 15_000

export interface Member extends MemberInfo {
  readonly host: string
  /** That it reads, by its pipeline file. */
  readonly topics: readonly string[]
  /** Of the last stage, whose tasks have what can be asked for. */
  readonly partitions: readonly number[]
}

export interface MembershipOptions {
  readonly broker: Broker
  readonly groupId: string
  readonly stages: readonly GroupStage[]
  /** Group instance id; null: the member is dynamic. */
  readonly staticId: string | null
  readonly sessionTimeoutMs: number
  readonly claims: () => TaskClaims
  readonly self: MemberInfo
}

/**
 * The pipeline's group, whose partitions go where their stores are. Members that read other topics are of another
 * pipeline, which has the same name by mistake: they get nothing.
 */
export function createGroup(
  { broker, claims, self, staticId, ...options }: MembershipOptions,
  events: Omit<GroupEvents, 'userData' | 'assign'>,
): Group {
  const read = options.stages.flatMap(({ topics }) => topics)
  return broker.group(
    {
      ...options,
      instanceId: staticId,
      rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
    },
    {
      ...events,
      userData: () => encodeUserData({ ...claims(), ...self }),
      assign: (members, partitions) => {
        const ours = members.filter(({ topics }) => isSame(topics, read))
        return assignTasks(
          ours.map(({ memberId, userData }) => ({ memberId, ...decodeUserData(userData) })),
          partitions,
        )
      },
    },
  )
}

/** All members of the group; none while it rebalances. @param stages how many there are */
export async function membersOf(group: Group, stages: number): Promise<Member[]> {
  const members = await group.members()
  return members.map(({ host, topics, tasks, userData }) => {
    const partitions = partitionsByStage(tasks, stages)[stages - 1]
    const { address, instance, version } = decodeUserData(userData)
    return { host, topics, partitions, address, instance, version }
  })
}

/** What others read that have the pipeline's name. */
export interface Rivals {
  /** Those that our members do not all read; none: there are no others. */
  readonly topics: readonly string[]
  /** Whether they have all tasks, and we none. */
  readonly haveAll: boolean
}

export const NO_RIVALS: Rivals = { topics: [], haveAll: false }

/** @param topics that we read */
export function rivalsAmong(members: readonly Member[], topics: readonly string[]): Rivals {
  const ours = members.filter((member) => isSame(member.topics, topics))
  const others = members.filter((member) => !ours.includes(member))
  if (others.length === 0) return NO_RIVALS
  const haveAll = ours.every(({ partitions }) => partitions.length === 0)
  return { topics: [...new Set(others.flatMap((other) => other.topics))], haveAll }
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((topic, i) => topic === b[i])

/** The partitions of the tasks that have these numbers. */
export function partitionsByStage(tasks: readonly number[], stages: number): number[][] {
  const found: number[][] = Array.from({ length: stages }, () => [])
  for (const task of tasks) {
    const { stage, partition } = taskOf(task, stages)
    found[stage].push(partition)
  }
  return found
}
