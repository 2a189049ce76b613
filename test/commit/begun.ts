import { MemoryWorld } from './memory-world.ts'
import type { Owner } from './owner.ts'
import type { Facts } from './random-facts.ts'

/** A world whose owner has committed an epoch, and has filled another; what the one behind that will have can be read. */
export async function begun(
  { times, records }: Facts,
  waits = false,
): Promise<{ world: MemoryWorld; owner: Owner }> {
  const world = await MemoryWorld.open(times, records, waits)
  // What is committed goes to the disk at once.
  world.pageBytes = 0
  const owner = world.owner('a')
  await owner.take()
  const third = Math.ceil(records.length / 3)
  await world.put(third)
  await owner.work()
  await world.put(third)
  await owner.process(true)
  await world.put(Math.ceil(third / 2))
  return { world, owner }
}
