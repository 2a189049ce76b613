/** Orders of products that suppliers of several countries make, at prices that each country has of its own. */
import { pick } from '../random.ts'
import type { Sent, Source } from '../source.ts'

const PRODUCTS = 2000
const SUPPLIERS = 100
const CHANNELS = ['web', 'app', 'shop']
const COUNTRIES = ['SE', 'DE', 'FR', 'IT', 'PL', 'JP']

function* products(): Generator<Sent> {
  for (let id = 1; id <= PRODUCTS; id++) {
    // One in twenty has no supplier, and of one in fifty nobody knows it.
    const supplier = 1 + pick(1, id, SUPPLIERS + SUPPLIERS / 50)
    const supplier_id = pick(2, id, 20) === 0 ? null : supplier
    yield { key: id, value: { product_id: id, title: `Product ${id}`, supplier_id } }
  }
}

function* suppliers(): Generator<Sent> {
  for (let id = 1; id <= SUPPLIERS; id++) {
    const country = COUNTRIES[pick(3, id, COUNTRIES.length)]
    yield { key: id, value: { supplier_id: id, name: `Supplier ${id}`, country } }
  }
}

/** One has no row. */
function* countries(): Generator<Sent> {
  for (const code of COUNTRIES.slice(1)) yield { key: code, value: { code, name: `Land ${code}` } }
}

function* prices(): Generator<Sent> {
  for (let id = 1; id <= PRODUCTS; id++) {
    for (const [c, country] of COUNTRIES.entries()) {
      // One in ten is not sold in a country.
      if (pick(4 + c, id, 10) === 0) continue
      yield { key: { product_id: id, country }, value: { price: 1 + pick(10 + c, id, 9000) / 100 } }
    }
  }
}

export const source: Source = {
  // Destinations are in the same topic as origins.
  dimensions: {
    product: products,
    supplier: suppliers,
    origin: countries,
    destination: countries,
    price: prices,
  },
  fact(i, at) {
    const order_id = `o${String(i).padStart(10, '0')}`
    const country = [...COUNTRIES, null][pick(20, i, COUNTRIES.length + 1)]
    const value = {
      order_id,
      product_id: 1 + pick(21, i, PRODUCTS + PRODUCTS / 100),
      quantity: 1 + pick(22, i, 5),
      ship_to: pick(23, i, 20) === 0 ? null : { street: `Street ${pick(24, i, 900)}`, country },
      placed: { channel: CHANNELS[pick(25, i, CHANNELS.length)], at },
    }
    return { key: order_id, value }
  },
  rights: () => [],
}
