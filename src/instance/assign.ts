/** Who gets which task: co-partitioned, sticky, and aware of the stores that members have on disk. */

export interface TaskClaims {
  /** Partitions of the tasks that the member runs now. */
  readonly owned: readonly number[]
  /** Partitions whose window store the member has on disk. */
  readonly stores: readonly number[]
}

export interface Claimant extends TaskClaims {
  readonly memberId: string
}

/** What a member tells the group about itself. Members of an older version say less: nulls. */
export interface MemberInfo {
  /** host:port of its HTTP server, as others reach it. */
  readonly address: string | null
  /** Its instance id, or the random one of a dynamic member. */
  readonly instance: string | null
  readonly version: string | null
}

const NOBODY: TaskClaims & MemberInfo = {
  owned: [],
  stores: [],
  address: null,
  instance: null,
  version: null,
}

export const encodeUserData = (data: TaskClaims & MemberInfo): Buffer =>
  Buffer.from(JSON.stringify(data))

export function decodeUserData(data: Buffer): TaskClaims & MemberInfo {
  return data.length === 0 ? NOBODY : { ...NOBODY, ...JSON.parse(data.toString()) }
}

/**
 * Gives each partition number to one member; members' counts differ by one at most. A partition
 * stays where it is, else goes to a member that has its store, else to the one with the fewest.
 */
export function assignTasks(
  members: readonly Claimant[],
  partitions: number,
): Map<string, number[]> {
  const sorted = [...members].sort(
    (a, b) => b.owned.length - a.owned.length || (a.memberId < b.memberId ? -1 : 1),
  )
  const least = Math.floor(partitions / sorted.length)
  const more = partitions % sorted.length
  const quota = new Map(sorted.map(({ memberId }, i) => [memberId, least + (i < more ? 1 : 0)]))
  const given = new Map(sorted.map(({ memberId }): [string, number[]] => [memberId, []]))
  const free = new Set(Array.from({ length: partitions }, (_, partition) => partition))
  const claim = (member: Claimant, wanted: readonly number[]): void => {
    const mine = given.get(member.memberId)!
    for (const partition of wanted) {
      if (mine.length < quota.get(member.memberId)! && free.delete(partition)) mine.push(partition)
    }
  }
  for (const member of sorted) claim(member, member.owned)
  for (const member of sorted) claim(member, member.stores)
  for (const member of sorted) claim(member, [...free])
  for (const list of given.values()) list.sort((a, b) => a - b)
  return given
}
