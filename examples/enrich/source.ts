import { source as orders } from '../orders/source.ts'
import type { Source } from '../source.ts'

/** Nothing is joined with the orders. */
export const source: Source = { ...orders, rights: () => [] }
