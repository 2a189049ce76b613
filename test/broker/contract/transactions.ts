import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { batch, type OpenKafka, onKafka, refusedWith } from './setting.ts'

export function transactionsKeepTheContract(open: OpenKafka): void {
  onKafka('nothing of a transaction is read before it is committed', open, async (on) => {
    const topic = await on.topic()
    const reading = await on.read(topic)
    const producer = await on.producer()
    producer.begin()
    await producer.send([batch(topic, ['a'])])
    await on.eventually('its end is told', () => reading.answers.at(-1)?.highWatermark === 1)
    assert.equal(reading.answers.at(-1)?.lastStableOffset, 0)
    assert.deepEqual(reading.values, [])
    await producer.commit()
    await reading.reached(2)
    assert.deepEqual(reading.values, ['a'])
  })

  onKafka('an open transaction holds back what others commit behind it', open, async (on) => {
    const topic = await on.topic()
    const first = await on.producer()
    first.begin()
    await first.send([batch(topic, ['a'])])
    const second = await on.producer()
    second.begin()
    await second.send([batch(topic, ['b'])])
    await second.commit()
    await on.eventually('its marker is there', async () => {
      return (await on.ends(topic, 'latest'))[0] === 3
    })
    assert.deepEqual(await on.ends(topic, 'stable'), [0])
    await first.commit()
    const reading = await on.read(topic)
    await reading.reached(4)
    assert.deepEqual(reading.values, ['a', 'b'])
  })

  onKafka(
    'records of an aborted transaction are passed over, others between are read',
    open,
    async (on) => {
      const topic = await on.topic()
      const [first, second] = [await on.producer(), await on.producer()]
      first.begin()
      second.begin()
      await first.send([batch(topic, ['lost'])])
      await second.send([batch(topic, ['b'])])
      await first.send([batch(topic, ['lost, too'])])
      await second.commit()
      await first.init()
      first.begin()
      await first.send([batch(topic, ['c'])])
      await first.commit()
      const reading = await on.read(topic)
      await reading.reached(7)
      assert.deepEqual(reading.values, ['b', 'c'])
      const middle = await on.read(topic, 2)
      await middle.reached(7)
      assert.deepEqual(middle.values, ['c'], 'also from within it')
    },
  )

  onKafka(
    'send answers base offsets in the order given, and keeps that of a partition',
    open,
    async (on) => {
      const topic = await on.topic(2)
      const producer = await on.producer()
      producer.begin()
      const list = [
        batch(topic, ['a', 'b']),
        batch(topic, ['x'], { partition: 1 }),
        batch(topic, ['c', 'd', 'e']),
        batch(topic, ['f']),
        batch(topic, ['y'], { partition: 1 }),
      ]
      assert.deepEqual(await producer.send(list), [0, 0, 2, 5, 1])
      assert.deepEqual(await producer.send([]), [])
      await producer.commit()
      const reading = await on.read(topic)
      await reading.reached(7)
      assert.deepEqual(reading.values, ['a', 'b', 'c', 'd', 'e', 'f'])
      await on.settled(topic)
      assert.deepEqual(await on.ends(topic, 'stable'), [7, 3], 'each partition has its marker')
    },
  )

  onKafka('batches may be used again once they are committed, and not before', open, async (on) => {
    const topic = await on.topic()
    const producer = await on.producer()
    const sent = batch(topic, ['a'])
    let released = 0
    const release = sent.release.bind(sent)
    sent.release = () => {
      released++
      release()
    }
    producer.begin()
    await producer.send([sent])
    assert.equal(released, 0)
    await producer.commit()
    assert.equal(released, 1)
  })

  onKafka('a transaction without anything leaves no marker', open, async (on) => {
    const topic = await on.topic()
    const producer = await on.producer()
    producer.begin()
    await producer.commit()
    producer.begin()
    await producer.send([])
    await producer.commit()
    assert.deepEqual(await on.ends(topic, 'latest'), [0])
  })

  onKafka('the next transaction may begin at once', open, async (on) => {
    const topic = await on.topic(3)
    const producer = await on.producer()
    for (let i = 0; i < 5; i++) {
      producer.begin()
      await producer.send([0, 1, 2].map((partition) => batch(topic, [`v${i}`], { partition })))
      await producer.commit()
    }
    const reading = await on.read(topic)
    await reading.reached(10)
    assert.deepEqual(reading.values, ['v0', 'v1', 'v2', 'v3', 'v4'])
  })

  onKafka('a second producer of a transactional id fences the first', open, async (on) => {
    const topic = await on.topic()
    const id = on.name('id')
    const first = await on.producer(id)
    first.begin()
    await first.send([batch(topic, ['lost'])])
    const second = await on.producer(id)
    assert.equal(await refusedWith(first.send([batch(topic, ['late'])])), 'FENCED')
    assert.equal(await refusedWith(first.commit()), 'FENCED')
    second.begin()
    await second.send([batch(topic, ['a'])])
    await second.commit()
    const reading = await on.read(topic)
    await reading.reached(4)
    assert.deepEqual(reading.values, ['a'], 'what the first had sent is aborted')
  })

  onKafka(
    'who is fenced is refused from the first request of a transaction on',
    open,
    async (on) => {
      const topic = await on.topic()
      const id = on.name('id')
      const first = await on.producer(id)
      await on.producer(id)
      first.begin()
      assert.equal(await refusedWith(first.send([batch(topic, ['a'])])), 'FENCED')
      await first.init()
      first.begin()
      await first.send([batch(topic, ['b'])])
      await first.commit()
      const reading = await on.read(topic)
      await reading.reached(2)
      assert.deepEqual(reading.values, ['b'], 'and fences the other by init')
    },
  )

  onKafka('a transaction that is open for longer than its timeout is aborted', open, async (on) => {
    const topic = await on.topic()
    const producer = await on.producer(on.name('slow'), 1000)
    producer.begin()
    await producer.send([batch(topic, ['lost'])])
    await on.settled(topic)
    assert.equal(await refusedWith(producer.commit()), 'FENCED')
    await producer.init()
    producer.begin()
    await producer.send([batch(topic, ['a'])])
    await producer.commit()
    const reading = await on.read(topic)
    await reading.reached(4)
    assert.deepEqual(reading.values, ['a'])
  })

  onKafka(
    'a batch larger than its topic takes is refused, and init begins anew',
    open,
    async (on) => {
      const topic = await on.topic(2, { 'max.message.bytes': '1000' })
      const producer = await on.producer()
      producer.begin()
      const large = batch(topic, ['x'.repeat(2000)])
      const small = batch(topic, ['lost'], { partition: 1 })
      assert.equal(await refusedWith(producer.send([small, large])), 'RECORD_REFUSED')
      await producer.init()
      producer.begin()
      await producer.send([batch(topic, ['a'], { partition: 0 })])
      await producer.commit()
      const reading = await on.read(topic)
      await reading.reached(2)
      assert.deepEqual(reading.values, ['a'])
      await on.settled(topic)
      const other = await on.read(topic)
      other.reader.add({ topic, partition: 1 }, 0)
      await sleep(100)
      assert.deepEqual(
        other.values.filter((value) => value === 'lost'),
        [],
      )
    },
  )
}
