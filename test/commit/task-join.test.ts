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

const failures: Fate[] = ['aborted', 'lost before it is stored', 'crashed', 'stopped', 'moved']
const fates = fc.constantFrom<Fate[]>(
  ['goes on'],
  ['goes on', 'goes on', ...failures],
  ['goes on', ...failures],
)

const moves: fc.Arbitrary<Move[]> = fates.chain((some) =>
  fc.array(
    fc.record({
      facts: fc.nat(8),
      right: fc.nat(8),
      ends: fc.boolean(),
      fate: fc.constantFrom(...some),
      during: fc.nat(3),
      pageBytes: fc.constantFrom(0, 200, 1 << 20),
      epochBytes: fc.constantFrom(100, 1 << 20),
    }),
    { maxLength: 25, size: 'max' },
  ),
)

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

test('300 streams in order give what a nested loop gives, however they come, and whatever stops, crashes and moves', async () => {
  await fc.assert(
    fc.asyncProperty(randomStreams(PLAIN), moves, async ({ times, steps }, list) => {
      await agrees(times, steps, list)
    }),
    { numRuns: 300 },
  )
})

test('so do 400 streams with late records', async () => {
  let late = 0
  await fc.assert(
    fc.asyncProperty(randomStreams({ ...PLAIN, late: true }), moves, async (stream, list) => {
      late += await agrees(stream.times, stream.steps, list)
    }),
    { numRuns: 400 },
  )
  assert.ok(late > 400)
})
