/** One group of the classic protocol: generations, and who is in them, with static members (KIP-345). */
import type { GroupMember, Membership } from '../../../src/broker/port.ts'
import { deferred, Listeners } from './bell.ts'
import { GroupMembers, type Joined, type JoinRequest, type Member } from './group-members.ts'
import { GroupOffsets } from './group-offsets.ts'
import { kafkaError } from './kafka-errors.ts'
import type { VirtualClock } from './virtual-clock.ts'

type State = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

export class GroupCoordinator {
  readonly offsets = new GroupOffsets()
  /** Members that want to know that a heartbeat would tell them something. */
  readonly listeners = new Listeners()
  readonly #clock: VirtualClock
  readonly #members = new GroupMembers()
  /** They have been told their ids, and are to join with them. */
  readonly #announced = new Set<string>()
  #state: State = 'Empty'
  #generation = 0
  #leaderId = ''
  #cancelRebalance: () => void = () => {}

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  get state(): State {
    return this.#state
  }

  get members(): readonly Member[] {
    return this.#members.all
  }

  /** Answered once all members have joined, or their time for it is over. */
  async join(request: JoinRequest): Promise<Joined> {
    const { memberId, instanceId } = request
    if (memberId !== '') return this.#rejoin(request)
    const former = instanceId === null ? undefined : this.#members.ofInstance(instanceId)
    if (former !== undefined) return this.#comeBack(former, request)
    const given = this.#members.newId(request)
    if (instanceId !== null) return this.#joinAs(given, request)
    this.#announced.add(given)
    this.#clock.after(request.sessionTimeoutMs, () => this.#forget(given))
    throw Object.assign(kafkaError('MEMBER_ID_REQUIRED'), { memberId: given })
  }

