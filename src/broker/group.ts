import type { TopicPartition } from '../batch.ts'
import { EnricherError } from '../errors.ts'
import type { Log } from '../events.ts'
import { atMost } from '../retry/at-most.ts'
import { Outage } from '../retry/outage.ts'
import { pause, retry } from '../retry/retry.ts'
import { brokerError, codeOfError } from './broker-errors.ts'
import { findCoordinator, GROUP_COORDINATOR } from './coordinator.ts'
import { assignedTasks, assignmentOf } from './group-assignment.ts'
import { committedOffsets, describedMembers, type QueriedGroup } from './group-queries.ts'
import {
  type BrokerNode,
  type Cluster,
  MemberAssignment,
  MemberMetadata,
  request,
} from './kafkajs.ts'
import {
  type DescribedMember,
  GROUP_PROTOCOL,
  type Group,
  type GroupEvents,
  type GroupOptions,
  type Membership,
  type OffsetCommit,
} from './port.ts'
import { isRefused, refusal } from './refusal.ts'
import { asError } from './topic-arrays.ts'

/** How long a close waits for the others to be told, where no broker answers, and then for each of its other steps. */
const LEAVE_MS = 1000
const CLOSE_MS = 500
/** The wait after a heartbeat without an answer, before the usual one. */
const BEAT_AGAIN_MS = 200
/** The wait after a join that has failed. */
const JOIN_AGAIN_MS = 300

interface Joined {
  readonly generationId: number
  readonly leaderId: string
  readonly memberId: string
  readonly members: readonly { memberId: string; memberMetadata: Buffer }[]
}

