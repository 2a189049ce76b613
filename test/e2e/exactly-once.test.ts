import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Orders } from './orders.ts'

const COUNT = 60_000

async function withOrders(
  body: (orders: Orders) => Promise<void>,
  options: Parameters<typeof Orders.create>[0] = {},
): Promise<void> {
  const orders = await Orders.create(options)
  try {
    await body(orders)
  } finally {
    await orders.close()
  }
}

test('every paid order comes out once, complete, and SIGTERM ends with 0 within 5 seconds', () =>
  withOrders(async (orders) => {
    await orders.send(0, COUNT)
    await orders.sendRest(COUNT)
    const service = orders.start()
    await orders.expect(COUNT, 'inner')
    // Later it would end with 1.
    assert.equal(await service.stop(), 0)
  }))

test('a left join emits every unpaid order once, when its window has closed or the inputs are idle', () =>
  withOrders(async (orders) => {
    await orders.send(0, COUNT)
    await orders.sendRest(COUNT)
    orders.start({ JOIN_KIND: 'left', JOIN_IDLE: '2s' })
    await orders.expect(COUNT, 'left')
  }))

for (const step of [1, 2, 3, 4]) {
  test(`kill -9 after step ${step} of a commit changes nothing in the output`, () =>
    withOrders(async (orders) => {
      const first = orders.start({ ENRICHER_KILL_AFTER: `${step}:3`, INSTANCE_ID: 'a' })
      await first.logged('Task running')
      let sent = 0
      for (const part = COUNT / 20; first.alive; sent += part) {
        await orders.send(sent, sent + part)
        await sleep(200)
      }
      assert.equal(await first.ended, 'SIGKILL')
      orders.start({ INSTANCE_ID: 'a' })
      const count = sent + COUNT / 2
      await orders.send(sent, count)
      await orders.sendRest(count)
      await orders.expect(count, 'inner')
    }))
}

test('a lost state folder is restored from the changelog', () =>
  withOrders(async (orders) => {
    await orders.send(0, COUNT)
    const first = orders.start()
    await orders.expectTaken()
    assert.equal(await first.stop(), 0)
    rmSync(join(orders.folder, 'state'), { recursive: true })
    await orders.sendRest(COUNT)
    orders.start()
    await orders.expect(COUNT, 'inner')
  }))

test('the changelog is shortened as windows pass, and what is left of it restores the task', () =>
  withOrders(
    async (orders) => {
      await orders.send(0, COUNT / 2)
      const first = orders.start()
      await orders.expectTaken()
      assert.equal(await first.stop(), 0)
      await orders.send(COUNT / 2, COUNT)
      const second = orders.start()
      await orders.expectTaken()
      const changelog = `${orders.tag}-job-window-changelog`
      for (let tries = 0; ; tries++) {
        const heads = [...(await orders.broker.admin.offsets(changelog, 'earliest')).values()]
        if (heads.every((head) => head > 0)) break
        assert.ok(tries < 300, `Not shortened: ${heads}`)
        await sleep(200)
      }
      assert.equal(await second.stop(), 0)
      rmSync(join(orders.folder, 'state'), { recursive: true })
      await orders.sendRest(COUNT)
      orders.start()
      await orders.expect(COUNT, 'inner')
    },
    { perSecond: 150 },
  ))

test('a restart on its own folder goes on from the checkpoint', () =>
  withOrders(async (orders) => {
    await orders.send(0, COUNT)
    const first = orders.start({ JOIN_KIND: 'left', JOIN_IDLE: '100s' })
    await orders.expectTaken()
    assert.equal(await first.stop(), 0)
    await orders.sendRest(COUNT)
    orders.start({ JOIN_KIND: 'left', JOIN_IDLE: '2s' })
    await orders.expect(COUNT, 'left')
  }))

test('a second instance takes its share, and gives it back when it stops or dies', () =>
  withOrders(async (orders) => {
    await orders.send(0, COUNT / 3)
    const first = orders.start({ INSTANCE_ID: 'a' })
    await first.logged('"partitions":[0,1,2,3]')
    const second = orders.start({ STATE_DIR: join(orders.folder, 'b') })
    await second.logged('Task running')
    await orders.send(COUNT / 3, COUNT / 2)
    await sleep(500)
    assert.equal(await second.stop(), 0)
    await orders.send(COUNT / 2, COUNT)
    const third = orders.start({ STATE_DIR: join(orders.folder, 'c') })
    await third.logged('Task running')
    await orders.sendRest(COUNT)
    await third.kill()
    await orders.expect(COUNT, 'inner')
  }))
