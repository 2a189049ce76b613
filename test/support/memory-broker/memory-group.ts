/** A member of a group on a broker in memory: it goes round as the one over the network does. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TopicPartition } from '../../../src/batch.ts'
import { brokerError } from '../../../src/broker/broker-errors.ts'
import { errorType } from '../../../src/broker/kafkajs.ts'
import type {
  DescribedMember,
  Group,
  GroupEvents,
  GroupOptions,
  Membership,
  OffsetCommit,
} from '../../../src/broker/port.ts'
import { refusal } from '../../../src/broker/refusal.ts'
import { EnricherError } from '../../../src/errors.ts'
import type { MemoryKafka } from '../memory-broker.ts'
import { Bell } from './bell.ts'
import type { GroupCoordinator } from './group-coordinator.ts'
import type { Joined } from './group-members.ts'
import { soon } from './retries.ts'

/** How long a close waits for what is under way. */
const CLOSE_MS = 1000

export class MemoryGroup implements Group {
  readonly #kafka: MemoryKafka
  readonly #clientId: string
  readonly #options: GroupOptions
  readonly #events: GroupEvents
  readonly #bell = new Bell()
  readonly #onNews = (): void => this.#bell.ring()
  #membership: Membership
  /** The last generation that we had an assignment of. */
  #synced = -1
  #closed = false
  #rejoin = false
  #running: Promise<void> = Promise.resolve()

  constructor(kafka: MemoryKafka, clientId: string, options: GroupOptions, events: GroupEvents) {
    this.#kafka = kafka
    this.#clientId = clientId
    this.#options = options
    this.#events = events
    this.#membership = { generationId: -1, memberId: '', groupInstanceId: options.instanceId }
  }

  async prepare(): Promise<void> {}

