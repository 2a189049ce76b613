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
 * Who was the last to be told where a partition goes on is its owner: nobody else’s offsets of it are committed any more,
 * and none goes back.
 * @returns how often a partition has had another owner
 */
function assertOneOwner(events: readonly OffsetEvent[]): number {
  const owners = new Map<number, string>()
  const ends = new Map<number, number>()
  let moves = 0
  for (const { what, clientId, partition, offset } of events) {
    if (what === 'told') {
      if ((owners.get(partition) ?? clientId) !== clientId) moves++
      owners.set(partition, clientId)
      assert.equal(offset, ends.get(partition) ?? -1, `${clientId} is told of another offset`)
      continue
    }
    assert.equal(
      clientId,
      owners.get(partition),
      `${clientId} commits ${partition}, and owns it not`,
    )
    assert.ok(offset >= (ends.get(partition) ?? 0), `partition ${partition} goes back to ${offset}`)
    ends.set(partition, offset)
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
