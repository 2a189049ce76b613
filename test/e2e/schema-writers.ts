/** Writes the orders example's inputs with schemas of a registry, the newest of each. */
import avsc from 'avsc'
import * as data from '../../examples/orders/data.ts'
import type { RunningRegistry } from '../support/registry.ts'
import type { Orders } from './orders.ts'
import { frame, type Schema, schemaOf } from './registered.ts'

export const AT = 1_735_689_600_000
const NAMES = ['order', 'payment', 'customer', 'product'] as const
type Name = (typeof NAMES)[number]

export const order = (i: number) => ({ ...data.order(i, AT + i), customer_id: 7, product_id: 9 })

export function withField(schema: Schema, name: string, type: string, value: unknown): Schema {
  return { ...schema, fields: [...schema.fields, { name, type, default: value }] }
}

/** Fields that the newer schemas have. */
export const NEWER = { note: 'hello', vip: true, weight: 1.5 }

/** Writes the inputs, each with the schema that was registered last. */
export class Writers {
  readonly ids = new Map<Name, number>()
  readonly #types = new Map<Name, avsc.Type>()
  readonly #orders: Orders
  readonly #registry: RunningRegistry

  constructor(orders: Orders, registry: RunningRegistry) {
    this.#orders = orders
    this.#registry = registry
  }

  async registerAll(): Promise<void> {
    for (const name of NAMES) await this.register(name, schemaOf(name))
  }

  /** One field more for facts and customers; for products also a doc of a selected field. */
  async registerNewer(): Promise<void> {
    await this.register('order', withField(schemaOf('order'), 'note', 'string', ''))
    await this.register('customer', withField(schemaOf('customer'), 'vip', 'boolean', false))
    const product = withField(schemaOf('product'), 'weight', 'double', 0)
    const fields = product.fields.map((f) => (f.name === 'title' ? { ...f, doc: 'Its title' } : f))
    await this.register('product', { ...product, fields })
  }

  async rows(): Promise<void> {
    this.#put('customer', 7, '7', data.customer(7))
    this.#put('product', 9, '9', data.product(9))
    await this.#orders.producer.flush()
  }

  async pairs(orders: [number, number], payments: [number, number]): Promise<void> {
    for (let i = orders[0]; i < orders[1]; i++) this.#put('order', i, data.orderId(i), order(i))
    for (let i = payments[0]; i < payments[1]; i++) {
      this.#put('payment', i, data.orderId(i), data.payment(i, AT + i))
    }
    await this.#orders.producer.flush()
  }

  async register(name: Name, schema: Schema): Promise<void> {
    const subject = `${this.#orders.topic(`${name}s`)}-value`
    this.ids.set(name, await this.#registry.register(subject, schema))
    this.#types.set(name, avsc.Type.forSchema(schema as avsc.Schema))
  }

  #put(name: Name, i: number, key: string, fields: object): void {
    const body = this.#types.get(name)!.toBuffer({ ...fields, ...NEWER })
    const value = frame(this.ids.get(name)!, body)
    const topic = this.#orders.topic(`${name}s`)
    this.#orders.producer.put(topic, i % 4, AT + i, Buffer.from(key), value)
  }
}

export async function outputVersions(orders: Orders, registry: RunningRegistry): Promise<number[]> {
  const subject = `${orders.topic('enriched')}-value`
  const answer = await fetch(`${registry.url}/subjects/${subject}/versions`)
  return answer.ok ? ((await answer.json()) as number[]) : []
}
