import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LEFT, type ModelTimes, NaiveJoin, rowText } from '../../window/model.ts'
import {
  faults,
  type RandomStream,
  randomStreams,
  type StreamOptions,
  type StreamRecord,
  type StreamStep,
} from '../../window/random-streams.ts'
import { rowOf, SimulatedJoin } from './join/simulated-join.ts'

const PLAIN: StreamOptions = {
  late: false,
  faults: [],
  silences: false,
  grace: { min: 0, max: 6 },
  maxLength: 40,
}
/** Faults of the event time are there only where a field has it. */
const OF_TIME_FIELDS = ['null_time', 'future_time']

/** A simulation and the model take the same steps. */
class Pair {
  readonly #model: NaiveJoin
  readonly #simulated: SimulatedJoin
  readonly #times: ModelTimes

  private constructor(times: ModelTimes, simulated: SimulatedJoin) {
    this.#times = times
    this.#model = new NaiveJoin(times)
    this.#simulated = simulated
  }

  static async open(times: ModelTimes, timeField: boolean): Promise<Pair> {
    return new Pair(times, await SimulatedJoin.open(times, timeField))
  }

  async take(step: StreamStep): Promise<void> {
    await this.#simulated.take(step)
    if (step === 'silence') this.#model.closeAll()
    else this.#model.take(step)
    this.#assertInTime()
  }

  /** Nothing comes out early; what has closed comes out a slice later at most, all else at once. */
  #assertInTime(): void {
    const { rows, streamTime } = this.#model
    const came = new Set(this.#simulated.rows)
    const texts = new Set(rows.map(rowText))
    for (const row of came) assert.ok(texts.has(row), `${row} is wrong, or came out early`)
    const { beforeMs, afterMs, graceMs } = this.#times
    const sliceMs = Math.max(1000, (beforeMs + afterMs + graceMs) / 3600)
    for (const row of rows) {
      if (came.has(rowText(row))) continue
      const { left, right } = row
      assert.ok(!left || !right, `${rowText(row)} did not come out at once`)
      const due = this.#model.closesAfter((left ?? right)!) + sliceMs
      assert.ok(streamTime <= due, `${rowText(row)} did not come out in time`)
    }
  }

  /** Key and headers are the fact's, or those of a right record without one. */
  assertRows(): void {
    const expected = this.#model.rows.map((row) => {
      const times = [row.left, row.right].flatMap((record) => record?.time ?? [])
      const { key, id } = (row.left ?? row.right)!
      return `${rowText(row)} ${key} ${Math.max(...times)} ${id}`
    })
    const came = this.#simulated.outputs.map(
      ({ value, key, timestamp, headers }) =>
        `${rowOf(value)} ${key} ${timestamp} ${headers.record}`,
    )
    assert.deepEqual(came.sort(), expected.sort())
  }

  /** @returns how many were late */
  assertFaults(records: readonly StreamRecord[]): number {
    const { rejects, drops } = this.#simulated.simulation.effects
    const late = new Set(this.#model.late.map(({ id }) => id))
    const isRejected = ({ side }: StreamRecord) => this.#times.late?.[side] === 'reject'
    const expected = (isReject: boolean): string[] =>
      records.flatMap((record) => {
        const from = record.side === LEFT ? 'fact' : 'right'
        if (late.has(record.id)) return isRejected(record) === isReject ? [`${from} late`] : []
        return record.fault && isReject ? [`${from} ${reasonOf(record)}`] : []
      })
    const came = (some: typeof rejects) => some.map(({ from, reason }) => `${from} ${reason}`)
    assert.deepEqual(came(rejects), expected(true))
    assert.deepEqual(came(drops), expected(false))
    return late.size
  }

  close(): Promise<void> {
    return this.#simulated.close()
  }
}

const reasonOf = ({ fault }: StreamRecord): string =>
  fault === 'null_time' ? 'null_field' : String(fault)

/** @returns how many were late */
async function agrees({ times, steps }: RandomStream, timeField: boolean): Promise<number> {
  const pair = await Pair.open(times, timeField)
  try {
    for (const step of [...steps, 'silence' as const]) await pair.take(step)
    pair.assertRows()
    return pair.assertFaults(steps.filter((step) => step !== 'silence'))
  } finally {
    await pair.close()
  }
}

test('streams in order give what a nested loop over all records gives', async () => {
  await fc.assert(
    fc.asyncProperty(randomStreams(PLAIN), fc.boolean(), async (stream, timeField) => {
      assert.equal(await agrees(stream, timeField), 0)
    }),
    { numRuns: 60 },
  )
})

test('streams with late records, and silences, give what a nested loop over all records gives', async () => {
  let late = 0
  const streams = randomStreams({ ...PLAIN, late: true, silences: true })
  await fc.assert(
    fc.asyncProperty(streams, fc.boolean(), async (stream, timeField) => {
      late += await agrees(stream, timeField)
    }),
    { numRuns: 100 },
  )
  assert.ok(late > 100)
})

for (const timeField of [false, true]) {
  const field = timeField ? 'a field' : 'the record'
  test(`records that are rejected move no stream time, where ${field} has the event time`, async () => {
    const possible = faults.filter((fault) => timeField || !OF_TIME_FIELDS.includes(fault))
    const streams = randomStreams({ ...PLAIN, late: true, silences: true, faults: possible })
    await fc.assert(
      fc.asyncProperty(streams, async (stream) => {
        await agrees(stream, timeField)
      }),
      { numRuns: 50 },
    )
  })
}
