import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Commits } from '../../src/commit/commits.ts'

test('however many ask, commits go one after the other, each in full, also behind one that fails', async () => {
  let underWay = 0
  let begun = 0
  const commits = new Commits(async () => {
    const mine = ++begun
    assert.equal(++underWay, 1)
    await sleep(mine % 3)
    underWay--
    if (mine % 4 === 2) throw new Error(`${mine} fails`)
  })
  const asked = Array.from({ length: 20 }, () => commits.next())
  const ends = await Promise.allSettled(asked)
  assert.equal(begun, 20)
  assert.equal(ends.filter(({ status }) => status === 'rejected').length, 5)
  assert.equal(commits.busy, false)
  await commits.idle()
})
