/** What a member makes of refusals, over a broker that answers as the test says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClusterGroup } from '../../src/broker/group.ts'
import { MemberAssignment } from '../../src/broker/kafkajs.ts'
import type { GroupEvents } from '../../src/broker/port.ts'
import { codeOf, EnricherError, messageOf } from '../../src/errors.ts'
import type { Log } from '../../src/events.ts'
import { FakeCluster, type Script } from './fake-cluster.ts'

const quiet: Log = { event() {} } as unknown as Log
const JOINED = { generationId: 1, leaderId: 'other', memberId: 'm', members: [] }
const SYNCED = {
  memberAssignment: MemberAssignment.encode({ version: 1, assignment: { orders: [0] } }),
}
const STARTS: Script = { JoinGroup: [JOINED], SyncGroup: [SYNCED] }

function memberOn(script: Script, events: Partial<GroupEvents> = {}) {
  const fake = new FakeCluster(script)
  const options = {
    groupId: 'job',
    stages: [{ topics: ['orders', 'payments'], partitions: 1 }],
    instanceId: null,
    sessionTimeoutMs: 60,
    rebalanceTimeoutMs: 60,
  }
  let fatal: (error: unknown) => void = () => {}
  const ended = new Promise<unknown>((resolve) => {
    fatal = resolve
  })
  const group = new ClusterGroup(
    fake.cluster(),
    options,
    {
      userData: () => Buffer.alloc(0),
      assign: () => new Map(),
      beforeJoin: async () => {},
      onAssigned: async () => {},
      onLost: async () => {},
      onFatal: fatal,
      ...events,
    },
    quiet,
  )
  group.start()
  return { fake, group, ended }
}

/** By the code that a join is answered with: ours, and what the sentence says. */
const REFUSALS: readonly [number, string, RegExp][] = [
  [23, 'GROUP_TAKEN', /group job is used by another kind of client/],
  [24, 'BROKER_REFUSED', /no group of the name job/],
  [26, 'BROKER_REFUSED', /kafka\.sessionTimeout; set it between group\.min/],
  [30, 'NOT_AUTHORIZED', /Read on the group job/],
  [81, 'BROKER_REFUSED', /group\.max\.size/],
  [35, 'BROKER_REFUSED', /UNSUPPORTED_VERSION/],
]

for (const [code, ours, sentence] of REFUSALS) {
  test(`a join that is refused with code ${code} is asked once, and ends with a sentence`, async () => {
    const { fake, group, ended } = memberOn({ JoinGroup: [code] })
    const error = await ended
    assert.equal(codeOf(error), ours)
    assert.match(messageOf(error), sentence)
    assert.equal(fake.count('JoinGroup'), 1)
    await group.close()
  })
}

test('a group of consumers of the newer protocol has no leader, and is taken, too', async () => {
  const { fake, group, ended } = memberOn({ JoinGroup: [{ ...JOINED, leaderId: '' }] })
  assert.equal(codeOf(await ended), 'GROUP_TAKEN')
  assert.equal(fake.count('LeaveGroup'), 1, 'what it was given goes back to the others at once')
  await group.close()
})

test('a coordinator that loads is asked again', async () => {
  const assigned = new Promise<readonly number[]>((resolve) => {
    const { group } = memberOn(
      { ...STARTS, JoinGroup: [14, JOINED] },
      {
        async onAssigned(partitions) {
          resolve(partitions)
          setImmediate(() => group.close())
        },
      },
    )
  })
  assert.deepEqual(await assigned, [0])
})

test('what an assignment fails with ends the process, and disturbs the group no further', async () => {
  const refused = new EnricherError('NOT_AUTHORIZED', 'No right')
  const { fake, group, ended } = memberOn(STARTS, {
    async onAssigned() {
      throw refused
    },
  })
  assert.equal(await ended, refused)
  await sleep(400)
  assert.equal(fake.count('JoinGroup'), 1)
  await group.close()
})

test('heartbeats go on while an assignment takes its time', async () => {
  let isOver = false
  const { fake, group } = memberOn(STARTS, {
    async onAssigned() {
      await sleep(300)
      isOver = true
    },
  })
  await sleep(250)
  assert.equal(isOver, false)
  assert.ok(fake.count('Heartbeat') >= 5, String(fake.count('Heartbeat')))
  await group.close()
})

test('a rebalance that begins during an assignment waits for its end', async () => {
  const order: string[] = []
  const { group } = memberOn(
    { ...STARTS, Heartbeat: [27, {}] },
    {
      async beforeJoin() {
        order.push('join')
      },
      async onAssigned() {
        order.push('begin')
        await sleep(100)
        order.push('end')
      },
    },
  )
  await sleep(170)
  assert.deepEqual(order.slice(0, 5), ['join', 'begin', 'end', 'join', 'begin'])
  await group.close()
})
