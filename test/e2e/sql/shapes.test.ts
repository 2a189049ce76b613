/** Shapes of pipelines beside SQL over the same tables, through more instances, fewer, deaths and lost state. */
import { test } from 'node:test'
import { BOTH_SIDES } from './both-sides.ts'
import { chain } from './chain.ts'
import { REFUNDS } from './refunds.ts'
import { TRIPS } from './trips.ts'
import { type Shape, SqlWorld } from './world.ts'

/** From one instance to three, one of which is killed, to two, one of which has lost what it held. */
async function expectSql(shape: Shape): Promise<void> {
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

test('both sides of another key, outer, with conditions, derived fields and a chain of look-ups: as SQL has it', () =>
  expectSql(BOTH_SIDES))

test('a left join after an outer one: as SQL has it', () => expectSql(chain('outer', 'left')))

test('an outer join after an inner one: as SQL has it', () => expectSql(chain('inner', 'outer')))

test('facts joined by a column of their rows, with the row of their time, left: as SQL has it', () =>
  expectSql(TRIPS))

test('joins by three keys, one of which is of an earlier join’s records, left, outer and left: as SQL has it', () =>
  expectSql(REFUNDS))
