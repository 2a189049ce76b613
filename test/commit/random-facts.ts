/** Random streams for worlds of tasks: in order, some of the records refused. */
import type fc from 'fast-check'
import { LEFT, type ModelTimes, RIGHT } from '../window/model.ts'
import { NOON, randomStreams, type StreamRecord } from '../window/random-streams.ts'

export interface Facts {
  /** null: they are joined with nothing. */
  readonly times: ModelTimes | null
  readonly records: readonly StreamRecord[]
}

/** Windows that close on the way, so that pages expire and the changelog is shortened; and none of the records is late. */
export const joined = (maxLength: number): fc.Arbitrary<Facts> =>
  randomStreams({
    late: false,
    faults: ['null_key', 'null_value', 'malformed', 'key_mismatch', 'missing_dimension'],
    silences: false,
    grace: { min: 0, max: 3 },
    maxLength,
  })
    .map(({ times, steps }) => ({ times, records: inOrder(steps.filter((s) => s !== 'silence')) }))
    .filter(({ records }) => records.length >= maxLength / 2)

/** What is refused has the time of the one before: the other side is not taken ahead for it, which would make records late. */
function inOrder(records: readonly StreamRecord[]): StreamRecord[] {
  let last = NOON
  return records.map((record) => {
    const time = record.isRejected ? last : record.time
    last = time
    return { ...record, time }
  })
}

/** The facts of such a stream, without a join. */
export const alone = (maxLength: number): fc.Arbitrary<Facts> =>
  joined(maxLength).map(({ records }) => ({
    times: null,
    // What is not compared may be anything.
    records: records.filter(({ side, fault }) => side === LEFT && !ofKeys.includes(fault)),
  }))

const ofKeys: StreamRecord['fault'][] = ['null_key', 'key_mismatch']

/** Of a property: a stream that fails is told with its seed, and so is one that goes on for ever. */
export const ONCE = { endOnFailure: true, timeout: 60_000 } as const

/** After all others, which have expired then: one of each side and key. */
export function withLast({ times, records }: Facts): Facts & { lastTime: number } {
  const lastTime = Math.max(NOON, ...records.map(({ time }) => time))
  const more = LAST_ONES.map(({ key, side }, i): StreamRecord => {
    const time = lastTime + MUCH_LATER_MS
    return { key, side, id: records.length + i, time, fault: undefined, isRejected: false }
  })
  return { times, records: [...records, ...more], lastTime }
}

const LAST_ONES = ['a', 'b', 'c'].flatMap((key) => [LEFT, RIGHT].map((side) => ({ key, side })))
/** How many these are, with or without a join. */
export const LAST = LAST_ONES.length
const MUCH_LATER_MS = 1e9
