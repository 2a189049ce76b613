import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ModelTimes, NaiveJoin, rowText } from '../window/model.ts'
import { randomStreams, type StreamOptions, type StreamStep } from '../window/random-streams.ts'
import { type Fate, type Move, TaskWorld } from './task-world.ts'

const PLAIN: StreamOptions = {
  late: false,
  faults: [],
  silences: true,
  grace: { min: 0, max: 6 },
  maxLength: 60,
}

const fates: Fate[] = ['aborted', 'lost before it is stored', 'crashed', 'stopped', 'moved']

/** @param fails how often, to once that the task goes on */
function moves(fails: number): fc.Arbitrary<Move[]> {
  const fate = fc.oneof(
    { weight: 2, arbitrary: fc.constant<Fate>('goes on') },
    { weight: fails, arbitrary: fc.constantFrom(...fates) },
  )
  const move = fc.record({
    facts: fc.nat(8),
    right: fc.nat(8),
    ends: fc.boolean(),
    fate,
    during: fc.nat(3),
    pageBytes: fc.constantFrom(0, 200, 1 << 20),
    epochBytes: fc.constantFrom(100, 1 << 20),
  })
  return fc.array(move, { maxLength: 25, size: 'max' })
}

/** @returns how many were late and did not come out */
async function agrees(times: ModelTimes, steps: readonly StreamStep[], list: readonly Move[]) {
  const world = await TaskWorld.open(times, [...steps, 'silence'])
  for (const move of list) await world.run(move)
  await world.finish()
  const model = new NaiveJoin(times)
  for (const step of world.history) {
    if (step === 'silence') model.closeAll()
    else model.take(step)
  }
  const records = (some: readonly StreamStep[]) => some.filter((step) => step !== 'silence').length
  assert.equal(records(world.history), records(steps))
  assert.deepEqual(world.broker.outputs.sort(), model.rows.map(rowText).sort())
  const rejected = model.late.filter(({ side }) => times.late?.[side] === 'reject')
  assert.equal(world.rejected, rejected.length)
  return model.late.length
}

for (const late of [false, true]) {
  const how = late ? 'with late records' : 'in order on each side'
  test(`a task gives what a nested loop gives, ${how}, however records come and epochs end`, async () => {
    const streams = randomStreams({ ...PLAIN, late })
    await fc.assert(
      fc.asyncProperty(streams, moves(0), async ({ times, steps }, list) => {
        await agrees(times, steps, list)
      }),
      { numRuns: 300 },
    )
  })

  test(`so does one that stops, crashes and moves on the way, ${how}`, async () => {
    const streams = randomStreams({ ...PLAIN, late })
    await fc.assert(
      fc.asyncProperty(streams, moves(2), async ({ times, steps }, list) => {
        await agrees(times, steps, list)
      }),
      { numRuns: 300 },
    )
  })
}
