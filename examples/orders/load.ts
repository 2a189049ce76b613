/** Orders and payments at a steady pace, in real time. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PlainProducer } from '../../test/support/topics.ts'
import * as data from './data.ts'

const TICK_MS = 10
/** After a stall not all that became due goes at once, but so much of it at a time. */
const CATCH_UP_MS = 200
const NONE = -1

export interface Target {
  readonly producer: PlainProducer
  readonly topic: (name: string) => string
  readonly partitions: number
}

export interface LoadOptions extends Target {
  /** Orders per second. */
  readonly rate: number
  readonly orders: number
}

/** Sends every dimension row. */
export async function sendDimensions(target: Target): Promise<void> {
  const { producer, topic, partitions } = target
  const send = async (name: 'customer' | 'product', rows: number, row: (id: number) => object) => {
    for (let id = 1; id <= rows; id++) {
      const value = data.encode(name, row(id))
      producer.put(topic(`${name}s`), id % partitions, Date.now(), Buffer.from(`${id}`), value)
      if (producer.bytes > 800_000) await producer.flush()
    }
    await producer.flush()
  }
  await send('customer', data.CUSTOMERS, data.customer)
  await send('product', data.PRODUCTS, data.product)
}

/**
 * Sends order `i` at its time, `start + i / rate`, and each payment when it is due, until the last
 * has gone.
 */
export class Load {
  readonly #options: LoadOptions
  /** Payments due at a millisecond: the first order's number, and the next after it. */
  readonly #due: Int32Array
  readonly #nextDue: Int32Array
  #start = 0
  #orders: number
  #ordersSent = 0
  #behindMs = 0
  #stopped = false
  sent = 0

  constructor(options: LoadOptions) {
    this.#options = options
    const { orders } = options
    this.#orders = orders
    this.#nextDue = new Int32Array(orders)
    this.#due = new Int32Array(this.#offset(orders) + data.MAX_DELAY_MS + 1).fill(NONE)
    for (let i = orders - 1; i >= 0; i--) {
      if (!data.isPaid(i)) continue
      const at = this.#offset(i) + data.payDelay(i)
      this.#nextDue[i] = this.#due[at]
      this.#due[at] = i
    }
  }

  /** Milliseconds since 1970. */
  orderedAt = (i: number): number => this.#start + this.#offset(i)

  get ordersSent(): number {
    return this.#ordersSent
  }

  async run(): Promise<void> {
    this.#start = Date.now()
    for (let sentUntil = 0; sentUntil < this.#end && !this.#stopped; ) {
      const due = Math.min(Date.now() - this.#start, this.#end)
      const now = Math.min(due, sentUntil + CATCH_UP_MS)
      this.#behindMs = due - now
      this.#putOrders(now)
      for (; sentUntil < now; sentUntil++) this.#putPayments(sentUntil)
      await this.#options.producer.flush()
      await sleep(this.#behindMs > 0 ? 0 : TICK_MS)
    }
  }

  /** How long ago that was due what is sent now: 0 where the pace is kept. */
  get behindMs(): number {
    return this.#behindMs
  }

  /** No order comes any more; the payments of those that have come still do. */
  endOrders(): void {
    this.#orders = this.#ordersSent
  }

  stop(): void {
    this.#stopped = true
  }

  /** The millisecond after the last payment. */
  get #end(): number {
    return this.#offset(this.#orders) + data.MAX_DELAY_MS + 1
  }

  #offset(i: number): number {
    return Math.floor((i * 1000) / this.#options.rate)
  }

  #putOrders(now: number): void {
    for (; this.#ordersSent < this.#orders; this.#ordersSent++) {
      const i = this.#ordersSent
      if (this.#offset(i) >= now) return
      const at = this.orderedAt(i)
      this.#put('orders', i, at, data.encode('order', data.order(i, at)))
    }
  }

  #putPayments(millisecond: number): void {
    for (let i = this.#due[millisecond]; i !== NONE; i = this.#nextDue[i]) {
      if (i >= this.#orders) continue
      const value = data.encode('payment', data.payment(i, this.orderedAt(i)))
      this.#put('payments', i, this.#start + millisecond, value)
    }
  }

  #put(name: string, i: number, at: number, value: Buffer): void {
    const { producer, topic, partitions } = this.#options
    producer.put(topic(name), i % partitions, at, Buffer.from(data.orderId(i)), value)
    this.sent++
  }
}
