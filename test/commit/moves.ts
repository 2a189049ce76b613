/** What becomes of a process and its tasks, for tests of commits that end in the middle. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { MemoryWorld } from './memory-world.ts'
import type { Owner } from './owner.ts'
import { LAST } from './random-facts.ts'

/** More than any commit here has. */
const MOST_STEPS = 400
/** Of a transaction, as the coordinator times it. */
const TIMEOUT_MS = 10_000

/** Who goes on, and how the transaction ends that the first process has left open. */
type Successor = (world: MemoryWorld) => Promise<Owner>

export const successors: readonly (readonly [string, Successor])[] = [
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
export async function atEveryStep(play: (step: number) => Promise<boolean>): Promise<number> {
  for (let step = 0; step < MOST_STEPS; step++) if (await play(step)) return step
  assert.fail(`The commit has not ended after ${MOST_STEPS} steps`)
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

export const moves: fc.Arbitrary<Move[]> = fc.array(
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
export async function moved(world: MemoryWorld, owner: Owner, move: Move): Promise<Owner> {
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
