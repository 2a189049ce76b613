/** What is wrong with an instance now. Sentences for people; the thresholds are those of the alerts, or sooner. */
import { countText, plural } from '../checks/text.ts'
import type { Check } from '../ops/health.ts'
import type { Figures, Loss } from './figures.ts'
import type { Silence } from './matching.ts'
import type { Finding, Reason } from './reasons.ts'
import type { Part, Recent } from './recent.ts'
import { percentOf, spanText } from './words.ts'

/** Of a hundred records of a topic, more than this many are not to be lost. */
const LOST_PERCENT = 1
/** Look-ups that miss: a few unknown keys, or a dimension that few facts are in, are no fault. */
const MISSED_PERCENT = 95
const ENOUGH_LOOKUPS = 100
/** Fetches and heartbeats are answered all the time; only a join may have to wait for the others, for 15 s. */
const SILENT_MS = 16_000
/** One epoch that fails is done again at once. */
const FAILED_EPOCHS = 2
/** Tasks or partitions that a sentence names. */
const MOST_NAMED = 4
export const WAITING_MS = 30_000
export const UNDECIDED_MS = 30_000

/** Names begin a check's: see `readiness`. */
const NOT_READY: Readonly<Record<string, Reason>> = {
  dimension: 'bootstrapping',
  group: 'joining',
  tasks: 'restoring',
  instance: 'draining',
}

export interface Situation {
  /** Of the readiness: what is not there yet. */
  readonly waits: readonly Pick<Check, 'name' | 'detail' | 'percent'>[]
  readonly paused: boolean
  /** Since a broker has last answered anything, in ms. */
  readonly silentMs: number
  readonly failing: { readonly epochs: number; readonly error: string } | undefined
  /** The registry's address, while it does not answer. */
  readonly registryAway: string | undefined
  readonly tasks: number
  /** Tasks that have taken nothing for a while, though there is input. */
  readonly waiting: readonly {
    readonly task: number
    readonly records: number
    readonly ms: number
  }[]
  /** Inputs of which nothing but records of open transactions is left. */
  readonly undecided: readonly { readonly input: string; readonly ms: number }[]
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
  const { waits, paused, silentMs, failing, registryAway } = situation
  const findings = waits.map(({ name, detail, percent }): Finding => {
    const text = `${name[0].toUpperCase()}${name.slice(1)}: ${detail}`
    return { reason: NOT_READY[name.split(' ')[0]], of: name, text, percent }
  })
  const add = (reason: Reason, text: string): unknown => findings.push({ reason, of: '', text })
  const draining = findings.some(({ reason }) => reason === 'draining')
  if (silentMs >= SILENT_MS && !draining) {
    add('broker_away', `No Kafka broker has answered for ${spanText(silentMs)}`)
  }
  if (failing !== undefined && failing.epochs >= FAILED_EPOCHS) {
    const { epochs, error } = failing
    add('epochs_failing', `${countText(epochs)} epochs in a row could not be committed: ${error}`)
  }
  if (paused) add('paused', 'Nothing is taken until it is resumed')
  if (registryAway !== undefined) {
    add('registry_away', `The schema registry ${registryAway} does not answer`)
  }
  return findings
}

function ofInputs({ tasks, waiting, undecided }: Situation): Finding[] {
  const findings: Finding[] = []
  if (waiting.length > 0) {
    const records = waiting.reduce((sum, { records: one }) => sum + one, 0)
    const span = spanText(Math.max(...waiting.map(({ ms }) => ms)))
    const all = waiting.length === tasks
    const one = waiting.length === 1 ? 'Task' : 'Tasks'
    const some = `${one} ${listOf(waiting.map(({ task }) => task))}`
    const verb = waiting.length === 1 ? 'has' : 'have'
    const none = all ? 'No task has taken anything' : `${some} ${verb} taken nothing`
    const text = `${none} for ${span}, though ${plural(records, 'record')} wait`
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

const LOSS_REASONS = {
  reject: 'rejects',
  late: 'late',
  early: 'early',
  missing: undefined,
} as const
const LOST = { rejects: 'rejected', late: 'late', early: 'too far ahead of the clock' } as const
type LossReason = keyof typeof LOST

/** By topic: rows of `missing: drop` are dropped because the pipeline file says so. */
function ofLosses({ losses }: Figures, recent: Recent): Finding[] {
  const topics = new Map<string, { reason: LossReason; losses: [string, Loss][] }>()
  for (const entry of losses) {
    const [, { kind, of }] = entry
    const reason = LOSS_REASONS[kind]
    if (reason === undefined) continue
    const id = `${reason} ${of}`
    if (!topics.has(id)) topics.set(id, { reason, losses: [] })
    topics.get(id)!.losses.push(entry)
  }
  return [...topics.values()].flatMap(({ reason, losses: some }): Finding[] => {
    const parts = some.map(([id, loss]) => ({ loss, part: partOf(id, loss, recent) }))
    parts.sort((a, b) => b.part.count - a.part.count)
    const [{ loss, part }] = parts
    const count = parts.reduce((sum, { part: { count: one } }) => sum + one, 0)
    const percent = percentOf(count, Math.max(count, part.among))
    if (count === 0 || percent < LOST_PERCENT) return []
    const why = reason === 'rejects' ? `, ${parts.length > 1 ? 'most ' : ''}as ${loss.reason}` : ''
    const text = `${percent} % of the records of ${loss.of} were ${LOST[reason]}${why}: ${amount({ ...part, count })}`
    return [{ reason, of: loss.of, text }]
  })
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
