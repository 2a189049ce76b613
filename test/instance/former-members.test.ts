import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/broker/port.ts'
import { FormerMembers } from '../../src/instance/former-members.ts'

test('whoever is gone from the group is fenced once, by one of those that stay, and one that cannot be is told of', async () => {
  const done: string[] = []
  const producer = ({ transactionalId }: { transactionalId: string }) => ({
    async init() {
      done.push(`init ${transactionalId}`)
      if (transactionalId.endsWith('bad')) throw new Error('No right')
    },
    async close() {
      done.push(`close ${transactionalId}`)
    },
  })
  const told: unknown[] = []
  const log = { event: (name: string, fields: object) => told.push([name, fields]) }
  const broker = { producer } as unknown as Pick<Broker, 'producer'>
  const former = new FormerMembers(broker, 'job', 'a', log as never)

  await former.ended(['a', 'b', 'bad'])
  assert.deepEqual(done, [])
  await former.ended(['c', 'a'])
  assert.deepEqual(done.sort(), ['close job-b', 'close job-bad', 'init job-b', 'init job-bad'])
  const fields = { err: new Error('No right'), transactionalId: 'job-bad' }
  assert.deepEqual(told, [['former_member_not_fenced', fields]])
  await former.ended(['a', 'c'])
  assert.equal(done.length, 4)
  const other = new FormerMembers(broker, 'job', 'c', log as never)
  await other.ended(['a', 'b', 'c'])
  await other.ended(['c', 'a'])
  assert.equal(done.length, 4, 'that was for a to do')
  await other.ended(['c', 'd'])
  assert.deepEqual(done.slice(4), ['init job-a', 'close job-a'])
})
