/** What is asked of a group's coordinator without being a member. */
import type { TopicPartition } from '../batch.ts'
import type { Log } from '../events.ts'
import { Outage } from '../retry/outage.ts'
import { type RetryPolicy, retry } from '../retry/retry.ts'
import { brokerError } from './broker-errors.ts'
import { assignedTasks } from './group-assignment.ts'
import { offsetFetchRequest } from './group-offset-requests.ts'
import { type BrokerNode, MemberMetadata, request } from './kafkajs.ts'
import type { DescribedMember, GroupStage, OffsetCommit } from './port.ts'
import { isRefused, refusal } from './refusal.ts'

const PENDING = new Error(
  'the transaction of a former owner is still pending on them; it ends within its timeout',
)

interface Described {
  readonly members: readonly {
    memberId: string
    clientHost: string
    memberMetadata: Buffer
    memberAssignment: Buffer
  }[]
}

export interface QueriedGroup {
  readonly groupId: string
  readonly coordinator: () => Promise<BrokerNode>
  readonly log: Log
}

/** The group's offsets, -1 where there is none. Waits out a transaction that is pending on them, and outages, until `closed`. */
export async function committedOffsets(
  { groupId, coordinator, log }: QueriedGroup,
  partitions: readonly TopicPartition[],
  closed: AbortSignal,
): Promise<OffsetCommit[]> {
  const outage = new Outage(log, 'Asking for the group’s offsets')
  const ask = async () => {
    const node = await coordinator()
    return node.connectionPool.send(offsetFetchRequest(groupId, partitions))
  }
  const policy: RetryPolicy = {
    wait: (_, error) => (isUnstable(error) ? 20 : 250),
    isCurable: (error) => !isRefused(error),
    outage: {
      failed: (error) => outage.failed(isUnstable(error) ? PENDING : error),
      over: () => outage.over(),
    },
  }
  const found = await retry(ask, policy, closed).catch((error) => {
    throw isRefused(error) ? refusal(error, { group: groupId, operation: 'Read' }) : error
  })
  return partitions.map(
    ({ topic, partition }) =>
      found.find((f) => f.topic === topic && f.partition === partition) ?? {
        topic,
        partition,
        offset: -1,
      },
  )
}

const isUnstable = (error: unknown): boolean =>
  brokerError(error)?.name === 'UNSTABLE_OFFSET_COMMIT'

/** The group's members, as its coordinator knows them. */
export async function describedMembers(
  { groupId, coordinator }: QueriedGroup,
  stages: readonly GroupStage[],
): Promise<DescribedMember[]> {
  const node = await coordinator()
  const { groups } = await node.connectionPool.send(
    request<{ groups: readonly Described[] }>('DescribeGroups', 2, { groupIds: [groupId] }),
  )
  // While the group rebalances the broker leaves the members' bytes out.
  const known = groups[0].members.filter(({ memberMetadata }) => memberMetadata.length > 0)
  return known.map(({ memberId, clientHost, memberMetadata, memberAssignment }) => {
    const { topics, userData } = MemberMetadata.decode(memberMetadata)
    const tasks = assignedTasks(memberAssignment, stages)
    return { memberId, host: clientHost.replace(/^\//, ''), topics, userData, tasks }
  })
}
