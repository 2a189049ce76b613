/** What is wrong with an instance now. Sentences for people; the thresholds are those of the alerts, or sooner. */
import { countText, plural } from '../../config/text.ts'
import type { Check } from '../http/health.ts'
import type { Figures, Loss } from './figures.ts'
import { isLittle, type Space } from './free-space.ts'
import type { Silence } from './matching.ts'
import type { Finding, Reason } from './reasons.ts'
import type { Part, Recent } from './recent.ts'
import { bytesText, percentOf, spanText } from './words.ts'

/** Of a hundred records of a topic, more than this many are not to be lost. */
const LOST_PERCENT = 1
/** More look-ups than this have to miss: a few unknown keys, or a dimension that few facts are in, are no fault. */
const MISSED_PERCENT = 95
const NEARLY_ALL_PERCENT = 99
const ENOUGH_LOOKUPS = 100
/** Fetches and heartbeats are answered all the time; only a join may have to wait for the others, for 15 s. */
const SILENT_MS = 16_000
/** One epoch that fails is done again at once; but where its transaction cannot be ended that takes long. */
export const FAILED_EPOCHS = 2
export const RECOVERING_MS = 15_000
/** A sentence names no more tasks, or partitions, than these. */
const MOST_NAMED = 4
export const WAITING_MS = 30_000
export const UNDECIDED_MS = 30_000

/** The reason for a check that fails, by the first word of its name: see `readiness`. */
const NOT_READY: Readonly<Partial<Record<string, Reason>>> = {
  dimension: 'bootstrapping',
  group: 'joining',
  tasks: 'restoring',
  instance: 'draining',
}

/** How an instance is at a moment, beside what it has counted. */
export interface Situation {
  /** Checks of readiness that fail: what is not there yet. */
  readonly waits: readonly Pick<Check, 'name' | 'detail' | 'percent'>[]
  readonly paused: boolean
  /** Topics of another pipeline of this name, which has all tasks; none: there is no such. */
  readonly rivals: readonly string[]
  /** How long ago a broker has last answered anything, in ms. */
  readonly silentMs: number
  /** Epochs that fail again and again, or one that cannot be ended. */
  readonly failing: { readonly epochs: number; readonly error: string } | undefined
  /** The registry's address, while it does not answer. */
  readonly registryAway: string | undefined
  /** Where the stores are. */
  readonly disk: { readonly folder: string; readonly space: Space | undefined }
  readonly tasks: number
  /** Tasks that have taken nothing for a while, though there is input. */
  readonly waiting: readonly {
    readonly task: number
    readonly records: number
    readonly ms: number
    /** The rows that its next fact waits for, in words; null: for none. */
    readonly rows: string | null
  }[]
  /** Inputs of which nothing but records of open transactions is left. */
  readonly undecided: readonly { readonly input: string; readonly ms: number }[]
  /** Topics of which partitions were added since the start: how many are read. */
  readonly notRead: readonly {
    readonly topic: string
    readonly partitions: number
    readonly read: number
  }[]
  readonly silence: Silence | undefined
}

export function judge(figures: Figures, recent: Recent, situation: Situation): Finding[] {
  return [
    ...ofInstance(situation),
    ...ofInputs(situation),
    ...ofLosses(figures, recent),
    ...ofLookUps(figures, recent),
    ...ofMatches(situation),
  ]
}

function ofInstance(situation: Situation): Finding[] {
  const { waits, paused, rivals, silentMs, failing, registryAway, disk } = situation
  const findings = waits.map(({ name, detail, percent }): Finding => {
    const text = `${name[0].toUpperCase()}${name.slice(1)}: ${detail}`
    return { reason: NOT_READY[name.split(' ')[0]] ?? 'waiting', of: name, text, percent }
  })
  const add = (reason: Reason, text: string): unknown => findings.push({ reason, of: '', text })
  const draining = findings.some(({ reason }) => reason === 'draining')
  if (silentMs >= SILENT_MS && !draining) {
    add('broker_away', `No Kafka broker has answered for ${spanText(silentMs)}`)
  }
  if (failing !== undefined) {
    const { epochs, error } = failing
    const which = epochs === 1 ? 'An epoch' : `${countText(epochs)} epochs in a row`
    add('epochs_failing', `${which} could not be committed: ${error}`)
  }
  if (rivals.length > 0) {
    add('name_shared', `A pipeline of the same name reads ${listOf(rivals)}, and has all tasks`)
  }
  if (paused) add('paused', 'Nothing is taken until it is resumed')
  if (disk.space !== undefined && isLittle(disk.space)) {
    const { free, total } = disk.space
    add('disk_full', `${bytesText(free)} of ${bytesText(total)} are free in ${disk.folder}`)
  }
  if (registryAway !== undefined) {
    add('registry_away', `The schema registry ${registryAway} does not answer`)
  }
  return findings
}

