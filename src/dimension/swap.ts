/** What a complete snapshot makes of a dimension's rows: those that are of none since it began go, unless it would leave too few. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Bytes, bytesOf, copyBytes } from '../bytes.ts'
import type { DimensionStore } from './dimension-store.ts'
import { markAt } from './snapshot-mark.ts'
import type { Snapshot, Snapshots } from './snapshots.ts'
import { isDeleted } from './stamp.ts'
import type { DimensionTable } from './table.ts'

/** Bytes of rows that are looked at in one turn: some milliseconds. */
const LOOKED_AT = 1 << 20
/** Bytes of keys that are put down before their rows go: no more of them are in memory a second time. */
const MOST_KEYS = 1 << 22

/** What has become of a snapshot that is complete. */
export interface Outcome {
  readonly snapshot: string
  readonly isAccepted: boolean
  /** Rows that are there with it, and without it. */
  readonly rows: number
  readonly before: number
}

/** Decides on the snapshots that are complete, in the order of their begins. @returns rows that go have not gone yet */
export async function judge(
  table: DimensionTable,
  snapshots: Snapshots,
  due: readonly Snapshot[],
  atLeast: number,
): Promise<Outcome[]> {
  const begins = [snapshots.boundary, ...due.map(({ begin }) => begin)]
  const counts = new Array<number>(begins.length).fill(0)
  await eachRow(table, (mark) => {
    const place = begins.findLastIndex((begin) => begin <= snapshots.beginOf(mark))
    if (place >= 0) counts[place]++
  })
  const from = (place: number): number => counts.slice(place).reduce((sum, count) => sum + count, 0)
  let current = 0
  return due.map((one, d) => {
    const rows = from(d + 1)
    const before = from(current)
    // Before the first one, nobody knows what else is there.
    const isFirst = begins[current] === Number.NEGATIVE_INFINITY
    const isAccepted = isFirst || rows >= atLeast * before
    if (isAccepted) {
      snapshots.accept(one)
      current = d + 1
    } else one.isRefused = true
    return { snapshot: one.name, isAccepted, rows, before }
  })
}

/** Deletes what is of no snapshot since the latest that is complete. @returns how many rows */
export async function sweep(
  table: DimensionTable,
  store: DimensionStore,
  snapshots: Snapshots,
): Promise<number> {
  const keys = bytesOf(Buffer.allocUnsafe(MOST_KEYS))
  let deleted = 0
  let isWhole = false
  while (!isWhole) {
    const ends: number[] = []
    let at = 0
    isWhole = true
    await eachRow(table, (mark, buffer, keyStart, keyEnd) => {
      if (snapshots.beginOf(mark) >= snapshots.boundary) return
      if (at + keyEnd - keyStart > MOST_KEYS) {
        isWhole = false
        return
      }
      at = copyBytes(buffer, keyStart, keyEnd, keys, at)
      ends.push(at)
    })
    for (const [n, end] of ends.entries()) {
      const start = ends[n - 1] ?? 0
      table.delete(keys, start, end)
      store.delete(keys, start, end)
    }
    deleted += ends.length
  }
  return deleted
}

async function eachRow(
  table: DimensionTable,
  each: (mark: number, buffer: Bytes, keyStart: number, keyEnd: number) => void,
): Promise<void> {
  const { stampBytes } = table
  let from = 0
  while (from >= 0) {
    from = table.forSome(from, LOOKED_AT, (buffer, keyStart, value) => {
      if (stampBytes > 0 && isDeleted(buffer, value)) return
      each(markAt(buffer, value + stampBytes), buffer, keyStart, value)
    })
    await nextTurn()
  }
}
