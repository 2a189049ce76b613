/** Records of a changelog are deleted, or the whole topic: a task goes on as if nothing had been, or says that its state is lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { codeOf } from '../../src/errors.ts'
import { committedIn } from '../support/memory-outputs.ts'
import { CHANGELOG, MemoryWorld } from './memory-world.ts'
import type { Owner } from './owner.ts'
import { alone, type Facts, joined, ONCE } from './random-facts.ts'

const RUNS = Number(process.env.CRASH_RUNS ?? 1)

interface Loss {
  /** So many of the stream are committed before, each part in an epoch of its own. */
  readonly epochs: readonly number[]
  readonly what: 'made anew' | 'emptied' | 'cut'
  /** Of a cut: how far, from the head of each partition to its end. */
  readonly share: number
  readonly isStoreKept: boolean
}

const losses: fc.Arbitrary<Loss> = fc.record({
  epochs: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 8 }),
  what: fc.constantFrom<Loss['what']>('made anew', 'emptied', 'cut', 'cut', 'cut'),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  isStoreKept: fc.boolean(),
})

/** Of a partition of the changelog, before it loses anything. */
interface Before {
  /** Of its last record that is committed; -1: there is none. */
  readonly last: number
  /** Of the first record that has a page which is still needed; infinite: none has. */
  readonly needed: number
}

const beforeOf = ({ kafka }: MemoryWorld, { tasks }: Owner): Promise<Before[]> =>
  Promise.all(
    tasks.map(async ({ partition, state }) => {
      const columns = await committedIn(kafka.topics.log({ topic: CHANGELOG, partition }))
      const last = columns.length === 0 ? -1 : columns.offsets[columns.length - 1]
      return { last, needed: state!.heads.offset(Number.POSITIVE_INFINITY) }
    }),
  )

/** @returns the offsets that partitions of the changelog have lost all before */
function lose({ kafka, partitions }: MemoryWorld, { what, share }: Loss): number[] {
  if (what === 'made anew') {
    kafka.topics.delete(CHANGELOG)
    kafka.topics.create(CHANGELOG, partitions, {})
    return new Array(partitions).fill(Number.POSITIVE_INFINITY)
  }
  return Array.from({ length: partitions }, (_, partition) => {
    const log = kafka.topics.log({ topic: CHANGELOG, partition })
    const cut = what === 'emptied' ? log.end : log.start + Math.round(share * (log.end - log.start))
    log.deleteBefore(cut)
    return cut
  })
}

/** Whether a task cannot go on. A window alone knows from which time on records are late. */
function isLost({ last, needed }: Before, cut: number, keeps: boolean, joins: boolean): boolean {
  const needsPages = needed < Number.POSITIVE_INFINITY
  if (cut > last) return last >= 0 && (joins || needsPages)
  return needsPages && cut > needed && !keeps
}

async function play(facts: Facts, loss: Loss): Promise<'refused' | 'taken'> {
  const world = await MemoryWorld.open(facts.times, facts.records, true)
  const owner = world.owner('a')
  await owner.take()
  for (const count of loss.epochs) {
    await world.put(count)
    await owner.work()
  }
  const before = await beforeOf(world, owner)
  await owner.putDown()
  const cuts = lose(world, loss)
  const next = world.owner(loss.isStoreKept ? 'a' : 'b')
  const joins = facts.times !== null
  const expected = before.some((of, p) => isLost(of, cuts[p], loss.isStoreKept, joins))
  const error = await next.take().then(
    () => undefined,
    (raised) => raised,
  )
  assert.equal(codeOf(error), expected ? 'STATE_LOST' : undefined, error?.stack)
  if (expected) return 'refused'
  await world.assertFinished(next)
  return 'taken'
}

for (const [what, facts] of [
  ['a join with facts that wait', joined(36)],
  ['facts that wait and are joined with nothing', alone(50)],
] as const) {
  test(`whatever is deleted of the changelog of ${what}, with or without its stores, the tasks say so where it was needed, and else each row and each reject comes out once`, async () => {
    const seen = { refused: 0, taken: 0 }
    const property = fc.asyncProperty(facts, losses, async (some, loss) => {
      seen[await play(some, loss)]++
    })
    await fc.assert(property, { numRuns: 60 * RUNS, ...ONCE })
    assert.ok(seen.refused > 0 && seen.taken > 0, JSON.stringify(seen))
  })
}