  start(): void {
    this.#coordinator.listeners.add(this.#onNews)
    this.#running = this.#run().catch((error) => {
      if (!this.#closed) this.#events.onFatal(error)
    })
  }

  membership(): Membership {
    return this.#membership
  }

  rejoin(): void {
    this.#rejoin = true
    this.#bell.ring()
  }

  /** Waits out a transaction that is pending on them. */
  async committed(partitions: readonly TopicPartition[]): Promise<OffsetCommit[]> {
    const { groupId } = this.#options
    for (;;) {
      try {
        return await this.#kafka.request(this.#clientId, 'OffsetFetch', () =>
          this.#coordinator.offsets.stable(this.#clientId, partitions),
        )
      } catch (error) {
        if (this.#closed) throw error
        if (brokerError(error)?.meaning === 'refused') {
          throw refusal(error, { group: groupId, operation: 'Read' })
        }
        await soon()
      }
    }
  }

  members(): Promise<DescribedMember[]> {
    return this.#kafka.request(this.#clientId, 'DescribeGroups', () => {
      const { state, members } = this.#coordinator
      if (state !== 'Stable') return []
      return members.map(({ memberId, request, assignment }) => {
        const { topics, userData } = request
        return { memberId, host: 'memory', topics, userData, tasks: assignment }
      })
    })
  }

  async close(forGood = false): Promise<void> {
    this.#closed = true
    this.#bell.ring()
    const { memberId, groupInstanceId } = this.#membership
    const isReachable = !this.#kafka.isSilent(this.#clientId)
    if (memberId !== '' && isReachable && (groupInstanceId === null || forGood)) {
      await this.#leave().catch(() => {})
    }
    // A hook that waits for a broker out of reach would wait for ever.
    await Promise.race([this.#running, sleep(CLOSE_MS, undefined, { ref: false })])
    this.#coordinator.listeners.delete(this.#onNews)
    this.#coordinator.silence(({ request }) => request.isOver())
  }

  /** The group may be deleted, and made anew, while its members are away. */
  get #coordinator(): GroupCoordinator {
    return this.#kafka.group(this.#options.groupId)
  }

  #leave(): Promise<void> {
    const membership = this.#membership
    return this.#kafka.request(this.#clientId, 'LeaveGroup', () =>
      this.#coordinator.leave(membership),
    )
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      await this.#events.beforeJoin()
      if (this.#closed) return
      this.#rejoin = false
      const partitions = await this.#join().catch((error) => this.#recover(error))
      if (partitions === undefined) continue
      await this.#hold(partitions)
    }
  }

  /** A generation, until it ends; heartbeats go on while the assignment is taken. */
  async #hold(partitions: readonly number[]): Promise<void> {
    const generation = this.#heartbeats().catch((error: unknown) => ({ error }))
    try {
      await this.#events.onAssigned(partitions)
    } catch (error) {
      this.rejoin()
      throw error
    }
    const ended = await generation
    if (ended !== undefined) await this.#recover(ended.error)
  }

  async #join(): Promise<readonly number[]> {
    const { stages, sessionTimeoutMs, rebalanceTimeoutMs, instanceId } = this.#options
    const clientId = this.#clientId
    const { memberId } = this.#membership
    const userData = this.#events.userData()
    const timeouts = { sessionTimeoutMs, rebalanceTimeoutMs }
    const isOver = (): boolean => this.#closed
    const joined = await this.#kafka.request(clientId, 'JoinGroup', () =>
      this.#coordinator.join({
        clientId,
        memberId,
        instanceId,
        topics: stages.flatMap(({ topics }) => topics),
        userData,
        ...timeouts,
        isOver,
      }),
    )
    const { generationId } = joined
    const membership = { generationId, memberId: joined.memberId, groupInstanceId: instanceId }
    this.#membership = membership
    const assignments = this.#assign(joined)
    const partitions = await this.#kafka.request(clientId, 'SyncGroup', () =>
      this.#coordinator.sync(membership, assignments),
    )
    // A generation was missed: what we own may have been another's in between (KIP-792).
    if (this.#synced >= 0 && generationId !== this.#synced && generationId !== this.#synced + 1) {
      await this.#events.onLost()
    }
    this.#synced = generationId
    return partitions
  }

  #assign({ leaderId, memberId, members }: Joined): Map<string, number[]> {
    if (leaderId !== memberId) return new Map()
    return this.#events.assign(
      members,
      this.#options.stages.map(({ partitions }) => partitions),
    )
  }

  /** Returns, or throws, when the group has to be joined again. Asks when there is something to be told. */
  async #heartbeats(): Promise<void> {
    while (!this.#closed && !this.#rejoin) {
      await this.#bell.heard()
      if (this.#closed || this.#rejoin) return
      try {
        const membership = this.#membership
        await this.#kafka.request(this.#clientId, 'Heartbeat', () =>
          this.#coordinator.heartbeat(membership),
        )
      } catch (error) {
        const meaning = brokerError(error)?.meaning ?? 'again'
        if (meaning !== 'again') throw error
        await soon()
        this.#bell.ring()
      }
    }
  }

  /** Returns where the group is to be joined again. */
  async #recover(error: unknown): Promise<undefined> {
    const type = errorType(error)
    if (type === 'REBALANCE_IN_PROGRESS' || this.#closed) return
    if (type === 'MEMBER_ID_REQUIRED') {
      const { memberId } = error as { memberId?: string }
      this.#membership = { ...this.#membership, memberId: memberId ?? '' }
      return
    }
    if (type === 'FENCED_INSTANCE_ID') {
      const message = `Another instance has joined with the instance id ${this.#options.instanceId}`
      throw new EnricherError('INSTANCE_ID_TAKEN', message, { cause: error })
    }
    if (type === 'UNKNOWN_MEMBER_ID' || type === 'ILLEGAL_GENERATION') {
      const memberId = type === 'UNKNOWN_MEMBER_ID' ? '' : this.#membership.memberId
      this.#membership = { ...this.#membership, memberId, generationId: -1 }
      await this.#events.onLost()
      return
    }
    if (brokerError(error)?.meaning === 'refused') {
      throw refusal(error, { group: this.#options.groupId, operation: 'Read' })
    }
    if (brokerError(error) === undefined && !(error as { retriable?: boolean }).retriable) {
      throw error
    }
    await soon()
  }
}
