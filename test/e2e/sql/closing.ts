/** Records that close all windows at the end of a stream. */
import { partitionOf } from '../../../src/broker/partition-of.ts'
import type { Row } from '../../support/sql-table.ts'

export const START = 1_735_689_600_000
/** Long after all others. */
const END = START + 86_400_000

/** One for each partition that a stream’s key may go to. @param row whose key is `id` */
export function closing<T extends Row>(partitions: number, row: (id: string, t: number) => T): T[] {
  const rows = new Map<number, T>()
  for (let i = 0; rows.size < partitions; i++) {
    const id = `end-${i}`
    const partition = partitionOf(Buffer.from(id), partitions)
    if (!rows.has(partition)) rows.set(partition, row(id, END))
  }
  return [...rows.values()]
}
