import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { A_JOIN } from '../../src/config/join-kind.ts'
import { Orders } from './orders.ts'

const COUNT = 40_000
/** Some orders never come, and some of these are paid all the same. */
const isSent = (i: number): boolean => i % 7 !== 3

for (const kind of ['right', 'outer'] as const) {
  test(`${A_JOIN[kind]} writes each pair and each record without one once, though instances are killed and tasks move`, async () => {
    const orders = await Orders.create({ isSent })
    const env = { JOIN_KIND: kind, JOIN_IDLE: '10m' }
    const first = { ...env, INSTANCE_ID: 'a' }
    const second = { ...env, STATE_DIR: join(orders.folder, 'b') }
    try {
      const killed = orders.start({ ...first, ENRICHER_KILL_AFTER: '3:3' })
      await killed.logged('Task running')
      let sent = 0
      for (const part = COUNT / 20; killed.alive; sent += part) {
        await orders.send(sent, sent + part)
        await sleep(200)
      }
      assert.equal(await killed.ended, 'SIGKILL')
      const again = orders.start(first)
      await again.logged('Task running')
      const other = orders.start(second)
      await other.logged('Task running')
      const count = sent + COUNT / 2
      await orders.send(sent, count)
      await other.kill()
      await orders.sendRest(count)
      await orders.expectTaken()
      assert.equal(await again.stop(), 0)
      // All has come, so that silence may close what is open.
      orders.start({ ...first, JOIN_IDLE: '2s' })
      await orders.expect(count, kind)
    } finally {
      await orders.close()
    }
  })
}
