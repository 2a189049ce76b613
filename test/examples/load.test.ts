import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Load } from '../../examples/orders/load.ts'
import type { PlainProducer } from '../support/topics.ts'

const RATE = 5000

/** Takes all, and stands still once. */
class SlowProducer {
  readonly #stallMs: number
  #puts = 0
  /** Of each flush, how many records it had. */
  readonly flushes: number[] = []

  constructor(stallMs: number) {
    this.#stallMs = stallMs
  }

  put(): void {
    this.#puts++
  }

  async flush(): Promise<void> {
    this.flushes.push(this.#puts)
    this.#puts = 0
    if (this.flushes.length === 3) await sleep(this.#stallMs)
  }
}

test('after a stall the load sends what became due bit by bit, and has caught up soon', async () => {
  const slow = new SlowProducer(1500)
  const producer = slow as unknown as PlainProducer
  const load = new Load({
    producer,
    topic: (name) => name,
    partitions: 4,
    rate: RATE,
    orders: 60_000,
  })
  const running = load.run()
  await sleep(3000)
  const { behindMs, ordersSent } = load
  load.stop()
  await running
  const most = Math.max(...slow.flushes)
  assert.ok(most <= 2 * RATE * 0.2 + 2, `${most} records in one flush`)
  assert.ok(behindMs < 500, `${behindMs} ms behind`)
  assert.ok(ordersSent > 2 * RATE, `${ordersSent} orders sent`)
})
