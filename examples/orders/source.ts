import type { Sent, Source } from '../source.ts'
import * as data from './data.ts'

function* rows(count: number, row: (id: number) => Sent['value']): Generator<Sent> {
  for (let id = 1; id <= count; id++) yield { key: id, value: row(id) }
}

export const source: Source = {
  dimensions: {
    customer: () => rows(data.CUSTOMERS, data.customer),
    product: () => rows(data.PRODUCTS, data.product),
  },
  fact: (i, at) => ({ key: data.orderId(i), value: data.order(i, at) }),
  rights(i, at) {
    if (!data.isPaid(i)) return []
    const value = data.payment(i, at)
    return [{ key: data.orderId(i), value, at: value.paid_at }]
  },
}
