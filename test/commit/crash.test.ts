/**
 * A process dies, or stands still, at every await of a commit. What it does between two steps outside, a request, an
 * answer, a write to its disk, nobody sees; so those steps are all the places there are, and they are counted, not sampled.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { begun } from './begun.ts'
import { MemoryWorld } from './memory-world.ts'
import type { Owner } from './owner.ts'
import { alone, joined, LAST, ONCE, withLast } from './random-facts.ts'

/** Streams for each way to go on; more of them where somebody has the time. */
const RUNS = Number(process.env.CRASH_RUNS ?? 1)
/** More than any commit here has. */
const MOST_STEPS = 400
/** There and back: AddPartitionsToTxn, Produce, AddOffsetsToTxn, TxnOffsetCommit, EndTxn. */
const LEAST_STEPS = 10
/** Of a transaction, as the coordinator times it. */
const TIMEOUT_MS = 10_000

/** Who goes on, and how the transaction ends that the first process has left open. */
type Successor = (world: MemoryWorld) => Promise<Owner>

const successors: readonly (readonly [string, Successor])[] = [
  ['it starts again', async (world) => world.owner('a')],
  [
    'another one fences it',
    async (world) => {
      const owner = world.owner('b')
      await owner.fence('a')
      return owner
    },
  ],
  [
    'its transaction times out',
    async (world) => {
      world.kafka.advance(TIMEOUT_MS + 1)
      return world.owner('b')
    },
  ],
]

/** Plays it for every step of the commit. @returns how many there are */
async function atEveryStep(play: (step: number) => Promise<boolean>): Promise<number> {
  for (let step = 0; step < MOST_STEPS; step++) if (await play(step)) return step
  assert.fail(`The commit has not ended after ${MOST_STEPS} steps`)
}

const KINDS = [
  ['a join', joined(36)],
  ['facts that are joined with nothing', alone(50)],
] as const

for (const [what, facts] of KINDS) {
  for (const [how, succeed] of successors) {
    test(`a process dies at any await of a commit of ${what}, and ${how}: each row and each reject comes out once`, async () => {
      let most = 0
      const property = fc.asyncProperty(facts, async (some) => {
        const steps = await atEveryStep(async (step) => {
          const { world, owner: first } = await begun(some)
          first.life.stopAfter(step)
          const isAlive = await first.life.outlives(first.commit())
          const next = isAlive ? first : await succeed(world)
          if (!isAlive) await next.take()
          await world.assertFinished(next)
          return isAlive
        })
        most = Math.max(most, steps)
      })
      await fc.assert(property, { numRuns: RUNS, ...ONCE })
      assert.ok(most >= LEAST_STEPS, `${most} steps`)
    })
  }

  test(`a process stands still at any await of a commit of ${what}, and goes on when another has its tasks: it changes nothing`, async () => {
    const property = fc.asyncProperty(facts, async (some) => {
      await atEveryStep(async (step) => {
        const { world, owner: first } = await begun(some)
        first.life.stopAfter(step)
        const commit = first.commits.next(false)
        if (await first.life.outlives(commit)) return true
        const next = world.owner('b')
        await next.fence('a')
        await next.take()
        await next.work()
        first.life.goOn()
        await Promise.allSettled([commit])
        await world.assertFinished(next)
        return false
      })
    })
    await fc.assert(property, { numRuns: RUNS, ...ONCE })
  })
}

interface Move {
  /** So many more records are there. */
  readonly put: number
  readonly commits: boolean
  /** Of all tasks together, from now on. */
  readonly pageBytes: number
  readonly epochBytes: number
  /** Others leave their offsets in the changelog. */
  readonly isDisturbed: boolean
  readonly fate: 'goes on' | 'stops' | 'is killed' | 'dies on the way'
  /** So many steps on the way. */
  readonly steps: number
  /** Where the next process runs, and whether a machine that is left is fenced; else its transaction times out. */
  readonly machine: string
  readonly isFenced: boolean
}

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.record({
    put: fc.nat(12),
    commits: fc.nat(3).map((n) => n > 0),
    pageBytes: fc.constantFrom(0, 20_000, 1 << 30),
    epochBytes: fc.constantFrom(2000, 1 << 20),
    isDisturbed: fc.nat(5).map((n) => n === 0),
    fate: fc.constantFrom<Move['fate']>(
      'goes on',
      'goes on',
      'stops',
      'is killed',
      'dies on the way',
    ),
    steps: fc.nat(80),
    machine: fc.constantFrom('a', 'b'),
    isFenced: fc.boolean(),
  }),
  { minLength: 5, maxLength: 15, size: 'max' },
)

/** @returns who goes on, whether or not it has the tasks already */
async function moved(world: MemoryWorld, owner: Owner, move: Move): Promise<Owner> {
  world.pageBytes = move.pageBytes
  world.epochBytes = move.epochBytes
  if (move.isDisturbed) await world.disturb()
  await world.put(Math.min(move.put, world.left - LAST))
  if (move.fate === 'dies on the way') owner.life.stopAfter(move.steps)
  const work = async (): Promise<void> => {
    if (owner.tasks.length === 0) await owner.take()
    if (move.commits) await owner.work()
    else await owner.process(true)
    if (move.fate === 'stops') await owner.putDown()
  }
  const isAlive = await owner.life.outlives(work())
  if (isAlive && move.fate !== 'is killed' && move.fate !== 'stops') return owner
  const next = world.owner(move.machine)
  if (move.machine === owner.machine) return next
  if (move.isFenced) await next.fence(owner.machine)
  else world.kafka.advance(TIMEOUT_MS + 1)
  return next
}

for (const [what, facts] of KINDS) {
  test(`whatever stops, dies and moves on the way of ${what}, also while the tasks are taken, each row and each reject comes out once`, async () => {
    const property = fc.asyncProperty(facts.map(withLast), moves, async (some, list) => {
      const world = await MemoryWorld.open(some.times, some.records)
      let owner = world.owner('a')
      for (const move of list) owner = await moved(world, owner, move)
      if (owner.tasks.length === 0) await owner.take()
      await world.assertFinished(owner)
      await owner.assertExpired(some.lastTime)
    })
    await fc.assert(property, { numRuns: 20 * RUNS, ...ONCE })
  })
}
