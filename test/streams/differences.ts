/** Why Kafka Streams' rows of a stream are others than ours: a difference has one of these reasons, or is a fault. */
import { LEFT, type ModelRecord, type ModelTimes, NaiveJoin, rowText } from '../window/model.ts'

export const reasons = {
  late: 'theirs: one of the two was late (stream time had passed its time + before + after + grace); they join it while the other is in their store',
  'let go':
    'theirs: we hold a record until stream time has passed its time + before + after + grace; their store goes by the times of its own side alone',
  'null, then joined':
    'theirs: the other record came when the unmatched one had come out; we do not match it any more, they join it as well',
  'closed later':
    'theirs: the window reaches further to the other side, and no record of the unmatched one’s side had come since it had closed; they had not yet let it come out',
  'null at once':
    'theirs: the window of a record that came ended behind stream time; it comes out without a match though grace is not over, and is joined later',
  'the last instant':
    'ours: stream time was exactly the time + before + after + grace of the earlier one; we hold it, their store has just let go of it',
  consequence: 'an unmatched row is there, or not, because of one of the others',
} as const
export type Reason = keyof typeof reasons

export interface Difference {
  readonly row: string
  /** undefined: a fault. */
  readonly reason: Reason | undefined
}

interface Arrival {
  readonly record: ModelRecord
  readonly index: number
  /** Just before it came. */
  readonly streamTime: number
  /** By side: the latest event time of its own records, just before it came. */
  readonly sideTimes: readonly number[]
}

/** A stream's rows by the model, as `left-right`, and what each record met. */
export class Trace {
  readonly rows: ReadonlySet<string>
  readonly #times: ModelTimes
  readonly #arrivals = new Map<string, Arrival>()

  constructor(times: ModelTimes, records: readonly ModelRecord[]) {
    this.#times = times
    const model = new NaiveJoin(times)
    const sideTimes = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const [index, record] of records.entries()) {
      const { streamTime } = model
      const arrival = { record, index, streamTime, sideTimes: [...sideTimes] }
      this.#arrivals.set(String(record.id), arrival)
      model.take(record)
      sideTimes[record.side] = Math.max(sideTimes[record.side], record.time)
    }
    this.rows = new Set(model.rows.map(rowText))
  }

  differences(theirs: ReadonlySet<string>): Difference[] {
    const onlyTheirs = without(theirs, this.rows)
    const onlyOurs = without(this.rows, theirs)
    return [
      ...onlyTheirs.map((row) => ({ row, reason: this.#onlyTheirs(row, theirs) })),
      ...onlyOurs.map((row) => ({ row, reason: this.#onlyOurs(row, theirs) })),
    ]
  }

  #onlyTheirs(row: string, theirs: ReadonlySet<string>): Reason | undefined {
    const pair = this.#pair(row)
    if (pair.length === 1) return this.#nullOfTheirs(pair[0], theirs)
    const [earlier, later] = pair
    if (this.#isLate(earlier) || this.#isLate(later)) return 'late'
    if (later.streamTime > earlier.record.time + this.#heldMs) return 'let go'
    const alone = aloneText(earlier.record)
    if (!this.rows.has(alone)) return undefined
    return theirs.has(alone) ? 'null, then joined' : 'closed later'
  }

  #nullOfTheirs({ record, streamTime }: Arrival, theirs: ReadonlySet<string>): Reason | undefined {
    const matches = matchesOf(record, this.rows)
    if (matches.length === 0) return undefined
    const { beforeMs, afterMs } = this.#times
    if (streamTime > record.time + (record.side === LEFT ? afterMs : beforeMs))
      return 'null at once'
    return matches.some((row) => theirs.has(row)) ? undefined : 'consequence'
  }

  #onlyOurs(row: string, theirs: ReadonlySet<string>): Reason | undefined {
    const pair = this.#pair(row)
    if (pair.length === 1) {
      return matchesOf(pair[0].record, theirs).length > 0 ? 'consequence' : undefined
    }
    const [{ record, sideTimes }, later] = pair
    const ownTime = Math.max(sideTimes[record.side], record.time, later.sideTimes[record.side])
    return ownTime >= record.time + this.#heldMs ? 'the last instant' : undefined
  }

  get #heldMs(): number {
    const { beforeMs, afterMs, graceMs } = this.#times
    return beforeMs + afterMs + graceMs
  }

  #isLate({ record, streamTime }: Arrival): boolean {
    return streamTime > record.time + this.#heldMs
  }

  /** In the order of arrival. */
  #pair(row: string): Arrival[] {
    const ids = row.split('-').filter((id) => id !== '')
    return ids.map((id) => this.#arrivals.get(id)!).sort((a, b) => a.index - b.index)
  }
}

const without = (some: ReadonlySet<string>, others: ReadonlySet<string>): string[] =>
  [...some].filter((row) => !others.has(row))

const aloneText = ({ id, side }: ModelRecord): string => (side === LEFT ? `${id}-` : `-${id}`)

function matchesOf(record: ModelRecord, rows: ReadonlySet<string>): string[] {
  const alone = aloneText(record)
  const isOf = (row: string): boolean =>
    record.side === LEFT ? row.startsWith(alone) : row.endsWith(alone)
  return [...rows].filter((row) => isOf(row) && row !== alone)
}
