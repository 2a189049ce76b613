import assert from 'node:assert/strict'
import { bothHaveParts, Member, SESSION_MS } from './member.ts'
import { type OpenKafka, onKafka, refusedWith, type Setting } from './setting.ts'

/** Two members of a group that share two partitions. */
async function pair(on: Setting, instanceId: string | null = null): Promise<[Member, Member]> {
  const topic = await on.topic(2)
  const groupId = on.name('group')
  const first = await Member.join(on, { topic, groupId, partitions: 2 })
  await first.assigned([0, 1])
  const second = await Member.join(on, { topic, groupId, partitions: 2, instanceId })
  await bothHaveParts(on, first, second)
  return [first, second]
}

export function membersKeepTheContract(open: OpenKafka): void {
  onKafka('a member alone gets everything, after a hook before its join', open, async (on) => {
    const topic = await on.topic(3)
    const member = await Member.join(on, { topic, partitions: 3 })
    await member.assigned([0, 1, 2])
    assert.equal(member.assignedIn, 1)
    assert.equal(member.told.at(0), 'beforeJoin')
    assert.equal(member.told.at(-1), 'assigned 0,1,2')
    const members = await member.group.members()
    assert.deepEqual(
      members.map(({ memberId, topics, tasks }) => [memberId, topics, tasks]),
      [[member.group.membership().memberId, [topic], [0, 1, 2]]],
    )
  })

  onKafka(
    'no generation ends before its members’ hooks have, and until then they commit',
    open,
    async (on) => {
      const topic = await on.topic(2)
      const groupId = on.name('group')
      const first = await Member.join(on, { topic, groupId, partitions: 2 })
      await first.assigned([0, 1])
      let release: () => void = () => {}
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      first.beforeJoin = () => held
      const joins = first.told.length
      const second = await Member.join(on, { topic, groupId, partitions: 2 })
      await on.eventually('it is to join', () => first.told.length > joins)
      const before = first.group.membership()
      assert.equal(before.generationId, 1)
      assert.equal(second.partitions, undefined)
      assert.deepEqual(await first.group.members(), [], 'none while the group rebalances')
      const producer = await on.producer()
      producer.begin()
      const offsets = [{ topic, partition: 0, offset: 7 }]
      await producer.sendOffsets(groupId, before, offsets)
      await producer.commit()
      release()
      await bothHaveParts(on, first, second)
      assert.equal(first.assignedIn, 2)
      producer.begin()
      assert.equal(await refusedWith(producer.sendOffsets(groupId, before, offsets)), 'FENCED')
      const [committed] = await second.group.committed([{ topic, partition: 0 }])
      assert.equal(committed.offset, 7)
      assert.equal((await first.group.members()).length, 2)
    },
  )

  onKafka('a member keeps what it has, where others only join', open, async (on) => {
    const [first, second] = await pair(on)
    assert.deepEqual([first.partitions, second.partitions], [[0], [1]])
    assert.ok(!first.told.includes('lost'))
  })

  onKafka('what a member had that leaves is the others’', open, async (on) => {
    const [first, second] = await pair(on)
    await second.group.close()
    await first.assigned([0, 1])
    assert.equal(first.assignedIn, 3)
    await first.group.close()
  })

  onKafka('a leader that joins again begins a generation, of all', open, async (on) => {
    const [first, second] = await pair(on)
    const joins = second.told.filter((told) => told === 'beforeJoin').length
    first.group.rejoin()
    await second.hears('beforeJoin', joins + 1)
    await bothHaveParts(on, first, second, 3)
  })

  onKafka(
    'a follower that joins again as it was goes through its hooks, and no generation ends',
    open,
    async (on) => {
      const [first, second] = await pair(on)
      // What it tells has changed with its assignment: that is told first.
      second.group.rejoin()
      await bothHaveParts(on, first, second, 3)
      const { length } = first.told
      await second.hears('assigned 1', 2)
      second.group.rejoin()
      await second.hears('assigned 1', 3)
      assert.equal(second.assignedIn, 3)
      assert.equal(first.told.length, length)
    },
  )

  onKafka(
    'a static member that comes back has its part again, and the others hear nothing',
    open,
    async (on) => {
      const [first, second] = await pair(on, 'static')
      const { length } = first.told
      const before = second.group.membership()
      const { topic, groupId } = first
      await second.group.close()
      const again = await Member.join(on, { topic, groupId, partitions: 2, instanceId: 'static' })
      await on.eventually('it has its part', () => again.partitions !== undefined)
      assert.deepEqual(again.partitions, second.partitions)
      const now = again.group.membership()
      assert.equal(now.generationId, before.generationId)
      assert.notEqual(now.memberId, before.memberId)
      assert.equal(first.told.length, length)
      const producer = await on.producer()
      const offsets = [{ topic, partition: 0, offset: 1 }]
      producer.begin()
      assert.equal(await refusedWith(producer.sendOffsets(groupId, before, offsets)), 'FENCED')
      await producer.init()
      producer.begin()
      await producer.sendOffsets(groupId, now, offsets)
      await producer.commit()
    },
  )

  onKafka('a static member that stays away loses its part with its session', open, async (on) => {
    const [first, second] = await pair(on, 'static')
    await second.group.close()
    assert.deepEqual(first.partitions, [0])
    await on.kafka.elapse(SESSION_MS)
    await first.assigned([0, 1])
  })

  onKafka('a static member that leaves for good leaves at once', open, async (on) => {
    const [first, second] = await pair(on, 'static')
    await second.group.close(true)
    await first.assigned([0, 1])
  })

  onKafka('of two with one instance id the earlier one ends', open, async (on) => {
    const [first, second] = await pair(on, 'static')
    const { topic, groupId } = first
    const taker = await Member.join(on, { topic, groupId, partitions: 2, instanceId: 'static' })
    await second.hears('fatal INSTANCE_ID_TAKEN')
    await on.eventually('it has its part', () => taker.partitions?.join() === '1')
  })

  onKafka('who does not join in time is thrown out, and told so when it does', open, async (on) => {
    const topic = await on.topic(2)
    const groupId = on.name('group')
    const options = { topic, groupId, partitions: 2, rebalanceTimeoutMs: 1500 }
    const first = await Member.join(on, options)
    await first.assigned([0, 1])
    let release: () => void = () => {}
    first.beforeJoin = () =>
      new Promise((resolve) => {
        release = resolve
      })
    const joins = first.told.length
    const second = await Member.join(on, options)
    await on.eventually('it is to join', () => first.told.length > joins)
    const before = first.group.membership()
    await second.assigned([0, 1])
    const producer = await on.producer()
    producer.begin()
    const offsets = [{ topic, partition: 0, offset: 1 }]
    assert.equal(await refusedWith(producer.sendOffsets(groupId, before, offsets)), 'FENCED')
    first.beforeJoin = async () => {}
    release()
    await first.hears('lost')
    await bothHaveParts(on, first, second)
  })

  onKafka('what an assignment throws is fatal, and disturbs nobody', open, async (on) => {
    const [first, second] = await pair(on)
    second.onAssigned = async () => {
      throw new Error('no room')
    }
    first.group.rejoin()
    await second.hears('fatal no room')
    await on.eventually('the other has its part', () => first.assignedIn === 3)
    const { length } = first.told
    await on.kafka.elapse(1500)
    assert.equal(first.told.length, length)
  })
}
