/** The members of a group, as its coordinator knows them. */
import type { GroupMember, Membership } from '../../../src/broker/port.ts'
import type { Deferred } from './bell.ts'
import { kafkaError } from './kafka-errors.ts'

export interface JoinRequest {
  readonly clientId: string
  /** Empty: the coordinator is to give one. */
  readonly memberId: string
  readonly instanceId: string | null
  readonly topics: readonly string[]
  readonly userData: Buffer
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  /** Who has sent it has closed, and will send no heartbeats: it may come too late, or its answer was lost. */
  isOver(): boolean
}

export interface Joined {
  readonly generationId: number
  readonly memberId: string
  readonly leaderId: string
  /** Of the leader only. */
  readonly members: readonly GroupMember[]
}

export interface Member {
  readonly memberId: string
  request: JoinRequest
  assignment: readonly number[]
  join: Deferred<Joined> | undefined
  sync: Deferred<readonly number[]> | undefined
  /** It sends no heartbeats. */
  isSilent: boolean
  cancelSession: () => void
}

export class GroupMembers {
  readonly #members = new Map<string, Member>()
  /** Of instance ids. */
  readonly #static = new Map<string, string>()
  #named = 0

  get all(): Member[] {
    return [...this.#members.values()]
  }

  /** As Kafka makes them. */
  newId({ clientId, instanceId }: JoinRequest): string {
    return `${instanceId ?? clientId}-${++this.#named}`
  }

  find(memberId: string): Member | undefined {
    return this.#members.get(memberId)
  }

  /** Who has the instance id now. */
  ofInstance(instanceId: string): Member | undefined {
    return this.#members.get(this.#static.get(instanceId) ?? '')
  }

  add(memberId: string, request: JoinRequest, assignment: readonly number[] = []): Member {
    const member: Member = {
      memberId,
      request,
      assignment,
      join: undefined,
      sync: undefined,
      isSilent: false,
      cancelSession: () => {},
    }
    this.#members.set(memberId, member)
    if (request.instanceId !== null) this.#static.set(request.instanceId, memberId)
    return member
  }

  /** What it waits for is refused with `error`. */
  remove(member: Member, error: string): void {
    const { memberId, request } = member
    member.cancelSession()
    this.#members.delete(memberId)
    const { instanceId } = request
    if (instanceId !== null && this.#static.get(instanceId) === memberId) {
      this.#static.delete(instanceId)
    }
    member.join?.reject(kafkaError(error))
    member.sync?.reject(kafkaError(error))
  }

  /** Throws unless it is a member, and the one that has its instance id. */
  get({ memberId, groupInstanceId }: Omit<Membership, 'generationId'>): Member {
    const member = this.#members.get(memberId)
    if (groupInstanceId !== null) {
      const known = this.ofInstance(groupInstanceId)
      if (known === undefined) throw kafkaError('UNKNOWN_MEMBER_ID')
      if (known !== member) throw kafkaError('FENCED_INSTANCE_ID')
    }
    if (member === undefined) throw kafkaError('UNKNOWN_MEMBER_ID')
    return member
  }
}
