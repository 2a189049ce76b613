import { type Shape, SqlWorld } from './world.ts'

/** From one instance to three, one of which is killed, to two, one of which has lost what it held. */
export async function expectSql(shape: Shape): Promise<void> {
  const world = await SqlWorld.create(shape)
  try {
    const first = await world.start('a')
    await world.send()
    const second = await world.start('b')
    const third = await world.start('c')
    await world.taken()
    await world.send()
    await second.kill()
    await world.taken()
    await world.send()
    await third.stop()
    world.loseState('b')
    await world.start('b')
    await world.taken()
    await world.send()
    await first.kill()
    await world.start('a')
    await world.taken()
    await world.send()
    await world.taken()
    await world.sendEnd()
    await world.expectRows()
  } finally {
    await world.close()
  }
}
