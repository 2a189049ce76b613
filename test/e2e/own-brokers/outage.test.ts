import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, type LocalKafka, startKafka } from '../../support/kafka.ts'
import { Orders } from '../orders.ts'

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
    await orders.expect(COUNT, 'inner')
    assert.ok(service.alive, service.log)
    assert.equal(await service.stop(), 0)
  } finally {
    await orders.close()
  }
})

test('a rebuild of a dimension while the broker is away is refused, and changes nothing', async () => {
  const orders = await Orders.create({ broker: kafka.address })
  try {
    const port = String(await freePort())
    const service = orders.start({ INSTANCE_ID: 'r', HTTP_PORT: port, HTTP_TOKEN: 'secret' })
    await service.logged('Task running')
    const url = `http://127.0.0.1:${port}`
    const rebuild = (): Promise<Response> =>
      fetch(`${url}/admin/stores/customer/rebuild`, {
        method: 'POST',
        headers: { authorization: 'Bearer secret' },
      })
    const back = kafka.restart(8000)
    await sleep(1000)
    const refused = await rebuild()
    assert.equal(refused.status, 503)
    assert.match(await refused.text(), /No broker answers, so customer could not be read/)
    assert.equal((await fetch(`${url}/v1/stores/dimensions/customer/rows/17`)).status, 200)
    await back
    await sleep(1000)
    assert.equal((await rebuild()).status, 202)
    const recovered = service.log.match(/Asking the broker works again/g) ?? []
    assert.ok(recovered.length <= 1, 'one line for one outage')
    await service.logged('has been read anew')
    await orders.send(0, 1000)
    await orders.sendRest(1000)
    await orders.expect(1000, 'inner')
    assert.ok(service.alive, service.log)
  } finally {
    await orders.close()
  }
})

test('SIGTERM while the broker is away ends with 0 within 5 seconds', async () => {
  const orders = await Orders.create({ broker: kafka.address })
  try {
    const service = orders.start({ INSTANCE_ID: 'b' })
    await service.logged('Task running')
    await orders.send(0, 1000)
    const back = kafka.restart(6500)
    await sleep(2500)
    // Later it would end with 1.
    assert.equal(await service.stop(), 0, service.log)
    await back
  } finally {
    await orders.close()
  }
})

test('SIGTERM while the broker takes requests, and answers none, ends with 0 within 5 seconds', async () => {
  const orders = await Orders.create({ broker: kafka.address })
  try {
    const service = orders.start({ INSTANCE_ID: 's' })
    await service.logged('Task running')
    await orders.send(0, 1000)
    process.kill(kafka.pid, 'SIGSTOP')
    await sleep(1000)
    assert.equal(await service.stop(), 0, service.log)
  } finally {
    process.kill(kafka.pid, 'SIGCONT')
    await orders.close()
  }
})

test('SIGTERM while a join waits for a silent member ends with 0, and the others get the tasks', async () => {
  const orders = await Orders.create({ broker: kafka.address })
  try {
    const silent = orders.start({ STATE_DIR: join(orders.folder, 'silent') })
    await silent.logged('Task running')
    silent.child.kill('SIGSTOP')
    const joining = orders.start({ STATE_DIR: join(orders.folder, 'joining') })
    await joining.logged('Dimensions read')
    await sleep(1500)
    assert.equal(await joining.stop(), 0, joining.log)
    silent.child.kill('SIGCONT')
    await orders.send(0, 1000)
    await orders.sendRest(1000)
    await orders.expect(1000, 'inner')
    assert.equal(await silent.stop(), 0, silent.log)
  } finally {
    await orders.close()
  }
})
