import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LocalKafka, startCluster } from '../../support/kafka.ts'
import { Orders } from '../orders.ts'

const PART = 20_000
let brokers: LocalKafka[]
before(async () => {
  brokers = await startCluster()
})
after(() => Promise.all(brokers.map((broker) => broker.stop())))

test('each of three brokers that dies in turn, leader and coordinator among them, costs nothing but time', async () => {
  const orders = await Orders.create({ broker: brokers.map(({ address }) => address).join(',') })
  try {
    const service = orders.start({ INSTANCE_ID: 'a' })
    await service.logged('Task running')
    for (const [i, broker] of brokers.entries()) {
      await orders.send(i * PART, (i + 1) * PART)
      await broker.restart(2000)
      await sleep(2000)
    }
    const count = brokers.length * PART
    await orders.sendRest(count)
    await orders.expect(count, 'inner')
    assert.ok(service.alive, service.log)
    assert.equal(await service.stop(), 0)
  } finally {
    await orders.close()
  }
})
