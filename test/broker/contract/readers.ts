import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { batch, type OpenKafka, onKafka, TIME } from './setting.ts'

export function readersKeepTheContract(open: OpenKafka): void {
  onKafka('a record is read as it was sent', open, async (on) => {
    const topic = await on.topic()
    const producer = await on.producer()
    const sent = batch(topic, [])
    const record = {
      key: Buffer.from('key'),
      value: Buffer.from('value'),
      headers: [
        ['one', Buffer.from([1, 2])],
        ['none', null],
      ] as const,
    }
    sent.recordOf(TIME, record)
    sent.recordOf(TIME - 5, { key: null, value: null, headers: [] })
    producer.begin()
    await producer.send([sent])
    await producer.commit()
    const reading = await on.read(topic)
    await reading.reached(3)
    assert.deepEqual(reading.records, [
      { ...record, offset: 0, timestamp: TIME },
      { key: null, value: null, headers: [], offset: 1, timestamp: TIME - 5 },
    ])
  })

  onKafka('batches of every codec are read', open, async (on) => {
    const topic = await on.topic()
    const producer = await on.producer()
    const values = Array.from({ length: 100 }, (_, i) => `value ${i}`)
    producer.begin()
    for (const compression of ['gzip', 'snappy', 'lz4', 'zstd', 'none'] as const) {
      await producer.send([batch(topic, values, { compression })])
    }
    await producer.commit()
    const reading = await on.read(topic)
    await reading.reached(501)
    assert.deepEqual(reading.values, Array.from({ length: 5 }, () => values).flat())
  })

  onKafka(
    'offsets have gaps where markers are, and reading goes on behind them',
    open,
    async (on) => {
      const topic = await on.topic()
      await on.put(topic, 'a', 'b')
      await on.put(topic, 'c')
      const reading = await on.read(topic)
      await reading.reached(5)
      assert.deepEqual(
        reading.records.map(({ offset }) => offset),
        [0, 1, 3],
      )
      const behind = await on.read(topic, 1)
      await behind.reached(5)
      assert.deepEqual(behind.values, ['b', 'c'], 'also from within a batch')
    },
  )

  onKafka(
    'answers without records come, too, and say where the partition ends',
    open,
    async (on) => {
      const topic = await on.topic()
      const reading = await on.read(topic)
      await reading.answered(3)
      const ends = { topic, partition: 0, highWatermark: 0, lastStableOffset: 0 }
      assert.deepEqual(reading.answers.slice(0, 3), [ends, ends, ends])
      assert.equal(reading.nextOffset, 0)
    },
  )

  onKafka(
    'an answer has as many batches as it may be large, and one at least',
    open,
    async (on) => {
      const topic = await on.topic()
      const producer = await on.producer()
      producer.begin()
      for (const value of ['a', 'b', 'c']) await producer.send([batch(topic, [value.repeat(2000)])])
      await producer.commit()
      await on.settled(topic)
      const lengths: number[] = []
      const reading = await on.read(topic, 0, {
        maxBytesPerPartition: 1000,
        onFetched: ({ columns }) => lengths.push(columns.length),
      })
      await reading.reached(4)
      assert.deepEqual(
        lengths.filter((length) => length > 0),
        [1, 1, 1],
      )
    },
  )

  onKafka(
    'what one answer has of several partitions is told of at once, and nothing happens between',
    open,
    async (on) => {
      const topics = [await on.topic(), await on.topic()]
      const producer = await on.producer()
      producer.begin()
      for (const topic of topics) await producer.send([batch(topic, ['a'], { compression: 'lz4' })])
      await producer.commit()
      for (const topic of topics) await on.settled(topic)
      const told: string[] = []
      const reading = await on.read(topics[0], 0, {
        onFetched: ({ topic, columns: { length } }) => {
          if (length === 0) return
          told.push(topic)
          queueMicrotask(() => told.push('worked off'))
        },
      })
      reading.reader.add({ topic: topics[1], partition: 0 }, 0)
      await on.eventually('all is worked off', () => told.length === 4)
      assert.deepEqual(told.slice(0, 2).sort(), topics.toSorted())
    },
  )

  onKafka('what is paused is not read until it is resumed, and then goes on', open, async (on) => {
    const topic = await on.topic()
    await on.put(topic, 'a')
    const reading = await on.read(topic, 0, {
      onFetched: ({ columns: { length } }) => {
        if (length > 0) reading.reader.pause({ topic, partition: 0 })
      },
    })
    await on.eventually('it is read', () => reading.values.length > 0)
    const { length } = reading.answers
    await on.put(topic, 'b')
    await sleep(120)
    assert.deepEqual(reading.values, ['a'])
    assert.equal(reading.answers.length, length, 'not even empty answers come')
    reading.reader.resume({ topic, partition: 0 })
    await reading.reached(4)
    assert.deepEqual(reading.values, ['a', 'b'])
  })

  onKafka(
    'who adds a partition again moves it, and who removes it hears no more',
    open,
    async (on) => {
      const topic = await on.topic()
      await on.put(topic, 'a', 'b', 'c')
      const reading = await on.read(topic)
      reading.reader.add({ topic, partition: 0 }, 2)
      await reading.reached(4)
      assert.deepEqual(reading.values, ['c'], 'nothing of the position before')
      reading.reader.add({ topic, partition: 0 }, 1)
      await on.eventually('read again', () => reading.values.length === 3)
      assert.deepEqual(reading.values, ['c', 'b', 'c'])
      reading.reader.remove({ topic, partition: 0 })
      const { length } = reading.answers
      await on.put(topic, 'd')
      await sleep(120)
      assert.equal(reading.answers.length, length)
    },
  )

  onKafka('a position behind the end is out of range, and is removed', open, async (on) => {
    const topic = await on.topic()
    const reading = await on.read(topic, 1)
    await on.eventually('it is told', () => reading.errors.length > 0)
    await on.put(topic, 'a', 'b')
    await sleep(100)
    assert.deepEqual(reading.errors, ['OFFSET_OUT_OF_RANGE'])
    assert.deepEqual(reading.values, [])
  })

  onKafka('what the listener throws is told, and its partition removed', open, async (on) => {
    const topic = await on.topic()
    await on.put(topic, 'a')
    const reading = await on.read(topic, 0, {
      onFetched: () => {
        throw new Error('full')
      },
    })
    await on.eventually('it is told', () => reading.errors.length > 0)
    await on.put(topic, 'b')
    await sleep(100)
    assert.deepEqual([reading.errors, reading.values], [['full'], ['a']])
  })

  onKafka('a topic that is not there yet is read once it is', open, async (on) => {
    const topic = on.name('later')
    const reading = await on.read(topic)
    await sleep(50)
    const { admin } = await on.broker()
    await admin.createTopics([{ topic, partitions: 1, config: {} }])
    await on.put(topic, 'a')
    await reading.reached(2)
    assert.deepEqual([reading.values, reading.errors], [['a'], []])
  })

  onKafka(
    'nothing is read of a later topic of the same name, and that is told',
    open,
    async (on) => {
      const topic = await on.topic()
      await on.put(topic, 'a')
      const { admin, administration } = await on.broker()
      const before = (await admin.identify([topic])).get(topic)?.id
      const reading = await on.read(topic, 0, { topicId: before })
      await reading.reached(2)
      await administration.deleteTopics([topic])
      await on.eventually('it is told', () => reading.unknown > 0)
      await on.eventually('it is gone', async () => (await admin.identify([topic])).size === 0)
      await admin.createTopics([{ topic, partitions: 1, config: {} }])
      await on.put(topic, 'b', 'c', 'd')
      const told = reading.unknown
      await on.eventually('it is told again', () => reading.unknown > told + 1)
      assert.deepEqual([reading.values, reading.errors], [['a'], []])
      const now = (await admin.identify([topic])).get(topic)?.id
      reading.reader.add({ topic, partition: 0 }, 0, now)
      await reading.reached(4)
      assert.deepEqual(reading.values, ['a', 'b', 'c', 'd'])
    },
  )
}
