/** All instances of the group, as each tells of itself: who asks one page sees whether the others work, too. */
import { httpRequest } from '../../http/request.ts'
import type { Member } from '../../instance/membership.ts'
import type { Level } from '../verdict/verdict.ts'
import type { Pace } from './history.ts'
import type { ServiceParts } from './parts.ts'

/** An instance that takes longer to answer counts as silent. */
const PATIENCE_MS = 1000
/** Members are looked at so often, so that one that leaves was seen before. */
const LOOK_MS = 10_000
/** Instances that have left are told of for so long. */
const GONE_MS = 3_600_000

/** What an instance tells of itself at `/v1/summary`. Times are wall clock, in ms. */
export interface Summary {
  readonly instance: string
  readonly version: string
  readonly state: string
  readonly at: number
  readonly since: number
  readonly verdict: { readonly verdict: Level; readonly text: string; readonly since: number }
  readonly tasks: number
  readonly pace: Pace
}

/** A member as it was when it was last seen. */
interface Seen {
  readonly name: string
  readonly address: string | null
  readonly partitions: readonly number[]
  /** When that was: monotonic, in ms. */
  readonly seenAt: number
}

export interface GroupViewOptions {
  readonly parts: ServiceParts
  /** The members now; none where they are not known. */
  readonly members: () => Promise<readonly Member[]>
  readonly own: () => Summary
  /** A monotonic clock, in ms. */
  readonly now?: () => number
}

const nameOf = ({ instance, host }: Member): string => instance ?? host

export class GroupView {
  readonly #options: GroupViewOptions
  readonly #now: () => number
  readonly #seen = new Map<string, Seen>()
  readonly #timer: NodeJS.Timeout
  #asking: Promise<object> | undefined

  constructor(options: GroupViewOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#timer = setInterval(() => void this.look(), LOOK_MS).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Remembers who is there now. */
  async look(): Promise<readonly Member[]> {
    const members = await this.#options.members()
    const seenAt = this.#now()
    for (const member of members) {
      const { address, partitions } = member
      // A process that was started anew may have another name, and stands where the former one stood.
      for (const [name, before] of this.#seen) {
        if (address !== null && before.address === address) this.#seen.delete(name)
      }
      const name = nameOf(member)
      this.#seen.set(name, { name, address, partitions, seenAt })
    }
    for (const [name, { seenAt: at }] of this.#seen) {
      if (seenAt - at > GONE_MS) this.#seen.delete(name)
    }
    return members
  }

  /** A member that has left as the API tells of it, with the time by the wall clock, in ms. */
  #told({ seenAt, ...seen }: Seen): object {
    return { ...seen, lastSeenAt: Math.round(Date.now() - (this.#now() - seenAt)) }
  }

  /** What all instances tell of themselves. Many who ask at a time share one question to the others. */
  view(): Promise<object> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #ask(): Promise<object> {
    const found = await this.look()
    const members = found.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)))
    const { instanceId, partitions } = this.#options.parts
    const instances = await Promise.all(
      members.map(async (member) => {
        const { instance, address, host, version, partitions: owned } = member
        const self = instance === instanceId
        const told = self ? { summary: this.#options.own(), error: null } : await asked(member)
        return { instance, address, host, version, partitions: owned, self, ...told }
      }),
    )
    const names = new Set(members.map(nameOf))
    const owned = new Set(members.flatMap((member) => member.partitions))
    const all = Array.from({ length: partitions ?? 0 }, (_, partition) => partition)
    return {
      known: members.length > 0,
      instances,
      // Who does not know the others does not know who has gone, either.
      gone:
        members.length === 0
          ? []
          : [...this.#seen.values()]
              .filter(({ name }) => !names.has(name))
              .map((one) => this.#told(one)),
      unowned: members.length === 0 ? [] : all.filter((partition) => !owned.has(partition)),
      total: totalOf(instances.flatMap(({ summary }) => (summary === null ? [] : [summary.pace]))),
    }
  }
}

type Told =
  | { readonly summary: Summary; readonly error: null }
  | { readonly summary: null; readonly error: string }

/** Asks a member for its summary. The address is what it has told the group, so no token goes there. */
async function asked({ address, instance }: Member): Promise<Told> {
  if (address === null) return { summary: null, error: 'its version does not tell its address' }
  const signal = AbortSignal.timeout(PATIENCE_MS)
  try {
    const url = `http://${address}/v1/summary`
    const { status, body } = await httpRequest(url, { signal }, undefined, null)
    if (status !== 200) return { summary: null, error: `it answers ${status}` }
    const summary = JSON.parse(body) as Partial<Summary> | null
    if (summary?.pace === undefined || summary.verdict === undefined) {
      return { summary: null, error: 'it answers something else' }
    }
    // Addresses are what each member takes for its own: two may name the same one.
    const isOther = instance !== null && summary.instance !== instance
    if (isOther) return { summary: null, error: `${summary.instance} answers at its address` }
    return { summary: summary as Summary, error: null }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    const late = `no answer within ${PATIENCE_MS / 1000} s`
    return { summary: null, error: signal.aborted ? late : `no answer: ${code || message}` }
  }
}

/** Rates and records add up; of times the worst counts. */
function totalOf(paces: readonly Pace[]): Partial<Pace> {
  const known = (name: keyof Pace): number[] =>
    paces.map((pace) => pace[name]).filter((value) => typeof value === 'number')
  const sum = (name: keyof Pace): number => known(name).reduce((total, value) => total + value, 0)
  const worst = (name: keyof Pace): number | null =>
    known(name).length === 0 ? null : Math.max(...known(name))
  return {
    facts: sum('facts'),
    right: sum('right'),
    output: sum('output'),
    rejects: sum('rejects'),
    late: sum('late'),
    unmatched: sum('unmatched'),
    latencyP99Ms: worst('latencyP99Ms'),
    lagRecords: known('lagRecords').length === 0 ? null : sum('lagRecords'),
    lagMs: worst('lagMs'),
  }
}
