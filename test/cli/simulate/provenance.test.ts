/** Headers that say what records were made of, also of late ones that come out at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LEFT, RIGHT } from '../../window/model.ts'
import { randomStreams } from '../../window/random-streams.ts'
import { SimulatedJoin } from './join/simulated-join.ts'

const TOPICS = ['facts', 'right']
const streams = randomStreams({
  late: true,
  faults: ['malformed', 'missing_dimension'],
  silences: true,
  grace: { min: 0, max: 3 },
  maxLength: 40,
})

test('whatever comes out, on time or late, names the records that it was made of', async () => {
  let rows = 0
  await fc.assert(
    fc.asyncProperty(streams, async ({ times, steps }) => {
      const simulated = await SimulatedJoin.open(times, false, null, true)
      const places = [new Map<number, string>(), new Map<number, string>()]
      const offsets = [0, 0]
      try {
        for (const step of steps) {
          await simulated.take(step)
          if (step === 'silence') continue
          const { side, id, time } = step
          const place = `${TOPICS[side]}-0@${offsets[side]++} ${new Date(time).toISOString()}`
          places[side].set(id, place)
        }
        await simulated.take('silence')
        for (const { value, headers } of simulated.outputs) {
          const fact = value.fact === null ? null : Number(value.fact)
          const right = value.right === null ? null : Number(value.right)
          const own = fact === null ? right : fact
          const wanted = {
            record: String(own),
            ...(fact === null
              ? {}
              : {
                  'enricher.facts': places[LEFT].get(fact),
                  'enricher.dimension.d': 'rows-0@0',
                }),
            ...(right === null ? {} : { 'enricher.right': places[RIGHT].get(right) }),
          }
          assert.deepEqual({ ...headers }, wanted)
          rows++
        }
      } finally {
        await simulated.close()
      }
    }),
    { numRuns: 60 },
  )
  assert.ok(rows > 300, `${rows} rows`)
})