function ofInputs({ tasks, waiting, undecided, notRead }: Situation): Finding[] {
  const findings = notRead.map(({ topic, partitions, read }): Finding => {
    const text = `${topic} has ${partitions} partitions, of which ${read} are read`
    return { reason: 'partitions_not_read', of: topic, text }
  })
  if (waiting.length > 0) {
    const records = waiting.reduce((sum, { records: one }) => sum + one, 0)
    const span = spanText(Math.max(...waiting.map(({ ms }) => ms)))
    const all = waiting.length === tasks
    const one = waiting.length === 1 ? 'Task' : 'Tasks'
    const some = `${one} ${listOf(waiting.map(({ task }) => task))}`
    const verb = waiting.length === 1 ? 'has' : 'have'
    const none = all ? 'No task has taken anything' : `${some} ${verb} taken nothing`
    const wait = records === 1 ? 'waits' : 'wait'
    const rows = waiting.find((one) => one.rows !== null)?.rows ?? null
    const why = rows === null ? '' : `: facts wait for ${rows}`
    const text = `${none} for ${span}, though ${plural(records, 'record')} ${wait}${why}`
    findings.push({ reason: all ? 'standstill' : 'waiting', of: '', text })
  }
  if (undecided.length > 0) {
    const inputs = listOf(undecided.map(({ input }) => input))
    const span = spanText(Math.max(...undecided.map(({ ms }) => ms)))
    const text = `All that is left of ${inputs} is of transactions that have been open for ${span}`
    findings.push({ reason: 'open_transaction', of: '', text })
  }
  return findings
}

/** The first few of them. */
function listOf(all: readonly unknown[]): string {
  const named = all.slice(0, MOST_NAMED).join(', ')
  return all.length > MOST_NAMED ? `${named} and ${all.length - MOST_NAMED} more` : named
}

interface LossLine {
  readonly reason: Reason
  /** What they were. */
  readonly were: string
  /** The least percent of a topic that is a reason. */
  readonly least: number
}

/** What the pipeline file has dropped is no loss, unless it is nearly all; of missing rows the look-ups tell. */
const LOSSES: Readonly<Record<Loss['kind'], LossLine | undefined>> = {
  reject: { reason: 'rejects', were: 'rejected', least: LOST_PERCENT },
  late: { reason: 'late', were: 'late', least: LOST_PERCENT },
  early: { reason: 'early', were: 'too far ahead of the clock', least: LOST_PERCENT },
  otherType: { reason: 'other_type', were: 'of another type', least: NEARLY_ALL_PERCENT },
  missing: undefined,
}

/** Losses of which a topic has too many, all of one kind in one sentence. */
function ofLosses({ losses }: Figures, recent: Recent): Finding[] {
  const topics = new Map<string, { line: LossLine; losses: [string, Loss][] }>()
  for (const entry of losses) {
    const [, { kind, of }] = entry
    const line = LOSSES[kind]
    if (line === undefined) continue
    const id = `${kind} ${of}`
    if (!topics.has(id)) topics.set(id, { line, losses: [] })
    topics.get(id)!.losses.push(entry)
  }
  return [...topics.values()].flatMap(
    ({ line: { reason, were, least }, losses: some }): Finding[] => {
      const parts = some
        .map(([id, loss]) => ({ loss, part: partOf(id, loss, recent) }))
        .filter(({ part: { count: one } }) => one > 0)
        .sort((a, b) => b.part.count - a.part.count)
      if (parts.length === 0) return []
      const [{ loss, part }] = parts
      const count = parts.reduce((sum, { part: { count: one } }) => sum + one, 0)
      const percent = percentOf(count, Math.max(count, part.among))
      if (percent < least) return []
      const why =
        reason === 'rejects' ? `, ${parts.length > 1 ? 'most ' : ''}as ${loss.reason}` : ''
      const text = `${percent} % of the records of ${loss.of} were ${were}${why}: ${amount({ ...part, count })}`
      return [{ reason, of: loss.of, text }]
    },
  )
}

const partOf = (id: string, { among }: Loss, recent: Recent): Part =>
  recent.part(
    ({ losses }) => losses.get(id)?.count ?? 0,
    ({ taken }) => taken.get(among) ?? 0,
  )

function ofLookUps({ lookUps }: Figures, recent: Recent): Finding[] {
  return lookUps.flatMap(({ dimension }, d): Finding[] => {
    const part = recent.part(
      ({ lookUps: of }) => of[d].misses + of[d].nulls,
      ({ lookUps: of }) => of[d].misses + of[d].nulls + of[d].hits,
    )
    const percent = percentOf(part.count, part.among)
    if (part.among < ENOUGH_LOOKUPS || percent < MISSED_PERCENT) return []
    const text = `${percent} % of the look-ups in ${dimension} found no row: ${amount(part)}`
    return [{ reason: 'missing_rows', of: dimension, text }]
  })
}

function ofMatches({ silence }: Situation): Finding[] {
  if (silence === undefined) return []
  const { left, right, keysFound } = silence
  const why = keysFound ? 'keys are found, but their times are too far apart' : 'no key is found'
  const text = `${countText(left)} facts and ${countText(right)} records of the right stream came without one match: ${why}`
  return [{ reason: 'unmatched', of: '', text }]
}

const amount = ({ count, among, ms }: Part): string =>
  `${countText(count)} of ${countText(among)} in the last ${spanText(ms)}`
