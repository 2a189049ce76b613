/** This instance among the members of its group: what it tells them, and what they tell of themselves. */

import type { Broker, Group, GroupEvents } from '../broker/port.ts'
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
  readonly partitions: readonly number[]
}

export interface MembershipOptions {
  readonly broker: Broker
  readonly groupId: string
  /** Of the sources. */
  readonly topics: readonly string[]
  /** Of each of them. */
  readonly partitions: number
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
  return broker.group(
    {
      ...options,
      instanceId: staticId,
      rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
    },
    {
      ...events,
      userData: () => encodeUserData({ ...claims(), ...self }),
      assign: (members, count) => {
        const ours = members.filter(({ topics }) => isSame(topics, options.topics))
        return assignTasks(
          ours.map(({ memberId, userData }) => ({ memberId, ...decodeUserData(userData) })),
          count,
        )
      },
    },
  )
}

/** All members of the group; none while it rebalances. */
export async function membersOf(group: Group): Promise<Member[]> {
  const members = await group.members()
  return members.map(({ host, topics, partitions, userData }) => {
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