  /** Answered once the leader has said who gets what. */
  async sync(
    membership: Membership,
    assignments: ReadonlyMap<string, readonly number[]>,
  ): Promise<readonly number[]> {
    const member = this.#current(membership)
    if (this.#state === 'PreparingRebalance') throw kafkaError('REBALANCE_IN_PROGRESS')
    if (this.#state === 'Stable') return member.assignment
    member.sync = deferred()
    if (member.memberId === this.#leaderId) this.#assign(assignments)
    return member.sync?.promise ?? member.assignment
  }

  heartbeat(membership: Membership): void {
    this.#current(membership)
    if (this.#state === 'PreparingRebalance') throw kafkaError('REBALANCE_IN_PROGRESS')
  }

  leave({ memberId }: Pick<Membership, 'memberId'>): void {
    const member = this.#members.find(memberId)
    if (member === undefined) this.#forget(memberId)
    else this.#remove(member)
  }

  /** From now on its session runs out. */
  silence(isMeant: (member: Member) => boolean): void {
    for (const member of this.members.filter(isMeant)) {
      member.isSilent = true
      this.#watch(member)
    }
  }

  /** It sends heartbeats again. */
  hear(isMeant: (member: Member) => boolean): void {
    for (const member of this.members.filter(isMeant)) {
      if (member.request.isOver()) continue
      member.isSilent = false
      member.cancelSession()
    }
    this.listeners.tell()
  }

  /** Of offsets in a transaction. Old members may commit until the next generation begins. */
  admitOffsets(membership: Membership): void {
    const { generationId, memberId, groupInstanceId } = membership
    if (generationId < 0 && memberId === '' && groupInstanceId === null) return
    this.#current(membership)
  }

  #forget(announced: string): void {
    if (this.#announced.delete(announced)) this.#completeIfAllJoined()
  }

  #current(membership: Membership): Member {
    const member = this.#members.get(membership)
    if (membership.generationId !== this.#generation) throw kafkaError('ILLEGAL_GENERATION')
    return member
  }

  #rejoin(request: JoinRequest): Promise<Joined> | Joined {
    const { memberId, instanceId, userData } = request
    if (this.#announced.delete(memberId)) return this.#joinAs(memberId, request)
    const member = this.#members.get({ memberId, groupInstanceId: instanceId })
    const isSame = member.request.userData.equals(userData)
    const isLeader = memberId === this.#leaderId
    if (isSame && this.#state === 'CompletingRebalance') return this.#answerTo(member)
    if (isSame && !isLeader && this.#state === 'Stable') return this.#answerTo(member)
    member.request = request
    return this.#await(member)
  }

  #joinAs(memberId: string, request: JoinRequest): Promise<Joined> {
    const member = this.#members.add(memberId, request)
    return this.#await(member)
  }

  /** A static member whose process is a new one: in a stable group it has its place, and no generation ends. */
  #comeBack(former: Member, request: JoinRequest): Promise<Joined> | Joined {
    const memberId = this.#members.newId(request)
    const leaderBefore = this.#leaderId
    this.#members.remove(former, 'FENCED_INSTANCE_ID')
    const member = this.#members.add(memberId, request, former.assignment)
    if (former.memberId === this.#leaderId) this.#leaderId = memberId
    this.listeners.tell()
    if (this.#state !== 'Stable') return this.#await(member)
    // Told that another leads: who came back would assign for nothing.
    return { ...this.#answerTo(member), leaderId: leaderBefore, members: [] }
  }

  #await(member: Member): Promise<Joined> {
    member.join ??= deferred()
    member.isSilent = false
    member.cancelSession()
    const { promise } = member.join
    // Refused later, it may be that nobody waits any more.
    promise.catch(() => {})
    this.#prepare()
    return promise
  }

  #answerTo({ memberId }: Member): Joined {
    const isLeader = memberId === this.#leaderId
    const members = this.members.map(
      ({ memberId: id, request: { topics, userData } }): GroupMember => {
        return { memberId: id, topics, userData }
      },
    )
    return {
      generationId: this.#generation,
      memberId,
      leaderId: this.#leaderId,
      members: isLeader ? members : [],
    }
  }

  #prepare(): void {
    if (this.#state !== 'PreparingRebalance') {
      this.#state = 'PreparingRebalance'
      for (const member of this.members) {
        member.sync?.reject(kafkaError('REBALANCE_IN_PROGRESS'))
        member.sync = undefined
      }
      this.#startRebalance()
    }
    this.#completeIfAllJoined()
  }

  #startRebalance(): void {
    const longest = Math.max(...this.members.map(({ request }) => request.rebalanceTimeoutMs))
    this.#cancelRebalance = this.#clock.after(longest, () => this.#complete())
    this.listeners.tell()
  }

  #completeIfAllJoined(): void {
    if (this.#state !== 'PreparingRebalance' || this.#announced.size > 0) return
    if (this.members.every(({ join }) => join !== undefined)) this.#complete()
  }

  #complete(): void {
    this.#cancelRebalance()
    this.#announced.clear()
    for (const member of this.members) {
      // A static member keeps its place until its session is over.
      if (member.join === undefined && member.request.instanceId === null) {
        this.#members.remove(member, 'UNKNOWN_MEMBER_ID')
      }
    }
    const joined = this.members.filter(({ join }) => join !== undefined)
    if (joined.length === 0 && this.members.length > 0) {
      this.#startRebalance()
      return
    }
    this.#generation++
    this.#state = joined.length === 0 ? 'Empty' : 'CompletingRebalance'
    if (!joined.some(({ memberId }) => memberId === this.#leaderId)) {
      this.#leaderId = joined[0]?.memberId ?? ''
    }
    for (const member of joined) {
      member.join!.resolve(this.#answerTo(member))
      member.join = undefined
      this.#watch(member)
    }
    this.listeners.tell()
  }

  #assign(assignments: ReadonlyMap<string, readonly number[]>): void {
    this.#state = 'Stable'
    for (const member of this.members) {
      member.assignment = assignments.get(member.memberId) ?? []
      member.sync?.resolve(member.assignment)
      member.sync = undefined
    }
    this.listeners.tell()
  }

  /** While it waits for its join no heartbeat is expected. */
  #watch(member: Member): void {
    member.isSilent ||= member.request.isOver()
    if (!member.isSilent || member.join !== undefined) return
    member.cancelSession()
    const { sessionTimeoutMs } = member.request
    member.cancelSession = this.#clock.after(sessionTimeoutMs, () => this.#remove(member))
  }

  #remove(member: Member): void {
    this.#members.remove(member, 'UNKNOWN_MEMBER_ID')
    if (this.#state === 'Empty') return
    if (this.members.length === 0) this.#complete()
    else this.#prepare()
    this.listeners.tell()
  }
}
