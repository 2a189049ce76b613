import type { Dimension } from './dimension.ts'
import type { SlowestPartition } from './row-horizon.ts'
import type { RowTable } from './row-table.ts'

/** What facts wait for. */
export interface SlowestRows extends SlowestPartition {
  readonly dimension: string
  readonly topic: string
}

/** How far the rows of all dimensions are that are looked up as of a time. */
export interface RowLimit {
  /** Facts before this time, in ms, find the rows of their times; infinite: all do. */
  readonly limit: number
  /** Whose rows the limit is due to; undefined: there is none. */
  readonly slowest: SlowestRows | undefined
}

/** What tasks look up in. */
export const lookedUpIn = (
  dimensions: readonly Dimension[],
): { readonly dimensions: readonly RowTable[]; readonly rowLimit: RowLimit | null } => ({
  dimensions: dimensions.map(({ table }) => table),
  rowLimit: rowLimitOf(dimensions),
})

/** null: none of them is looked up as of a time. */
function rowLimitOf(dimensions: readonly Dimension[]): RowLimit | null {
  const some = [...new Set(dimensions)].flatMap(({ name, topic, versions }) =>
    versions === null ? [] : [{ name, topic, horizon: versions.horizon }],
  )
  if (some.length === 0) return null
  return {
    get limit() {
      let limit = Number.POSITIVE_INFINITY
      for (const { horizon } of some) limit = Math.min(limit, horizon.limit)
      return limit
    },
    get slowest() {
      const { limit } = this
      if (limit === Number.POSITIVE_INFINITY) return undefined
      const of = some.find(({ horizon }) => horizon.limit === limit)
      const slowest = of?.horizon.slowest
      return slowest && { dimension: of.name, topic: of.topic, ...slowest }
    },
  }
}
