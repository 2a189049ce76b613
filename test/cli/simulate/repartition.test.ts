/** Test cases of sides that are keyed otherwise: the stages are played, so records have the keys that they have. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NaiveJoin, rowText } from '../../window/model.ts'
import { type RandomStream, randomStreams, type StreamRecord } from '../../window/random-streams.ts'
import { joinedBy, type KeyedOtherwise, rowOf, SimulatedJoin } from './join/simulated-join.ts'

const streams = randomStreams({
  late: false,
  faults: [],
  silences: false,
  grace: { min: 0, max: 6 },
  maxLength: 40,
})

/** Row, key, time and headers of all that comes out in the end. */
async function agrees({ times, steps }: RandomStream, keyed: KeyedOtherwise): Promise<void> {
  const records = steps as readonly StreamRecord[]
  const model = new NaiveJoin(times)
  for (const record of joinedBy(keyed, records)) model.take(record)
  model.closeAll()
  const expected = model.rows.map(({ left, right }) => {
    const time = Math.max(...[left, right].flatMap((record) => record?.time ?? []))
    const { key, id } = (left ?? right)!
    const shown = key.startsWith('none') ? null : keyed === 'derived' ? `${key}!` : key
    return `${rowText({ left, right })} ${shown} ${time} ${id}`
  })
  const simulated = await SimulatedJoin.open(times, false, keyed)
  try {
    for (const record of records) await simulated.take(record)
    await simulated.take('silence')
    const came = simulated.outputs.map(
      ({ value, key, timestamp, headers }) =>
        `${rowOf(value)} ${key} ${timestamp} ${headers.record}`,
    )
    assert.deepEqual(came.sort(), expected.sort())
    assert.deepEqual(simulated.simulation.effects.rejects, [])
  } finally {
    await simulated.close()
  }
}

const columns = fc
  .record({ a: oneOf(), b: oneOf(), c: oneOf() })
  .map((column): KeyedOtherwise => ({ column }))
const whose: Readonly<Record<string, fc.Arbitrary<KeyedOtherwise>>> = {
  facts: fc.constant('facts'),
  right: fc.constant('right'),
  both: fc.constant('both'),
  'derived fields of both': fc.constant('derived'),
  'a column of the facts’ rows': columns,
}

function oneOf(): fc.Arbitrary<string | null> {
  return fc.constantFrom('a', 'b', 'c', null)
}

for (const [name, keyed] of Object.entries(whose)) {
  test(`keyed otherwise (${name}), streams in order give what a nested loop over all records gives`, async () => {
    const property = fc.asyncProperty(streams, keyed, (stream, by) => agrees(stream, by))
    await fc.assert(property, { numRuns: 25 })
  })
}
