import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LocalKafka, startKafka } from '../support/kafka.ts'
import { Orders } from './orders.ts'

const COUNT = 60_000
let kafka: LocalKafka
before(async () => {
  kafka = await startKafka()
})
after(() => kafka.stop())

test('a broker that dies in the middle of the work and comes back costs nothing but time', async () => {
  const orders = await Orders.create({ broker: kafka.address })
  try {
    await orders.send(0, COUNT / 2)
    const service = orders.start({ INSTANCE_ID: 'a' })
    await service.logged('Task running')
    await kafka.restart(3000)
    await sleep(1000)
    await orders.send(COUNT / 2, COUNT)
    await orders.sendRest(COUNT)
    await orders.expect(COUNT, 'inner', 90)
    assert.ok(service.alive, service.log)
    assert.equal(await service.stop(), 0)
  } finally {
    await orders.close()
  }
})
