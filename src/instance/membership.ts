/** This instance among the members of its group: what it tells them, and what they tell of themselves. */

import type { Broker, Group, GroupEvents } from '../broker/port.ts'
import type { Pipeline } from '../config/pipeline.ts'
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
  readonly pipeline: Pipeline
  /** Of each input topic. */
  readonly partitions: number
  readonly claims: () => TaskClaims
  readonly self: MemberInfo
}

/** The pipeline's group, whose partitions go where their stores are. */
export function createGroup(
  { broker, pipeline, partitions, claims, self }: MembershipOptions,
  events: Omit<GroupEvents, 'userData' | 'assign'>,
): Group {
  return broker.group(
    {
      groupId: pipeline.name,
      topics: [pipeline.facts.topic, pipeline.join.topic],
      partitions,
      instanceId: pipeline.kafka.instanceId,
      sessionTimeoutMs: pipeline.kafka.sessionTimeoutMs,
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
