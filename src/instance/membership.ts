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
      assign: (members, partitions) =>
        assignTasks(
          members.map(({ memberId, userData }) => ({ memberId, ...decodeUserData(userData) })),
          partitions,
        ),
    },
  )
}

/** All members of the group; none while it rebalances. @param stages how many there are */
export async function membersOf(group: Group, stages: number): Promise<Member[]> {
  const members = await group.members()
  return members.map(({ host, tasks, userData }) => {
    const partitions = partitionsByStage(tasks, stages)[stages - 1]
    const { address, instance, version } = decodeUserData(userData)
    return { host, partitions, address, instance, version }
  })
}

/** The partitions of the tasks that have these numbers. */
export function partitionsByStage(tasks: readonly number[], stages: number): number[][] {
  const found: number[][] = Array.from({ length: stages }, () => [])
  for (const task of tasks) {
    const { stage, partition } = taskOf(task, stages)
    found[stage].push(partition)
  }
  return found
}
