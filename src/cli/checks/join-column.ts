import { plural } from '../../config/text.ts'
import type { InternalTopic } from '../../plan/plan.ts'
import { type Finding, ok, warn } from './finding.ts'

const WHAT = 'join field'

/**
 * Whether facts have the column that they are joined by.
 * @param texts of the last facts; null: there is no row, or the column is null
 */
export function checkJoinColumn(
  { key, withoutKey }: Pick<InternalTopic, 'key' | 'withoutKey'>,
  texts: readonly (string | null)[],
): Finding {
  const { source } = key
  const without = texts.filter((text) => text === null).length
  const last = plural(texts.length, 'fact')
  if (without === 0) return ok(WHAT, `the last ${last} have ${source}`)
  const fate = withoutKey === 'emit' ? 'come out at once, without a match' : 'are dropped'
  const detail = `${without} of the last ${last} have no ${source} (no row, or the column is null): such facts ${fate}`
  return warn(
    WHAT,
    detail,
    'fill the column where the dimension is written, or write `missing: reject` to see the facts that have no row',
  )
}
