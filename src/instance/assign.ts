/** Who gets which task: co-partitioned, sticky, and aware of the stores that members have on disk. */
import { taskNumber } from '../broker/task-number.ts'

export interface TaskClaims {
  /** The tasks that the member runs now, by number. */
  readonly owned: readonly number[]
  /** Those whose store the member has on disk. */
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
 * Gives each task to one member; members' counts differ by one at most, of each stage and of all together. A task
 * stays where it is, else goes to a member that has its store, else to the one with the fewest.
 * @param partitions by stage. @returns the numbers of each member's tasks
 */
export function assignTasks(
  members: readonly Claimant[],
  partitions: readonly number[],
): Map<string, number[]> {
  const given = new Map(members.map(({ memberId }): [string, number[]] => [memberId, []]))
  // The last stage first: its tasks have stores, and are not to be moved for the sake of those that have none.
  for (const [stage, count] of [...partitions.entries()].reverse()) {
    const tasks = Array.from({ length: count }, (_, p) => taskNumber(stage, p, partitions.length))
    assignStage(members, tasks, given)
  }
  for (const list of given.values()) list.sort((a, b) => a - b)
  return given
}

/** @param given what each has of other stages; it gets the tasks of this one */
function assignStage(
  members: readonly Claimant[],
  tasks: readonly number[],
  given: ReadonlyMap<string, number[]>,
): void {
  const free = new Set(tasks)
  const all = members.map(({ memberId, owned, stores }) => {
    const list = given.get(memberId)!
    return { memberId, owned, stores, list, before: list.length, held: countIn(free, owned) }
  })
  all.sort((a, b) => a.before - b.before || b.held - a.held || (a.memberId < b.memberId ? -1 : 1))
  const least = Math.floor(tasks.length / all.length)
  const more = tasks.length % all.length
  const quotas = all.map(({ before }, i) => before + least + (i < more ? 1 : 0))
  const claim = (of: (member: (typeof all)[number]) => readonly number[]): void => {
    for (const [i, member] of all.entries()) {
      for (const task of of(member)) {
        if (member.list.length < quotas[i] && free.delete(task)) member.list.push(task)
      }
    }
  }
  claim(({ owned }) => owned)
  claim(({ stores }) => stores)
  claim(() => [...free])
}

const countIn = (tasks: ReadonlySet<number>, some: readonly number[]): number =>
  some.filter((task) => tasks.has(task)).length
