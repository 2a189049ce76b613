/** What a test may order of the Kafka in memory to go wrong, and what its client makes of it. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Order } from '../support/memory-broker/faults.ts'
import { MemoryKafka } from '../support/memory-broker.ts'
import { bothHaveParts, Member, SESSION_MS } from './contract/member.ts'
import { batch, refusedWith, Setting } from './contract/setting.ts'

class FaultySetting extends Setting {
  readonly memory: MemoryKafka

  constructor(memory: MemoryKafka, t: TestContext) {
    let clients = 0
    super(
      {
        client: async () => memory.client(`client-${++clients}`),
        elapse: async (ms) => memory.advance(ms),
      },
      t,
    )
    this.memory = memory
  }

  order(api: Order['api'], fault: Order['fault'], more: Partial<Order> = {}): void {
    this.memory.faults.order({ api, fault, ...more })
  }

  /** What is committed on the topic's only partition, once nothing is open. */
  async committed(topic: string): Promise<string[]> {
    await this.settled(topic)
    const reading = await this.read(topic)
    await reading.reached((await this.ends(topic, 'stable'))[0])
    return reading.values
  }
}

const faulty = (name: string, body: (on: FaultySetting) => Promise<void>): void => {
  test(name, (t) => body(new FaultySetting(new MemoryKafka(), t)))
}

/** A transaction of one record that is about to end. */
async function sent(on: FaultySetting) {
  const topic = await on.topic()
  const id = on.name('id')
  const producer = await on.producer(id)
  producer.begin()
  await producer.send([batch(topic, ['a'])])
  return { topic, id, producer }
}

faulty('the request that was ordered to be refused is, and no other', async (on) => {
  const topic = await on.topic()
  const producer = await on.producer()
  on.order('Produce', { refuse: 'UNKNOWN_PRODUCER_ID' }, { nth: 2 })
  producer.begin()
  assert.deepEqual(await producer.send([batch(topic, ['a'])]), [0])
  assert.equal(await refusedWith(producer.send([batch(topic, ['b'])])), 'EPOCH_ABORTED')
  await producer.init()
  producer.begin()
  await producer.send([batch(topic, ['c'])])
  await producer.commit()
  assert.deepEqual(await on.committed(topic), ['c'])
})

faulty('what time cures is asked again', async (on) => {
  const { topic, producer } = await sent(on)
  for (const name of ['NOT_COORDINATOR', 'COORDINATOR_LOAD_IN_PROGRESS']) {
    on.order('EndTxn', { refuse: name })
  }
  await producer.commit()
  assert.deepEqual(await on.committed(topic), ['a'])
})

faulty('a batch whose answer is lost is sent again, and written once', async (on) => {
  const topic = await on.topic()
  const producer = await on.producer()
  on.order('Produce', { lose: 'answer' })
  producer.begin()
  assert.deepEqual(await producer.send([batch(topic, ['a', 'b'])]), [0])
  assert.deepEqual(await producer.send([batch(topic, ['c'])]), [2])
  await producer.commit()
  assert.deepEqual(await on.committed(topic), ['a', 'b', 'c'])
})

for (const lose of ['request', 'answer'] as const) {
  faulty(`an end whose ${lose} is lost is asked for again`, async (on) => {
    const { topic, producer } = await sent(on)
    on.order('EndTxn', { lose })
    await producer.commit()
    assert.deepEqual(await on.committed(topic), ['a'])
  })
}

faulty('an end whose answer never comes is an abort to its producer, and committed', async (on) => {
  const { topic, producer } = await sent(on)
  on.order('EndTxn', { outOfTime: 'answer' })
  assert.equal(await refusedWith(producer.commit()), 'EPOCH_ABORTED')
  await producer.init()
  assert.deepEqual(await on.committed(topic), ['a'])
})

faulty('an end that never arrives is aborted by the next init', async (on) => {
  const { topic, producer } = await sent(on)
  on.order('EndTxn', { outOfTime: 'request' })
  assert.equal(await refusedWith(producer.commit()), 'EPOCH_ABORTED')
  await producer.init()
  assert.deepEqual(await on.committed(topic), [])
})