/** The classic group protocol: join, sync, heartbeat; eager, with nothing in flight at a join. */
export class ClusterGroup implements Group {
  readonly #cluster: Cluster
  readonly #options: GroupOptions
  readonly #events: GroupEvents
  readonly #log: Log
  readonly #queried: QueriedGroup
  readonly #heartbeat: Outage
  readonly #joining: Outage
  #membership: Membership
  /** The last generation that we had an assignment of. */
  #synced = -1
  /** The coordinator at the last join. */
  #joinedAt: BrokerNode | undefined
  readonly #closed = new AbortController()
  /** Is aborted where we end a generation: to join again, or to close. */
  #generation = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(cluster: Cluster, options: GroupOptions, events: GroupEvents, log: Log) {
    this.#cluster = cluster
    this.#options = options
    this.#events = events
    this.#log = log
    const { groupId } = options
    this.#queried = { groupId, coordinator: () => this.#coordinator(), log }
    this.#heartbeat = new Outage(log, 'The heartbeat')
    this.#joining = new Outage(log, 'Joining the group')
    this.#membership = { generationId: -1, memberId: '', groupInstanceId: options.instanceId }
  }

  async prepare(): Promise<void> {
    await this.#coordinator().catch(() => {})
  }

  start(): void {
    this.#running = this.#run().catch((error) => {
      if (!this.#closed.signal.aborted) this.#events.onFatal(error)
    })
  }

  membership(): Membership {
    return this.#membership
  }

  rejoin(): void {
    this.#generation.abort()
  }

  committed(partitions: readonly TopicPartition[]): Promise<OffsetCommit[]> {
    return committedOffsets(this.#queried, partitions, this.#closed.signal)
  }

  members(): Promise<DescribedMember[]> {
    return describedMembers(this.#queried, this.#options.stages)
  }

  async close(forGood = false): Promise<void> {
    this.#closed.abort()
    this.#generation.abort()
    // A static member comes back under its name; leaving would move its tasks for nothing (KIP-345).
    const { instanceId } = this.#options
    if (this.#membership.memberId !== '' && (instanceId === null || forGood)) {
      await this.#leaveSoon()
    }
    await atMost(CLOSE_MS, this.#running)
    // To disconnect waits for answers that may never come.
    await atMost(CLOSE_MS, this.#cluster.disconnect())
  }

  async #leaveSoon(): Promise<void> {
    const left = this.#leave().catch((error) => {
      this.#log.event('leave_failed', { err: error })
    })
    await atMost(LEAVE_MS, left)
  }

  /** Leaves over a connection of its own: behind a JoinGroup that waits for the others it would wait, too. */
  async #leave(): Promise<void> {
    const { groupId, instanceId: groupInstanceId } = this.#options
    const { memberId } = this.#membership
    // The coordinator is not asked for again: the question, too, would wait.
    const connection = await this.#joinedAt!.connectionPool.getConnection(1)
    await connection.send(request('LeaveGroup', 3, { groupId, memberId, groupInstanceId }))
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed
    while (!signal.aborted) {
      await this.#events.beforeJoin()
      if (signal.aborted) return
      this.#generation = new AbortController()
      const tasks = await this.#join().catch((error) => this.#recover(error))
      if (tasks === undefined) continue
      this.#joining.over()
      await this.#hold(tasks)
    }
  }

  /**
   * Lives through a generation, until it ends. What the assignment needs may take longer than the session: heartbeats go
   * on meanwhile. Where that fails nothing is wrong with the group, and to join again would only disturb it.
   */
  async #hold(tasks: readonly number[]): Promise<void> {
    const generation = this.#heartbeats().catch((error: unknown) => ({ error }))
    try {
      await this.#events.onAssigned(tasks)
    } catch (error) {
      this.rejoin()
      throw error
    }
    const ended = await generation
    if (ended !== undefined) await this.#recover(ended.error)
  }

  async #join(): Promise<readonly number[]> {
    const { groupId, stages, sessionTimeoutMs, rebalanceTimeoutMs, instanceId } = this.#options
    const coordinator = await this.#coordinator()
    this.#joinedAt = coordinator
    const metadata = MemberMetadata.encode({
      version: 1,
      topics: stages.flatMap(({ topics }) => topics),
      userData: this.#events.userData(),
    })
    const joined = await coordinator.connectionPool.send(
      request<Joined>('JoinGroup', 5, {
        groupId,
        sessionTimeout: sessionTimeoutMs,
        rebalanceTimeout: rebalanceTimeoutMs,
        memberId: this.#membership.memberId,
        groupInstanceId: instanceId,
        protocolType: 'consumer',
        groupProtocols: [{ name: GROUP_PROTOCOL, metadata }],
      }),
    )
    const { generationId, memberId, leaderId } = joined
    this.#membership = { generationId, memberId, groupInstanceId: instanceId }
    // A classic group has a leader. One of KIP-848's protocol has none: its broker would assign to our members,
    // each topic by itself.
    if (leaderId === '') {
      // Nobody would read what it gave us until our session is over.
      await this.#leaveSoon()
      throw asError(codeOfError('INCONSISTENT_GROUP_PROTOCOL'))
    }
    const { memberAssignment } = await coordinator.connectionPool.send(
      request<{ memberAssignment: Buffer }>('SyncGroup', 3, {
        groupId,
        generationId,
        memberId,
        groupInstanceId: instanceId,
        groupAssignment: leaderId === memberId ? this.#assign(joined) : [],
      }),
    )
    // A generation was missed: what we own may have been another's in between (KIP-792).
    if (this.#synced >= 0 && generationId !== this.#synced && generationId !== this.#synced + 1) {
      await this.#events.onLost()
    }
    this.#synced = generationId
    return assignedTasks(memberAssignment, stages)
  }

  #assign({ members }: Joined): { memberId: string; memberAssignment: Buffer }[] {
    const { stages } = this.#options
    const known = members.map(({ memberId, memberMetadata }) => {
      const { topics, userData } = MemberMetadata.decode(memberMetadata)
      return { memberId, topics, userData }
    })
    const given = this.#events.assign(
      known,
      stages.map(({ partitions }) => partitions),
    )
    return [...given].map(([memberId, list]) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({
        version: 1,
        assignment: assignmentOf(list, stages),
      }),
    }))
  }

  /** Returns when we end the generation. Throws where the group has to be joined again. */
  async #heartbeats(): Promise<void> {
    const { sessionTimeoutMs } = this.#options
    const { signal } = this.#generation
    const interval = Math.min(1000, sessionTimeoutMs / 3)
    for (let heard = performance.now(); ; heard = performance.now()) {
      await pause(interval, signal)
      if (signal.aborted) return
      const policy = {
        wait: () => BEAT_AGAIN_MS + interval,
        isCurable: isNoReasonToJoin,
        deadline: heard + sessionTimeoutMs,
        outage: this.#heartbeat,
      }
      try {
        await retry(() => this.#beat(), policy, signal)
      } catch (error) {
        if (signal.aborted && isNoReasonToJoin(error)) return
        throw error
      }
    }
  }

  async #beat(): Promise<void> {
    const { groupId, instanceId: groupInstanceId } = this.#options
    const { generationId: groupGenerationId, memberId } = this.#membership
    const beat = { groupId, groupGenerationId, memberId, groupInstanceId }
    const coordinator = await this.#coordinator()
    await coordinator.connectionPool.send(request('Heartbeat', 3, beat))
  }

  /** Makes ready for another join, and waits where that may help. Throws where it does not. */
  async #recover(error: unknown): Promise<undefined> {
    const { signal } = this.#closed
    const type = brokerError(error)?.name
    if (type === 'REBALANCE_IN_PROGRESS' || signal.aborted) return
    if (type === 'MEMBER_ID_REQUIRED') {
      this.#membership = {
        ...this.#membership,
        memberId: (error as { memberId?: string }).memberId ?? '',
      }
      return
    }
    if (type === 'FENCED_INSTANCE_ID') {
      const message = `Another instance has joined with the instance id ${this.#options.instanceId}; give each instance its own kafka.instanceId`
      throw new EnricherError('INSTANCE_ID_TAKEN', message, { cause: error })
    }
    if (type === 'UNKNOWN_MEMBER_ID' || type === 'ILLEGAL_GENERATION') {
      const memberId = type === 'UNKNOWN_MEMBER_ID' ? '' : this.#membership.memberId
      this.#membership = { ...this.#membership, memberId, generationId: -1 }
      await this.#events.onLost()
      return
    }
    if (isRefused(error)) {
      throw refusal(error, { group: this.#options.groupId, operation: 'Read' })
    }
    this.#joining.failed(error)
    await pause(JOIN_AGAIN_MS, signal)
    if (!signal.aborted) await this.#cluster.refreshMetadata().catch(() => {})
  }

  #coordinator(): Promise<BrokerNode> {
    return findCoordinator(this.#cluster, this.#options.groupId, GROUP_COORDINATOR)
  }
}

/** Whether a heartbeat's error is one that time cures; then the group is not joined again while the session lasts. */
const isNoReasonToJoin = (error: unknown): boolean =>
  (brokerError(error)?.meaning ?? 'again') === 'again'
