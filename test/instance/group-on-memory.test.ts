/** Instances without state on a Kafka in memory, whose group has no rest: a partition has one owner that commits, and each fact comes out once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { alone } from '../commit/random-facts.ts'
import type { OffsetEvent } from '../support/memory-broker/group-offsets.ts'
import { played } from './memory-instances.ts'
import { started, stepsOf } from './random-actions.ts'

/** More of them where somebody has the time. */
const RUNS = Number(process.env.GROUP_RUNS ?? 20)

const steps = stepsOf(
  { put: 6, start: 5, stop: 3, cut: 4, hear: 3, fault: 6, half: 1, release: 1 },
  25,
)

/**
 * Whoever commits an offset of a partition goes on from the one before, which it was told or has committed itself: so no
 * other has taken records in between. Who asks late, when the partition is another's again, may be told, and commits nothing.
 * @returns how often a partition has gone to another
 */
function assertOneOwner(events: readonly OffsetEvent[]): number {
  const ends = new Map<number, number>()
  const asked = new Map<number, string>()
  /** By client and partition. */
  const known = new Map<string, number>()
  let moves = 0
  for (const { what, clientId, partition, offset } of events) {
    const mine = `${clientId} ${partition}`
    const end = ends.get(partition) ?? -1
    if (what === 'told') {
      if ((asked.get(partition) ?? clientId) !== clientId) moves++
      asked.set(partition, clientId)
      assert.equal(offset, end, `${clientId} is told of another offset`)
    } else {
      assert.equal(known.get(mine), end, `${clientId} commits ${partition}, where another has`)
      assert.ok(offset >= end, `partition ${partition} goes back to ${offset}`)
      ends.set(partition, offset)
    }
    known.set(mine, offset)
  }
  return moves
}

test('whoever joins, leaves, comes back and is lost, a partition has one owner that commits, and each fact comes out once', async () => {
  let moves = 0
  const property = fc.asyncProperty(alone(120), steps, async ({ records }, list) => {
    const instances = await played(null, records, [...started(['a', 'b']), ...list])
    try {
      moves += assertOneOwner(instances.offsets)
    } finally {
      await instances.close()
    }
  })
  await fc.assert(property, { numRuns: RUNS, endOnFailure: true })
  assert.ok(moves > RUNS, `${moves} partitions have moved`)
})
