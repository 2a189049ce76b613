/** Orders and their payments, refunds of the payments, and what customers wrote: three keys, one after the other. */
import { delay, pick } from '../../../examples/random.ts'
import { closing, START } from './closing.ts'
import { GRACE_MS, type Shape } from './world.ts'

const COUNT = 4000
const CUSTOMERS = 1500
const PARTITIONS = 3
const PAID_MS = 20_000
const REFUNDED_MS = 60_000
const WROTE_MS = 30_000

const at = (i: number): number => START + i * 400
const some = (field: number, i: number): number => [1, 1, 0, 2][pick(field, i, 4)]

/** Some of nobody. */
const orders = Array.from({ length: COUNT }, (_, i) => ({
  order_id: `o${i}`,
  customer_id: i % 13 === 0 ? null : `c${pick(1, i, CUSTOMERS)}`,
  t: at(i),
}))

/** None, one or two of an order, before it or after, some out of the window. */
const payments = orders.flatMap(({ order_id, t }, i) =>
  Array.from({ length: some(2, i) }, (_, n) => ({
    payment_id: `p${i}-${n}`,
    order_id,
    amount: pick(3, 2 * i + n, 9000) / 100,
    t: t - 3000 + delay(4, 2 * i + n, 8000, 40_000),
  })),
)

/** Of some payments, and some of none. */
const refunds = payments
  .filter((_, i) => pick(5, i, 3) > 0)
  .map(({ payment_id, t }, i) => ({
    payment_id: i % 17 === 0 ? `lost-${i}` : payment_id,
    reason: `reason ${pick(6, i, 5)}`,
    t: t - 2000 + delay(7, i, 30_000, 120_000),
  }))

const messages = Array.from({ length: COUNT }, (_, i) => ({
  message_id: `m${i}`,
  customer_id: `c${pick(8, i, CUSTOMERS)}`,
  text: `text ${i}`,
  t: at(i) + pick(9, i, 5000),
}))

type Row = { readonly [column: string]: unknown }
const by =
  (column: string) =>
  (row: Row): string =>
    String(row[column])

export const REFUNDS: Shape = {
  dimensions: [],
  streams: [
    {
      name: 'orders',
      columns: { order_id: 'string', customer_id: 'string?' },
      partitions: PARTITIONS,
      key: by('order_id'),
      rows: [
        ...orders,
        ...closing(PARTITIONS, (id, t) => ({ order_id: id, customer_id: null, t })),
      ],
    },
    {
      name: 'payments',
      columns: { payment_id: 'string', order_id: 'string', amount: 'double' },
      partitions: 2,
      key: by('payment_id'),
      rows: [
        ...payments,
        ...closing(2, (id, t) => ({ payment_id: id, order_id: id, amount: 0, t })),
      ],
    },
    {
      name: 'refunds',
      columns: { payment_id: 'string', reason: 'string' },
      partitions: PARTITIONS,
      key: by('payment_id'),
      rows: [...refunds, ...closing(PARTITIONS, (id, t) => ({ payment_id: id, reason: 'end', t }))],
    },
    {
      name: 'messages',
      columns: { message_id: 'string', customer_id: 'string', text: 'string' },
      partitions: 4,
      key: by('message_id'),
      rows: [
        ...messages,
        ...closing(4, (id, t) => ({ message_id: id, customer_id: id, text: 'end', t })),
      ],
    },
  ],
  yaml: `
facts: { topic: "\${TAG}.orders", schema: ./orders.avsc }
joins:
  payment:
    topic: \${TAG}.payments
    schema: ./payments.avsc
    on: order_id
    repartition: right
    within: { before: 0s, after: ${PAID_MS}ms }
    grace: ${GRACE_MS}ms
    kind: left
    idle: 10m
    select: { paid_by: payment_id, amount: amount }
  refund:
    topic: \${TAG}.refunds
    schema: ./refunds.avsc
    on: { left: payment.payment_id, right: payment_id }
    repartition: facts
    within: { before: 1s, after: ${REFUNDED_MS}ms }
    grace: ${GRACE_MS}ms
    kind: outer
    idle: 10m
    select: { refunded: payment_id, reason: reason }
  message:
    topic: \${TAG}.messages
    schema: ./messages.avsc
    on: customer_id
    repartition: both
    within: ${WROTE_MS}ms
    grace: ${GRACE_MS}ms
    kind: left
    idle: 10m
    select: [text]
output:
  topic: \${TAG}.out
  schemaId: 1
  where: '!coalesce(order_id, refunded, "").startsWith("end-")'
`,
  sql: refundsSql(),
}

/**
 * A match is as old as its younger record.
 * @param times of orders, and of refunds that came out without one, in ms
 */
export function refundsSql({ from = 0, to = Number.MAX_SAFE_INTEGER } = {}): string {
  return `
WITH o AS (SELECT * FROM orders WHERE order_id NOT LIKE 'end-%'),
     r AS (SELECT * FROM refunds WHERE payment_id NOT LIKE 'end-%'),
     paid AS (
       SELECT o.order_id, o.customer_id, o.t AS base, p.payment_id, p.amount, max(o.t, coalesce(p.t, o.t)) AS t
       FROM o LEFT JOIN payments p ON p.order_id = o.order_id AND p.t BETWEEN o.t AND o.t + ${PAID_MS}
     ),
     refunded AS (
       SELECT paid.order_id, paid.customer_id, paid.payment_id, paid.amount, r.payment_id AS refunded, r.reason,
         coalesce(paid.base, r.t) AS base,
         max(coalesce(paid.t, r.t), coalesce(r.t, paid.t)) AS t
       FROM paid FULL JOIN r
         ON r.payment_id = paid.payment_id AND r.t BETWEEN paid.t - 1000 AND paid.t + ${REFUNDED_MS}
     )
SELECT order_id, f.customer_id, payment_id, amount, refunded, reason, m.text
FROM refunded f LEFT JOIN messages m
  ON m.customer_id = f.customer_id AND m.t BETWEEN f.t - ${WROTE_MS} AND f.t + ${WROTE_MS}
WHERE base >= ${from} AND base < ${to}
`
}
