/** A member of a group, and what its hooks were told. */
import type { Broker, Group } from '../../../src/broker/port.ts'
import { codeOf, messageOf } from '../../../src/errors.ts'
import { assignTasks, decodeUserData, encodeUserData } from '../../../src/instance/assign.ts'
import type { Setting } from './setting.ts'

/** Below it a real broker allows none, unless it is told to. */
export const SESSION_MS = 6000

export interface MemberOptions {
  readonly topic: string
  readonly groupId: string
  readonly partitions: number
  readonly instanceId: string | null
  readonly rebalanceTimeoutMs: number
}

export class Member {
  readonly topic: string
  readonly groupId: string
  readonly group: Group
  /** `beforeJoin`, `assigned 0,1`, `lost`, `fatal CODE`, in order. */
  readonly told: string[] = []
  partitions: readonly number[] | undefined
  /** The generation of the last assignment. */
  assignedIn = -1
  /** Awaited before each join, and with each assignment. */
  beforeJoin: () => Promise<void> = async () => {}
  onAssigned: () => Promise<void> = async () => {}
  readonly #on: Setting

  private constructor(on: Setting, broker: Broker, options: Partial<MemberOptions>) {
    const { topic = 'topic', partitions = 1, instanceId = null } = options
    this.#on = on
    this.topic = topic
    this.groupId = options.groupId ?? on.name('group')
    this.group = broker.group(
      {
        groupId: this.groupId,
        stages: [{ topics: [topic], partitions }],
        instanceId,
        sessionTimeoutMs: SESSION_MS,
        rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 10_000,
      },
      {
        userData: () => this.#userData(instanceId),
        assign: (members, partitions) =>
          assignTasks(
            members.map(({ memberId, userData }) => ({ memberId, ...decodeUserData(userData) })),
            partitions,
          ),
        beforeJoin: async () => {
          this.told.push('beforeJoin')
          await this.beforeJoin()
        },
        onAssigned: async (assigned) => {
          this.partitions = assigned
          this.assignedIn = this.group.membership().generationId
          this.told.push(`assigned ${assigned}`)
          await this.onAssigned()
        },
        onLost: async () => {
          this.partitions = undefined
          this.told.push('lost')
        },
        onFatal: (error) => {
          this.told.push(`fatal ${codeOf(error) ?? messageOf(error)}`)
        },
      },
    )
  }

  /** As a client of its own, which begins to join. */
  static async join(on: Setting, options: Partial<MemberOptions> = {}): Promise<Member> {
    const member = new Member(on, await on.client(), options)
    on.after(() => member.group.close(true))
    member.group.start()
    return member
  }

  async assigned(partitions: readonly number[]): Promise<void> {
    const isSo = (): boolean => this.partitions?.join() === partitions.join()
    await this.#on.eventually(`assigned ${partitions}`, isSo)
  }

  /** It was told this so many times. */
  async hears(what: string, times = 1): Promise<void> {
    const isSo = (): boolean => this.told.filter((told) => told === what).length >= times
    await this.#on.eventually(`${what}, ${times} times, of ${this.told}`, isSo)
  }

  #userData(instance: string | null): Buffer {
    const owned = this.partitions ?? []
    return encodeUserData({ owned, stores: [], address: null, instance, version: null })
  }
}

/** Both have been given a part, in the same generation: this one, or any. */
export async function bothHaveParts(
  on: Setting,
  one: Member,
  other: Member,
  generation?: number,
): Promise<void> {
  await on.eventually('both have parts', () => {
    const isThen = one.assignedIn === (generation ?? other.assignedIn)
    const parts = [one, other].map(({ partitions }) => partitions?.join())
    return isThen && one.assignedIn === other.assignedIn && parts.toSorted().join() === '0,1'
  })
}
