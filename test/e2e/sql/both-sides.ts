/** Orders that are keyed by their customer, and payments by their own id: what agrees, and what only one side has. */
import { delay, pick } from '../../../examples/random.ts'
import { closing, START } from './closing.ts'
import { GRACE_MS, type Shape } from './world.ts'

const COUNT = 6000
const CUSTOMERS = 200
const COUNTRIES = ['SE', 'NO', 'DK', 'FI']
const BEFORE_MS = 4000
const AFTER_MS = 10_000

/** Four a second; of some there are two with one id, and some never come. */
const orders = Array.from({ length: COUNT }, (_, i) => ({
  order_id: `o${i - (i % 41 === 40 ? 1 : 0)}`,
  // Some of no customer, and of customers that there are not.
  customer_id: i % 17 === 0 ? null : `c${pick(1, i, CUSTOMERS + 5)}`,
  quantity: 1 + pick(2, i, 9),
  price: pick(3, i, 10_000) / 100,
  t: START + i * 250,
})).filter((_, i) => i % 7 !== 3)

/** None, one or more of an order, before it or after, some out of the window. */
const payments = Array.from({ length: COUNT }, (_, i) =>
  Array.from({ length: [1, 1, 0, 2][pick(4, i, 4)] }, (_, n) => ({
    payment_id: `p${i}-${n}`,
    order_id: `o${i}`,
    amount: pick(5, 10 * i + n, 100_000) / 100,
    t: START + i * 250 - 5000 + delay(6, 10 * i + n, 6000, 20_000),
  })),
).flat()

export const BOTH_SIDES: Shape = {
  dimensions: [
    {
      name: 'customers',
      columns: { customer_id: 'string', name: 'string', country: 'string?' },
      partitions: 3,
      key: ({ customer_id }) => String(customer_id),
      rows: Array.from({ length: CUSTOMERS }, (_, i) => ({
        customer_id: `c${i}`,
        name: `Customer ${i}`,
        country: i % 11 === 0 ? null : [...COUNTRIES, 'XX'][pick(7, i, 5)],
        t: START,
      })),
    },
    {
      name: 'countries',
      columns: { code: 'string', title: 'string' },
      partitions: 1,
      key: ({ code }) => String(code),
      rows: COUNTRIES.map((code) => ({ code, title: `Country ${code}`, t: START })),
    },
  ],
  streams: [
    {
      name: 'orders',
      columns: {
        order_id: 'string',
        customer_id: 'string?',
        quantity: 'long',
        price: 'double',
      },
      partitions: 4,
      key: ({ customer_id }) => String(customer_id),
      rows: [
        ...orders,
        ...closing(4, (id, t) => ({ order_id: id, customer_id: id, quantity: 1, price: 1, t })),
      ],
    },
    {
      name: 'payments',
      columns: { payment_id: 'string', order_id: 'string', amount: 'double' },
      partitions: 3,
      key: ({ payment_id }) => String(payment_id),
      rows: [
        ...payments,
        ...closing(3, (id, t) => ({ payment_id: id, order_id: id, amount: 100, t })),
      ],
    },
  ],
  yaml: `
facts:
  topic: \${TAG}.orders
  schema: ./orders.avsc
  where: price < 90.0
  fields: { total: double(quantity) * price }
  select: [order_id, quantity, total]
dimensions:
  customer: { topic: "\${TAG}.customers", schema: ./customers.avsc, on: customer_id, select: [name] }
  country: { topic: "\${TAG}.countries", schema: ./countries.avsc, on: customer.country, select: [title] }
join:
  topic: \${TAG}.payments
  schema: ./payments.avsc
  on: order_id
  repartition: both
  within: { before: ${BEFORE_MS}ms, after: ${AFTER_MS}ms }
  grace: ${GRACE_MS}ms
  kind: outer
  idle: 10m
  where: amount >= 50.0
  select: { paid_for: order_id, amount: amount }
output:
  topic: \${TAG}.out
  schemaId: 1
  where: '!(has(order_id) && order_id.startsWith("end-"))'
  fields: { open: "total - coalesce(amount, 0.0)" }
`,
  sql: `
WITH o AS (SELECT * FROM orders WHERE price < 90 AND order_id NOT LIKE 'end-%'),
     p AS (SELECT * FROM payments WHERE amount >= 50 AND order_id NOT LIKE 'end-%')
SELECT o.order_id, o.quantity, o.quantity * o.price AS total, c.name, l.title, p.order_id, p.amount,
  o.quantity * o.price - coalesce(p.amount, 0) AS open
FROM o
LEFT JOIN customers c ON c.customer_id = o.customer_id
LEFT JOIN countries l ON l.code = c.country
FULL JOIN p ON p.order_id = o.order_id AND p.t BETWEEN o.t - ${BEFORE_MS} AND o.t + ${AFTER_MS}
`,
}
