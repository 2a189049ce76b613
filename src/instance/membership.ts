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

/** The pipeline's group, whose partitions go where their stores are. */
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
      assign: (members, count) =>
        assignTasks(
          members.map(({ memberId, userData }) => ({ memberId, ...decodeUserData(userData) })),
          count,
        ),
    },
  )
}

/** All members of the group; none while it rebalances. */
export async function membersOf(group: Group): Promise<Member[]> {
  const members = await group.members()
  return members.map(({ host, partitions, userData }) => {
    const { address, instance, version } = decodeUserData(userData)
    return { host, partitions, address, instance, version }
  })
}
