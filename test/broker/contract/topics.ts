import assert from 'node:assert/strict'
import { batch, type OpenKafka, onKafka, refusedWith, TIME } from './setting.ts'

export function topicsKeepTheContract(open: OpenKafka): void {
  onKafka('topics that do not exist are absent from what is told of them', open, async (on) => {
    const topic = await on.topic(3, { 'max.message.bytes': '5000' })
    const missing = on.name('missing')
    const { admin, administration } = await on.broker()
    const described = await admin.describeTopics([topic, missing])
    assert.deepEqual([...described.keys()], [topic])
    assert.equal(described.get(topic)?.partitions, 3)
    const config = described.get(topic)?.config
    assert.equal(config?.get('max.message.bytes'), '5000')
    assert.equal(config?.get('cleanup.policy'), 'delete', 'also what nobody has set')
    assert.equal(config?.get('message.timestamp.after.max.ms'), '3600000')
    const identified = await admin.identify([topic, missing])
    assert.deepEqual([...identified.keys()], [topic])
    assert.equal(identified.get(topic)?.partitions, 3)
    const access = await administration.topicAccess([topic, missing])
    assert.equal(access.get(topic)?.state, 'there')
    assert.equal(access.get(missing)?.state, 'missing')
    assert.ok(access.get(topic)?.allowed.has('write'))
  })

  onKafka('a topic that exists is left as it is by another that is created', open, async (on) => {
    const topic = await on.topic(2)
    const { admin } = await on.broker()
    const before = await admin.identify([topic])
    await admin.createTopics([{ topic, partitions: 5, config: { 'retention.ms': '1' } }])
    assert.deepEqual(await admin.identify([topic]), before)
    const described = await admin.describeTopics([topic])
    assert.equal(described.get(topic)?.config.get('retention.ms'), '-1')
  })

  onKafka(
    'a topic that was deleted and made anew has another id, and is empty',
    open,
    async (on) => {
      const topic = await on.topic()
      await on.put(topic, 'before')
      const { admin, administration } = await on.broker()
      const before = (await admin.identify([topic])).get(topic)?.id
      assert.match(before ?? '', /^[\w-]{22}$/)
      await administration.deleteTopics([topic, on.name('missing')])
      await on.eventually('it is gone', async () => (await admin.identify([topic])).size === 0)
      await admin.createTopics([{ topic, partitions: 1, config: {} }])
      assert.notEqual((await admin.identify([topic])).get(topic)?.id, before)
      await on.eventually('it is empty', async () => (await on.ends(topic, 'latest'))[0] === 0)
    },
  )

  onKafka('ends are told of every partition, or of the one that is named', open, async (on) => {
    const topic = await on.topic(2)
    const producer = await on.producer()
    producer.begin()
    await producer.send([batch(topic, ['a', 'b'], { partition: 1 })])
    assert.deepEqual(await on.ends(topic, 'earliest'), [0, 0])
    assert.deepEqual(await on.ends(topic, 'stable'), [0, 0], 'before what is undecided')
    assert.deepEqual(await on.ends(topic, 'latest'), [0, 2], 'behind it')
    await producer.commit()
    await on.settled(topic)
    assert.deepEqual(await on.ends(topic, 'stable'), [0, 3], 'a marker takes an offset')
    const { admin } = await on.broker()
    assert.deepEqual(await admin.offsets(topic, 'latest', 1), new Map([[1, 3]]))
  })

  onKafka('an offset by time is the first whose timestamp is not before it', open, async (on) => {
    const topic = await on.topic()
    const producer = await on.producer()
    producer.begin()
    const values = [10, 30, 20, 40]
    for (const [i, at] of values.entries()) {
      await producer.send([batch(topic, [`r${i}`], { timestamp: TIME + at })])
    }
    const { admin } = await on.broker()
    const at = async (ms: number): Promise<number | undefined> =>
      (await admin.offsets(topic, TIME + ms)).get(0)
    assert.equal(await at(0), -1, 'while it is undecided there is none')
    await producer.commit()
    await on.settled(topic)
    const found = [await at(0), await at(10), await at(11), await at(30), await at(31)]
    assert.deepEqual(found, [0, 0, 1, 1, 3])
    assert.equal(await at(41), 4, 'the marker, which was written just now')
    assert.equal(await at(1e12), -1)
  })

  onKafka('records that are deleted are not there any more, the others are', open, async (on) => {
    const topic = await on.topic()
    await on.put(topic, 'a', 'b', 'c')
    const { admin } = await on.broker()
    const place = { topic, partition: 0 }
    await admin.deleteRecords(place, 2)
    assert.deepEqual(await on.ends(topic, 'earliest'), [2])
    await admin.deleteRecords(place, 1)
    assert.deepEqual(await on.ends(topic, 'earliest'), [2], 'what is deleted does not come back')
    const reading = await on.read(topic, 2)
    await reading.reached(4)
    assert.deepEqual(reading.values, ['c'])
    const late = await on.read(topic, 1)
    await on.eventually('it is told', () => late.errors.length > 0)
    assert.deepEqual(late.errors, ['OFFSET_OUT_OF_RANGE'])
    assert.deepEqual(late.values, [])
    assert.match((await refusedWith(admin.deleteRecords(place, 5))) ?? '', /offset/)
  })

  onKafka(
    'everything up to the end can be deleted, and offsets go on behind it',
    open,
    async (on) => {
      const topic = await on.topic()
      await on.put(topic, 'a')
      const { admin } = await on.broker()
      await admin.deleteRecords({ topic, partition: 0 }, 2)
      const reading = await on.read(topic, 2)
      await on.put(topic, 'b')
      await reading.reached(4)
      assert.deepEqual(
        reading.records.map(({ offset }) => offset),
        [2],
      )
    },
  )
}
