/** The demo's records: each follows from its number alone, so a checker needs no input to know the output. */
import { readFileSync } from 'node:fs'
import avsc from 'avsc'
import { delay, mix, pick } from '../random.ts'

export const CUSTOMERS = 100_000
export const PRODUCTS = 20_000
/** One order in so many names a customer, or a product, that has no row. */
const UNKNOWN_ONE_IN = 200
const UNPAID_ONE_IN = 50
const MEAN_DELAY_MS = 10_000
export const MAX_DELAY_MS = 50_000

export const schemaOf = (name: string): avsc.Schema =>
  JSON.parse(readFileSync(new URL(`./schemas/${name}.avsc`, import.meta.url), 'utf8'))
const schema = (name: string): avsc.Type => avsc.Type.forSchema(schemaOf(name))
const types = {
  order: schema('order'),
  payment: schema('payment'),
  customer: schema('customer'),
  product: schema('product'),
}
const SCHEMA_IDS = { order: 1, payment: 2, customer: 3, product: 4 }

/** A framed Avro value. */
export function encode(name: keyof typeof types, value: object): Buffer {
  const body = types[name].toBuffer(value)
  const framed = Buffer.allocUnsafe(body.length + 5)
  framed[0] = 0
  framed.writeUInt32BE(SCHEMA_IDS[name], 1)
  body.copy(framed, 5)
  return framed
}

const known = (field: number, i: number, rows: number): number =>
  pick(field + 100, i, UNKNOWN_ONE_IN) === 0
    ? rows + 1 + pick(field, i, 500)
    : 1 + pick(field, i, rows)

export const orderId = (i: number): string => `o${String(i).padStart(12, '0')}`
export const indexOf = (id: string): number => Number(id.slice(1))

export function order(i: number, at: number) {
  return {
    order_id: orderId(i),
    customer_id: known(1, i, CUSTOMERS),
    product_id: known(2, i, PRODUCTS),
    quantity: 1 + pick(3, i, 5),
    price: (100 + pick(4, i, 49_900)) / 100,
    channel: ['web', 'app', 'store'][pick(5, i, 3)],
    ordered_at: at,
  }
}

export const isPaid = (i: number): boolean => pick(6, i, UNPAID_ONE_IN) !== 0

/** Exponential, with a mean of ten seconds. */
export const payDelay = (i: number): number => delay(7, i, MEAN_DELAY_MS, MAX_DELAY_MS)

export function payment(i: number, orderedAt: number) {
  const { price, quantity } = order(i, orderedAt)
  return {
    order_id: orderId(i),
    method: ['card', 'paypal', 'cash'][pick(8, i, 3)],
    amount: Math.round(price * quantity * 100) / 100,
    paid_at: orderedAt + payDelay(i),
  }
}

export const customer = (id: number) => ({
  customer_id: id,
  name: `Customer ${mix(9, id).toString(36)}`,
  segment: ['consumer', 'smb', 'enterprise', 'public'][pick(10, id, 4)],
  country: ['DE', 'FR', 'US', 'GB', 'JP', 'BR', 'IN', 'SE'][pick(11, id, 8)],
  updated_at: 1_700_000_000_000 + id,
})

export const product = (id: number) => ({
  product_id: id,
  title: `Product ${mix(12, id).toString(36)} deluxe`,
  category: ['kitchen', 'garden', 'books', 'toys', 'sports', 'music'][pick(13, id, 6)],
  brand: `brand-${pick(14, id, 500)}`,
  list_price: (100 + pick(15, id, 49_900)) / 100,
})

/**
 * What has to come out for order `i`; with `paid` false: of a left join, without its payment; with `sent` false: of a right
 * one, its payment alone.
 */
export function enriched(i: number, at: number, paid: boolean, sent = true): object {
  const left = order(i, at)
  const c = sent && left.customer_id <= CUSTOMERS ? customer(left.customer_id) : null
  const p = sent && left.product_id <= PRODUCTS ? product(left.product_id) : null
  const right = paid ? payment(i, at) : null
  return {
    ...(sent ? left : nulls(left)),
    customer_name: c?.name ?? null,
    segment: c?.segment ?? null,
    country: c?.country ?? null,
    title: p?.title ?? null,
    category: p?.category ?? null,
    brand: p?.brand ?? null,
    method: right?.method ?? null,
    amount: right?.amount ?? null,
    paid_at: right?.paid_at ?? null,
  }
}

const nulls = (record: object): object =>
  Object.fromEntries(Object.keys(record).map((name) => [name, null]))
