/**
 * Joins of each kind beside the naive model: windows that are symmetric, asymmetric and without width, with grace and without,
 * records in order and late, of few keys and so often the same, with null keys, null fields and other faults. `STREAM_RUNS`
 * says how many; `npm run test:streams` runs 10,000.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { faults, randomStreams, type StreamOptions } from '../window/random-streams.ts'
import { StreamedJoins } from './streamed-join.ts'

const RUNS = Number(process.env.STREAM_RUNS ?? 1000)

const all: StreamOptions = {
  late: true,
  faults,
  silences: true,
  grace: { min: 0, max: 6 },
  maxLength: 40,
}

test(`${RUNS} random streams give the rows and rejects of a nested loop over all records`, async () => {
  const joins = await StreamedJoins.open(true)
  const seen = { matches: 0, left: 0, right: 0 }
  await fc.assert(
    fc.asyncProperty(randomStreams(all), async (stream) => {
      for (const row of await joins.agree(stream)) {
        if (row.startsWith('-')) seen.right++
        else if (row.endsWith('-')) seen.left++
        else seen.matches++
      }
    }),
    { numRuns: RUNS },
  )
  for (const count of Object.values(seen)) assert.ok(count > RUNS / 4, JSON.stringify(seen))
})
