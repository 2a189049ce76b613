import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Member } from '../../../src/instance/membership.ts'
import { GroupView, type Summary } from '../../../src/watch/status/group-view.ts'
import type { ServiceParts } from '../../../src/watch/status/parts.ts'

const pace = {
  facts: 100,
  right: 50,
  output: 40,
  rejects: 1,
  late: 0,
  unmatched: 0,
  enriched: 99,
  epochs: 10,
  latencyP50Ms: 20,
  latencyP99Ms: 80,
  lagRecords: 7,
  lagMs: 300,
}

const summary = (instance: string, more: Partial<typeof pace> = {}): Summary => ({
  instance,
  version: '1',
  state: 'running',
  at: 1,
  since: 0,
  verdict: { verdict: 'works', text: 'fine', since: 0 },
  tasks: 2,
  pace: { ...pace, ...more },
})

const member = (
  instance: string,
  address: string | null,
  partitions: readonly number[],
): Member => ({
  instance,
  address,
  host: `host-of-${instance}`,
  topics: ['orders'],
  version: '1',
  partitions,
})

interface Seen {
  readonly known: boolean
  readonly instances: readonly { instance: string; summary: Summary | null; error: string | null }[]
  readonly gone: readonly { name: string; partitions: readonly number[]; lastSeenAt: number }[]
  readonly unowned: readonly number[]
  readonly total: Partial<typeof pace>
}

/** @returns its address; it answers each request with the body, or never */
async function peer(t: TestContext, status: number, body?: object): Promise<string> {
  const asked = createServer((_request, response) => {
    if (body === undefined) return
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => asked.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    asked.closeAllConnections()
    asked.close()
  })
  return `127.0.0.1:${(asked.address() as AddressInfo).port}`
}

function groupOf(t: TestContext, partitions = 6) {
  let members: readonly Member[] = []
  let now = 1_000_000
  const group = new GroupView({
    parts: { instanceId: 'a', partitions } as unknown as ServiceParts,
    members: async () => members,
    own: () => summary('a'),
    now: () => now,
  })
  t.after(() => group.close())
  return {
    are: (...all: readonly Member[]) => {
      members = all
    },
    pass: (minutes: number) => {
      now += minutes * 60_000
    },
    view: async () => (await group.view()) as Seen,
  }
}

test('every instance tells its figures, and they are summed: of times the worst counts', async (t) => {
  const group = groupOf(t)
  const address = await peer(t, 200, summary('b', { facts: 11, latencyP99Ms: 900, lagMs: 5 }))
  group.are(member('a', 'self:1', [0, 1, 2]), member('b', address, [3, 4, 5]))
  const { instances, total, gone, unowned, known } = await group.view()
  assert.deepEqual(
    instances.map(({ instance, summary: told }) => [instance, told?.pace.facts]),
    [
      ['a', 100],
      ['b', 11],
    ],
  )
  const { facts, lagRecords, latencyP99Ms, lagMs } = total
  assert.deepEqual([facts, lagRecords, latencyP99Ms, lagMs], [111, 14, 900, 300])
  assert.deepEqual([known, gone, unowned], [true, [], []])
})

test('one that is silent, refuses, is not there or cannot be asked says why, within a good second', async (t) => {
  const group = groupOf(t)
  const silent = await peer(t, 200)
  const refusing = await peer(t, 404, {})
  const other = await peer(t, 200, summary('b'))
  const strange = await peer(t, 200, { hello: 'world' })
  group.are(
    member('a', 'self:1', [0, 1, 2, 3, 4, 5]),
    member('b', silent, []),
    member('c', refusing, []),
    member('d', '127.0.0.1:1', []),
    member('e', null, []),
    member('f', other, []),
    member('g', strange, []),
  )
  const begun = performance.now()
  const { instances, total } = await group.view()
  assert.ok(performance.now() - begun < 2500)
  assert.deepEqual(
    instances.map(({ error }) => error),
    [
      null,
      'no answer within 1 s',
      'it answers 404',
      'no answer: ECONNREFUSED',
      'its version does not tell its address',
      'b answers at its address',
      'it answers something else',
    ],
  )
  assert.equal(total.facts, 100, 'of those that answer')
})

test('one that has left is told of for an hour, with the tasks that it had, until it is back', async (t) => {
  const group = groupOf(t)
  const a = member('a', 'self:1', [0, 1, 2])
  group.are(a, member('b', '127.0.0.1:1', [3, 4, 5]))
  await group.view()
  group.pass(4)
  group.are(a)
  const { gone, unowned } = await group.view()
  const told = gone.map(({ lastSeenAt: _, ...one }) => one)
  assert.deepEqual(told, [{ name: 'b', address: '127.0.0.1:1', partitions: [3, 4, 5] }])
  assert.ok(Math.abs(Date.now() - 4 * 60_000 - gone[0].lastSeenAt) < 5000)
  assert.deepEqual(unowned, [3, 4, 5])
  group.are(a, member('b', '127.0.0.1:1', [3, 4, 5]))
  assert.deepEqual((await group.view()).gone, [])
  group.pass(4)
  group.are(a)
  assert.equal((await group.view()).gone.length, 1)
  group.pass(61)
  assert.deepEqual((await group.view()).gone, [])
})

test('one that comes back under another name at the same address has not gone', async (t) => {
  const group = groupOf(t)
  const a = member('a', 'self:1', [0, 1, 2])
  group.are(a, member('b', '127.0.0.1:1', [3, 4, 5]))
  await group.view()
  group.are(a, member('b-again', '127.0.0.1:1', [3, 4, 5]))
  assert.deepEqual((await group.view()).gone, [])
})

test('while the group is not known nobody has gone, and no task is without one', async (t) => {
  const group = groupOf(t)
  group.are(member('a', 'self:1', [0]), member('b', '127.0.0.1:1', [1]))
  await group.view()
  group.are()
  const { known, gone, unowned, instances } = await group.view()
  assert.deepEqual([known, gone, unowned, instances], [false, [], [], []])
})
