/** The records of the orders example: what this one reads. */
export { source } from '../orders/source.ts'
