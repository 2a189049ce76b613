/** What an instance has done in the last hour, as its status page draws it. */
import type { Pipeline } from '../../config/pipeline.ts'
import { type Counts, LONGEST_MS } from '../../counts/counts.ts'
import type { Worker } from '../../instance/worker.ts'
import type { Plan } from '../../plan/plan.ts'
import { lagsOf } from './report.ts'

const EVERY_MS = 10_000
/** Samples that are kept: those of an hour. */
const MOST = 360

/** Records a second of each kind; times in ms. */
export interface Pace {
  readonly facts: number
  readonly right: number
  readonly output: number
  readonly rejects: number
  readonly late: number
  readonly unmatched: number
  /** Facts that came to the join; 0 without one, as are `right`, `late` and `unmatched`. */
  readonly enriched: number
  readonly epochs: number
  /** From the event time of an output, of a match the later one, to its commit; null: there was none. `LONGEST_MS`: so much or more. */
  readonly latencyP50Ms: number | null
  readonly latencyP99Ms: number | null
  /** Records that wait, and for how long the oldest has; null: not known. */
  readonly lagRecords: number | null
  readonly lagMs: number | null
}

/** A pace and, beside it, look-ups a second in each dimension, in the file's order, and those that found no row. */
export type PaceNow = Pace & {
  readonly lookUps: readonly number[]
  readonly missed: readonly number[]
}

interface Sample extends Pace {
  /** When it was taken, at the end of its time: wall clock, in ms. */
  readonly at: number
}

/** A list of values for each figure, oldest first, all of one length. */
export type HistoryColumns = { readonly everyMs: number } & {
  readonly [Name in keyof Sample]: readonly Sample[Name][]
}

const COUNTED = [
  'facts',
  'right',
  'output',
  'rejects',
  'late',
  'unmatched',
  'enriched',
  'epochs',
] as const
const FIGURES = [
  'at',
  ...COUNTED,
  'latencyP50Ms',
  'latencyP99Ms',
  'lagRecords',
  'lagMs',
] as const satisfies readonly (keyof Sample)[]

/** What has been counted from the start up to a moment. */
interface Mark {
  /** The moment: monotonic, in ms. */
  readonly at: number
  /** In the order of `COUNTED`. */
  readonly counted: readonly number[]
  readonly lookUps: readonly number[]
  readonly missed: readonly number[]
  readonly latencies: Float64Array
}

interface Parts {
  readonly plan: Plan
  readonly pipeline: Pipeline
  readonly counts: Counts
  readonly worker?: Worker
}

export class History {
  readonly #parts: Parts
  readonly #now: () => number
  readonly #samples: Sample[] = []
  readonly #timer: NodeJS.Timeout
  /** Marks of the last sample and of the one before: a pace is never of less than a sample's time, but at first. */
  #last: Mark
  #before: Mark

  /** @param now monotonic, in ms */
  constructor(parts: Parts, now = () => performance.now()) {
    this.#parts = parts
    this.#now = now
    this.#last = this.#before = this.#mark()
    this.#timer = setInterval(() => this.sample(), EVERY_MS).unref()
  }

  sample(): void {
    const mark = this.#mark()
    this.#samples.push({ at: Date.now(), ...this.#paceOf(this.#last, mark) })
    if (this.#samples.length > MOST) this.#samples.shift()
    this.#before = this.#last
    this.#last = mark
  }

  /** The pace of the last 10 to 20 s, or since the start. */
  get pace(): PaceNow {
    const from = this.#before
    const to = this.#mark()
    const rates = (of: 'lookUps' | 'missed'): number[] =>
      to[of].map((count, d) => perSecond(count - from[of][d], from, to))
    return { ...this.#paceOf(from, to), lookUps: rates('lookUps'), missed: rates('missed') }
  }

  columns(): HistoryColumns {
    const columns = FIGURES.map((name) => [name, this.#samples.map((sample) => sample[name])])
    return { everyMs: EVERY_MS, ...Object.fromEntries(columns) }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #mark(): Mark {
    const { counts, pipeline } = this.#parts
    const counted = [
      counts.consumed[0],
      counts.consumedRight(pipeline.joins.length),
      counts.produced.get(pipeline.output.topic) ?? 0,
      counts.rejects.total,
      counts.lateRecords,
      counts.unmatched,
      counts.window.probeHits[0] + counts.window.probeMisses[0],
      counts.epochs.committed,
    ]
    const { lookupMisses, lookupNulls } = counts
    const missed = lookupMisses.map((misses, d) => misses + lookupNulls[d])
    const lookUps = counts.lookupHits.map((hits, d) => hits + missed[d])
    return {
      at: this.#now(),
      counted,
      lookUps,
      missed,
      latencies: counts.latencies.buckets.slice(),
    }
  }

  #paceOf(from: Mark, to: Mark): Pace {
    const rates = COUNTED.map((name, i) => {
      return [name, perSecond(to.counted[i] - from.counted[i], from, to)]
    })
    const buckets = to.latencies.map((count, b) => count - from.latencies[b])
    return {
      ...(Object.fromEntries(rates) as Record<(typeof COUNTED)[number], number>),
      latencyP50Ms: quantileOf(buckets, 0.5),
      latencyP99Ms: quantileOf(buckets, 0.99),
      ...this.#lag(),
    }
  }

  #lag(): Pick<Pace, 'lagRecords' | 'lagMs'> {
    const { worker } = this.#parts
    const lags = worker === undefined ? [] : lagsOf(worker, this.#parts.plan)
    if (lags.length === 0) return { lagRecords: null, lagMs: null }
    const lagRecords = lags.reduce((sum, { records }) => sum + records, 0)
    return { lagRecords, lagMs: Math.round(Math.max(...lags.map(({ ms }) => ms))) }
  }
}

const perSecond = (count: number, from: Mark, to: Mark): number =>
  rounded((1000 * count) / Math.max(1, to.at - from.at))

/** Three digits are enough to be drawn. */
const rounded = (value: number): number => Number(value.toPrecision(3))

/**
 * The time below which the part `q` of the times lies that a `Distribution` has in its buckets, as if those of one bucket
 * were evenly spread over it; null: there are none. `LONGEST_MS`: so much or more.
 */
export function quantileOf(buckets: ArrayLike<number>, q: number): number | null {
  const all = Array.from(buckets)
  const wanted = q * all.reduce((sum, count) => sum + count, 0)
  if (wanted === 0) return null
  let below = 0
  const b = all.findIndex((count) => {
    below += count
    return below >= wanted
  })
  const low = b === 0 ? 0 : 2 ** (b - 1)
  if (low === LONGEST_MS) return LONGEST_MS
  const part = 1 - (below - wanted) / all[b]
  return Math.min(LONGEST_MS, rounded(low + (2 ** b - low) * part))
}
