/** Shapes of pipelines beside SQL over the same tables, through more instances, fewer, deaths and lost state. */
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BOTH_SIDES } from './both-sides.ts'
import { type Shape, SqlWorld } from './world.ts'

/** From one instance to three, one of which is killed, to two, one of which has lost what it held. */
async function expectSql(shape: Shape): Promise<void> {
  const world = await SqlWorld.create(shape)
  try {
    const first = await world.start('a')
    await world.send(0.2)
    const second = await world.start('b')
    const third = await world.start('c')
    await world.send(0.4)
    await sleep(500)
    await second.kill()
    await world.send(0.6)
    await third.stop()
    world.loseState('b')
    await world.start('b')
    await world.send(0.8)
    await first.kill()
    await world.start('a')
    await world.send(1)
    await world.expectRows()
  } finally {
    await world.close()
  }
}

test('both sides of another key, outer, with conditions, derived fields and a chain of look-ups: as SQL has it', () =>
  expectSql(BOTH_SIDES))