faulty('of a transaction that is half done some partitions have their markers', async (on) => {
  const topic = await on.topic(2)
  const member = await Member.join(on, { topic })
  await member.assigned([0])
  const { groupId, group } = member
  const producer = await on.producer()
  let release: () => void = () => {}
  const until = new Promise<void>((resolve) => {
    release = resolve
  })
  on.order('EndTxn', { markers: 2, until })
  producer.begin()
  await producer.sendOffsets(groupId, group.membership(), [{ topic, partition: 0, offset: 3 }])
  await producer.send([batch(topic, ['a']), batch(topic, ['b'], { partition: 1 })])
  await producer.commit()
  const [committed] = await group.committed([{ topic, partition: 0 }])
  assert.equal(committed.offset, 3)
  await on.eventually('one has its marker', async () => {
    return (await on.ends(topic, 'stable')).join() === '2,0'
  })
  producer.begin()
  const next = producer.send([batch(topic, ['c'])])
  for (let i = 0; i < 20; i++) await on.kafka.elapse(1)
  assert.deepEqual(await on.ends(topic, 'latest'), [2, 1], 'the next waits')
  release()
  assert.deepEqual(await next, [2])
  assert.deepEqual(await on.ends(topic, 'stable'), [2, 2])
})

faulty('a request that is held arrives when it is let go', async (on) => {
  const { topic, id, producer } = await sent(on)
  let release: () => void = () => {}
  const until = new Promise<void>((resolve) => {
    release = resolve
  })
  on.order('EndTxn', { hold: 'request', until })
  const late = refusedWith(producer.commit())
  await on.producer(id)
  release()
  assert.equal(await late, 'FENCED')
  assert.deepEqual(await on.committed(topic), [])
})

faulty('a member that is cut off for longer than its session has lost its place', async (on) => {
  const topic = await on.topic(2)
  const groupId = on.name('group')
  const options = { topic, groupId, partitions: 2 }
  const first = await Member.join(on, options)
  await first.assigned([0, 1])
  const second = await Member.join(on, options)
  await bothHaveParts(on, first, second)
  const clientId = second.group.membership().memberId.replace(/-\d+$/, '')
  const producer = on.memory.client(clientId).producer({ transactionalId: 't', timeoutMs: 60_000 })
  await producer.init()
  producer.begin()
  const membership = second.group.membership()
  on.memory.silence(clientId)
  const offsets = [{ topic, partition: 1, offset: 1 }]
  const late = refusedWith(producer.sendOffsets(groupId, membership, offsets))
  await on.kafka.elapse(SESSION_MS)
  await first.assigned([0, 1])
  assert.ok(!second.told.includes('lost'), 'it does not know')
  on.memory.hear(clientId)
  assert.equal(await late, 'FENCED')
  await second.hears('lost')
  await bothHaveParts(on, first, second)
})

faulty('a lost answer of a join, and one of a sync, are no more than another try', async (on) => {
  const topic = await on.topic(2)
  on.order('JoinGroup', { lose: 'answer' }, { nth: 2 })
  on.order('SyncGroup', { lose: 'answer' })
  const member = await Member.join(on, { topic, partitions: 2 })
  await member.assigned([0, 1])
  assert.deepEqual(
    member.told.filter((told) => told !== 'beforeJoin'),
    ['assigned 0,1'],
  )
})

faulty('a static member that has closed does not come back with its client', async (on) => {
  const topic = await on.topic(2)
  const groupId = on.name('group')
  const options = { topic, groupId, partitions: 2 }
  const first = await Member.join(on, options)
  await first.assigned([0, 1])
  const second = await Member.join(on, { ...options, instanceId: 'static' })
  await bothHaveParts(on, first, second)
  await second.group.close()
  const [{ request }] = on.memory.group(groupId).members.filter(({ request: { instanceId } }) => {
    return instanceId === 'static'
  })
  on.memory.silence(request.clientId)
  on.memory.hear(request.clientId)
  await on.kafka.elapse(SESSION_MS)
  await first.assigned([0, 1])
})
