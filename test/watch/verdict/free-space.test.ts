import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { FreeSpace, isLittle } from '../../../src/watch/verdict/free-space.ts'
import { judge } from '../../../src/watch/verdict/judge.ts'
import { Recent } from '../../../src/watch/verdict/recent.ts'

const GIB = 2 ** 30

test('little is less than a twentieth of a volume, or than 1 GiB of a large one', () => {
  assert.equal(isLittle({ free: 0.4 * GIB, total: 10 * GIB }), true)
  assert.equal(isLittle({ free: 0.6 * GIB, total: 10 * GIB }), false)
  assert.equal(isLittle({ free: 0.9 * GIB, total: 1000 * GIB }), true)
  assert.equal(isLittle({ free: 1.1 * GIB, total: 1000 * GIB }), false)
})

test('what is free is asked of the disk; of a folder that is not there nothing is known', async () => {
  const here = new FreeSpace(tmpdir())
  assert.equal(here.space, undefined)
  await here.look()
  assert.ok(here.space!.total > 0 && here.space!.free <= here.space!.total)
  const nowhere = new FreeSpace('/no/such/folder')
  await nowhere.look()
  assert.equal(nowhere.space, undefined)
})

test('a disk that is nearly full is a reason, with how much is left', () => {
  const figures = {
    at: 0,
    taken: new Map(),
    losses: new Map(),
    lookUps: [],
    joins: [{ taken: [0, 0], matches: 0, keysFound: 0, closed: [0, 0] }],
  }
  const found = (free: number) =>
    judge(figures, new Recent(figures), {
      waits: [],
      paused: false,
      silentMs: 0,
      failing: undefined,
      registryAway: undefined,
      disk: { folder: '/state', space: { free, total: 10 * GIB } },
      tasks: 0,
      waiting: [],
      undecided: [],
      notRead: [],
      rivals: [],
      silence: undefined,
    }).map(({ reason, text }) => [reason, text])
  assert.deepEqual(found(2 * GIB), [])
  assert.deepEqual(found(GIB / 8), [['disk_full', '128 MiB of 10.0 GiB are free in /state']])
})
