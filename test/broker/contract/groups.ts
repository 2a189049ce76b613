import assert from 'node:assert/strict'
import type { Group, Membership } from '../../../src/broker/port.ts'
import { Member } from './member.ts'
import { batch, type OpenKafka, onKafka, refusedWith, type Setting } from './setting.ts'

const NOBODY: Membership = { generationId: -1, memberId: '', groupInstanceId: null }

/** A member, and a producer with an open transaction that has its offsets. */
async function withOffsets(on: Setting, offset: number) {
  const topic = await on.topic()
  const member = await Member.join(on, { topic })
  await member.assigned([0])
  const { groupId, group } = member
  const producer = await on.producer()
  producer.begin()
  await producer.sendOffsets(groupId, group.membership(), [{ topic, partition: 0, offset }])
  return { topic, groupId, group, producer, member }
}

/** Whether it is answered soon. */
async function isAnswered(on: Setting, promise: Promise<unknown>): Promise<boolean> {
  let answered = false
  void promise.then(() => {
    answered = true
  })
  for (let i = 0; i < 10; i++) await on.kafka.elapse(10)
  return answered
}

async function committed(group: Group, topic: string): Promise<number[]> {
  const offsets = await group.committed([{ topic, partition: 0 }])
  return offsets.map(({ offset }) => offset)
}

export function groupsKeepTheContract(open: OpenKafka): void {
  onKafka('who asks for offsets waits while a transaction is pending on them', open, async (on) => {
    const { topic, groupId, group, producer } = await withOffsets(on, 5)
    const asked = committed(group, topic)
    assert.equal(await isAnswered(on, asked), false)
    assert.deepEqual(await committed(group, on.name('other')), [-1], 'others are answered')
    const { administration } = await on.broker()
    assert.deepEqual(await administration.groupOffsets(groupId), [])
    await producer.commit()
    assert.deepEqual(await asked, [5])
    assert.deepEqual(await administration.groupOffsets(groupId), [
      { topic, partition: 0, offset: 5, topicId: null },
    ])
  })

  onKafka('an offset keeps the id of the topic that it is of', open, async (on) => {
    const { topic, groupId, group, producer } = await withOffsets(on, 5)
    await producer.commit()
    const place = { topic, partition: 0 }
    const [before] = await group.committed([place])
    assert.equal(before.topicId ?? null, null)
    producer.begin()
    const commit = { ...place, offset: 6, topicId: 'vtbh3hdqTrmlSBAxIMWZUw' }
    await producer.sendOffsets(groupId, group.membership(), [commit])
    await producer.commit()
    assert.deepEqual(await group.committed([place]), [commit])
    const { administration } = await on.broker()
    assert.deepEqual(await administration.groupOffsets(groupId), [commit])
  })

  onKafka('an offset keeps what the task says of its state', open, async (on) => {
    const { topic, groupId, group, producer } = await withOffsets(on, 5)
    await producer.commit()
    const state = '{"firstPage":3,"waiting":2,"streamTime":null}'
    for (const topicId of ['vtbh3hdqTrmlSBAxIMWZUw', null]) {
      producer.begin()
      const commit = { topic, partition: 0, offset: 6, topicId, state }
      await producer.sendOffsets(groupId, group.membership(), [commit])
      await producer.commit()
      assert.deepEqual(await group.committed([{ topic, partition: 0 }]), [commit])
      const { administration } = await on.broker()
      assert.deepEqual(await administration.groupOffsets(groupId), [commit])
    }
  })

  onKafka('offsets of an aborted transaction are those of before', open, async (on) => {
    const { topic, groupId, group, producer } = await withOffsets(on, 5)
    await producer.commit()
    producer.begin()
    const later = [{ topic, partition: 0, offset: 9 }]
    await producer.sendOffsets(groupId, group.membership(), later)
    const asked = committed(group, topic)
    await producer.init()
    assert.deepEqual(await asked, [5])
  })

  onKafka('offsets and records of a transaction come together', open, async (on) => {
    const { topic, group, producer } = await withOffsets(on, 1)
    await producer.send([batch(topic, ['a'])])
    await producer.commit()
    assert.deepEqual(await committed(group, topic), [1])
    const reading = await on.read(topic)
    await reading.reached(2)
    assert.deepEqual(reading.values, ['a'])
  })

  onKafka('a fenced producer cannot commit offsets', open, async (on) => {
    const topic = await on.topic()
    const member = await Member.join(on, { topic })
    await member.assigned([0])
    const { groupId, group } = member
    const id = on.name('id')
    const first = await on.producer(id)
    first.begin()
    await on.producer(id)
    const offsets = [{ topic, partition: 0, offset: 1 }]
    const sent = first.sendOffsets(groupId, group.membership(), offsets)
    assert.equal(await refusedWith(sent), 'FENCED')
    assert.deepEqual(await committed(group, topic), [-1])
  })

  onKafka('offsets are refused from outside the current generation', open, async (on) => {
    const { topic, groupId, group, producer } = await withOffsets(on, 5)
    await producer.commit()
    const mine = group.membership()
    const offsets = [{ topic, partition: 0, offset: 9 }]
    const strangers: Membership[] = [
      { ...mine, generationId: mine.generationId - 1 },
      { ...mine, generationId: mine.generationId + 1 },
      { ...mine, memberId: 'stranger' },
      { ...mine, groupInstanceId: 'stranger' },
    ]
    for (const stranger of strangers) {
      producer.begin()
      assert.equal(await refusedWith(producer.sendOffsets(groupId, stranger, offsets)), 'FENCED')
      await producer.init()
    }
    assert.deepEqual(await committed(group, topic), [5])
  })

  onKafka('who has left commits no offsets, and who never was a member does', open, async (on) => {
    const { topic, groupId, group, producer, member } = await withOffsets(on, 5)
    await producer.commit()
    const former = group.membership()
    await member.group.close()
    const { administration } = await on.broker()
    await on.eventually('it is empty', async () => {
      return (await administration.describeGroup(groupId)).state === 'Empty'
    })
    producer.begin()
    const offsets = [{ topic, partition: 0, offset: 9 }]
    assert.equal(await refusedWith(producer.sendOffsets(groupId, former, offsets)), 'FENCED')
    await producer.init()
    producer.begin()
    await producer.sendOffsets(groupId, NOBODY, offsets)
    await producer.commit()
    await on.eventually('they are there', async () => {
      return (await administration.groupOffsets(groupId))[0]?.offset === 9
    })
  })

  onKafka(
    'a group is described, and is deleted with its offsets once it is empty',
    open,
    async (on) => {
      const { topic, groupId, producer, member } = await withOffsets(on, 5)
      await producer.commit()
      const { administration } = await on.broker()
      const described = await administration.describeGroup(groupId)
      assert.deepEqual(
        [described.state, described.protocol, described.members.map(({ topics }) => topics)],
        ['Stable', 'stream-enricher', [[topic]]],
      )
      assert.notEqual(await refusedWith(administration.deleteGroup(groupId)), undefined)
      await member.group.close()
      await on.eventually('it is empty', async () => {
        return (await administration.describeGroup(groupId)).state === 'Empty'
      })
      await on.eventually('its offsets are stable', async () => {
        return (await administration.groupOffsets(groupId)).length === 1
      })
      await administration.deleteGroup(groupId)
      assert.equal((await administration.describeGroup(groupId)).state, 'Dead')
      assert.deepEqual(await administration.groupOffsets(groupId), [])
      await administration.deleteGroup(groupId)
    },
  )
}
