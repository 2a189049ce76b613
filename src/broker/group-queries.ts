/** What is asked of a group's coordinator without being a member. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TopicPartition } from '../batch.ts'
import type { Log } from '../events.ts'
import { brokerError } from './broker-errors.ts'
import { offsetFetchRequest } from './group-offset-requests.ts'
import { type BrokerNode, MemberAssignment, MemberMetadata, request } from './kafkajs.ts'
import { Outage } from './outage.ts'
import type { DescribedMember } from './port.ts'
import { refusal } from './refusal.ts'

const UNSTABLE_OFFSET_COMMIT = 88
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

/** Waits out a transaction that is pending on them, and outages, until `isClosed`. -1: there is none. */
export async function committedOffsets(
  { groupId, coordinator, log }: QueriedGroup,
  partitions: readonly TopicPartition[],
  isClosed: () => boolean,
): Promise<number[]> {
  const outage = new Outage(log, 'Asking for the group’s offsets')
  for (;;) {
    try {
      const node = await coordinator()
      const found = await node.connectionPool.send(offsetFetchRequest(groupId, partitions))
      outage.over()
      return partitions.map(
        ({ topic, partition }) =>
          found.find((f) => f.topic === topic && f.partition === partition)?.offset ?? -1,
      )
    } catch (error) {
      if (isClosed()) throw error
      if (brokerError(error)?.meaning === 'refused') {
        throw refusal(error, { group: groupId, operation: 'Read' })
      }
      const unstable = (error as { code?: number }).code === UNSTABLE_OFFSET_COMMIT
      outage.failed(unstable ? PENDING : error)
      await sleep(unstable ? 20 : 250)
    }
  }
}

/** @param topic whose partitions are told; the members' other topics have the same */
export async function describedMembers(
  { groupId, coordinator }: QueriedGroup,
  topic: string,
): Promise<DescribedMember[]> {
  const node = await coordinator()
  const { groups } = await node.connectionPool.send(
    request<{ groups: readonly Described[] }>('DescribeGroups', 2, { groupIds: [groupId] }),
  )
  // While the group rebalances the broker leaves the members' bytes out.
  const known = groups[0].members.filter(({ memberMetadata }) => memberMetadata.length > 0)
  return known.map(({ memberId, clientHost, memberMetadata, memberAssignment }) => ({
    memberId,
    host: clientHost.replace(/^\//, ''),
    userData: MemberMetadata.decode(memberMetadata).userData,
    partitions: MemberAssignment.decode(memberAssignment)?.assignment[topic] ?? [],
  }))
}
