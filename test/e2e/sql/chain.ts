/** Orders, their payments, and the shipments of either: three streams of one key. */
import { delay, pick } from '../../../examples/random.ts'
import { closing, START } from './closing.ts'
import { GRACE_MS, type Shape } from './world.ts'

const COUNT = 5000
const PAID_MS = 10_000
const SHIPPED_BEFORE_MS = 2000
const SHIPPED_MS = 60_000
const PARTITIONS = 3

const at = (i: number): number => START + i * 300
const some = (field: number, i: number): number => [1, 1, 0, 2][pick(field, i, 4)]

/** Some never come. */
const orders = Array.from({ length: COUNT }, (_, i) => ({
  order_id: `o${i}`,
  product_id: `p${pick(1, i, 40)}`,
  t: at(i),
})).filter((_, i) => i % 9 !== 5)

/** None, one or two of an order, before it or after, some out of the window. */
const payments = Array.from({ length: COUNT }, (_, i) =>
  Array.from({ length: some(2, i) }, (_, n) => ({
    order_id: `o${i}`,
    amount: pick(3, 2 * i + n, 9000) / 100,
    t: at(i) - 3000 + delay(4, 2 * i + n, 5000, 20_000),
  })),
).flat()

/** Of orders that were paid, and of others. */
const shipments = Array.from({ length: COUNT }, (_, i) =>
  Array.from({ length: some(5, i) }, (_, n) => ({
    order_id: `o${i}`,
    parcel: `parcel ${i}-${n}`,
    t: at(i) - 1000 + delay(6, 2 * i + n, 30_000, 100_000),
  })),
).flat()

const key = ({ order_id }: { readonly [column: string]: unknown }): string => String(order_id)

/** @param kinds of the two joins */
export const chain = (first: 'inner' | 'left' | 'outer', second: 'left' | 'outer'): Shape => ({
  dimensions: [
    {
      name: 'products',
      columns: { product_id: 'string', title: 'string' },
      partitions: 2,
      key: ({ product_id }) => String(product_id),
      rows: Array.from({ length: 35 }, (_, i) => ({
        product_id: `p${i}`,
        title: `Product ${i}`,
        t: START,
      })),
    },
  ],
  streams: [
    {
      name: 'orders',
      columns: { order_id: 'string', product_id: 'string' },
      partitions: PARTITIONS,
      key,
      rows: [
        ...orders,
        ...closing(PARTITIONS, (id, t) => ({ order_id: id, product_id: 'none', t })),
      ],
    },
    {
      name: 'payments',
      columns: { order_id: 'string', amount: 'double' },
      partitions: PARTITIONS,
      key,
      rows: [...payments, ...closing(PARTITIONS, (id, t) => ({ order_id: id, amount: 1, t }))],
    },
    {
      name: 'shipments',
      columns: { order_id: 'string', parcel: 'string' },
      partitions: PARTITIONS,
      key,
      rows: [...shipments, ...closing(PARTITIONS, (id, t) => ({ order_id: id, parcel: '', t }))],
    },
  ],
  yaml: `
facts: { topic: "\${TAG}.orders", schema: ./orders.avsc }
dimensions:
  product: { topic: "\${TAG}.products", schema: ./products.avsc, on: product_id, select: [title] }
joins:
  payment:
    topic: \${TAG}.payments
    schema: ./payments.avsc
    on: order_id
    within: ${PAID_MS}ms
    grace: ${GRACE_MS}ms
    kind: ${first}
    idle: 10m
    select: { paid_for: order_id, amount: amount }
  shipment:
    topic: \${TAG}.shipments
    schema: ./shipments.avsc
    on: order_id
    within: { before: ${SHIPPED_BEFORE_MS}ms, after: ${SHIPPED_MS}ms }
    grace: ${GRACE_MS}ms
    kind: ${second}
    idle: 10m
    select: { sent_for: order_id, parcel: parcel }
output:
  topic: \${TAG}.out
  schemaId: 1
  where: '!coalesce(order_id, paid_for, sent_for, "").startsWith("end-")'
`,
  // A match is as old as its younger record.
  sql: `
WITH o AS (SELECT * FROM orders WHERE order_id NOT LIKE 'end-%'),
     p AS (SELECT * FROM payments WHERE order_id NOT LIKE 'end-%'),
     s AS (SELECT * FROM shipments WHERE order_id NOT LIKE 'end-%'),
     paid AS (
       SELECT o.order_id, o.product_id, d.title, p.order_id AS paid_for, p.amount,
         coalesce(o.order_id, p.order_id) AS k,
         max(coalesce(o.t, p.t), coalesce(p.t, o.t)) AS t
       FROM o LEFT JOIN products d ON d.product_id = o.product_id
       ${{ inner: '', left: 'LEFT', outer: 'FULL' }[first]} JOIN p
         ON p.order_id = o.order_id AND p.t BETWEEN o.t - ${PAID_MS} AND o.t + ${PAID_MS}
     )
SELECT paid.order_id, product_id, title, paid_for, amount, s.order_id, s.parcel
FROM paid ${{ left: 'LEFT', outer: 'FULL' }[second]} JOIN s
  ON s.order_id = k AND s.t BETWEEN paid.t - ${SHIPPED_BEFORE_MS} AND paid.t + ${SHIPPED_MS}
`,
})
