import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Group } from '../../src/broker/port.ts'
import { Commits } from '../../src/commit/commits.ts'
import type { RunnableTask } from '../../src/task/task.ts'

/** Commits of one task, by what `commit` does in place of the epochs. */
function commitsBy(commit: () => Promise<boolean>, onCommitted: (isSome: boolean) => void) {
  const group = {} as Group
  const task = {} as RunnableTask
  return new Commits({
    epochs: {
      async commit(tasks, given) {
        assert.deepEqual([tasks, given], [[task], group])
        return commit()
      },
    },
    group,
    tasks: () => [task],
    onCommitted,
  })
}

test('however many ask, commits go one after the other, each in full, also behind one that fails', async () => {
  let underWay = 0
  let begun = 0
  const told: boolean[] = []
  const commit = async (): Promise<boolean> => {
    const mine = ++begun
    assert.equal(++underWay, 1)
    await sleep(mine % 3)
    underWay--
    if (mine % 4 === 2) throw new Error(`${mine} fails`)
    return mine % 4 === 0
  }
  const commits = commitsBy(commit, (isSome) => told.push(isSome))
  const asked = Array.from({ length: 20 }, () => commits.next(false))
  const ends = await Promise.allSettled(asked)
  assert.equal(begun, 20)
  assert.equal(ends.filter(({ status }) => status === 'rejected').length, 5)
  assert.deepEqual([told.length, told.filter((isSome) => isSome).length], [15, 5])
  assert.equal(commits.busy, false)
  await commits.idle()
})

test('who waits for the end of a commit that fails goes on after who was told that it fails', async () => {
  const order: string[] = []
  const commits = commitsBy(async () => {
    await sleep(5)
    throw new Error('fails')
  }, String)
  const told = commits.next(false).catch(() => order.push('told'))
  await commits.idle()
  order.push('idle')
  await told
  assert.deepEqual(order, ['told', 'idle'])
})
