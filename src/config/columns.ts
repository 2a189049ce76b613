/** What `select` takes, in its two forms. */
import { lastOf } from './look-ups.ts'
import type { Column } from './pipeline.ts'
import type { RawSelect } from './raw-pipeline.ts'
import type { ReportAt } from './report.ts'

/** A column, and where the file has its field, below `select`. */
interface Written extends Column {
  readonly place: readonly string[]
}

/** @param path of the select in the file; null: it has none */
export function columnsOf(
  select: RawSelect | undefined,
  path: readonly string[],
  report: ReportAt,
): Column[] | null {
  if (select === undefined) return null
  const written = Array.isArray(select)
    ? select.flatMap((one, i) => listed(one, String(i)))
    : renamed(select, [])
  const taken = new Map<string, string>()
  for (const { name, source, place } of written) {
    const other = taken.get(name)
    taken.set(name, source)
    if (other === undefined) continue
    const message =
      other === source
        ? `${source} is there twice; take it once`
        : `the name ${name} is already taken by ${other}; rename one, as { other_name: ${source} }`
    report([...path, ...place], message, 0)
  }
  return written.map(({ name, source }) => ({ name, source }))
}

/** A field inside of records is called as it is there, as one of a key that has several is. */
const listed = (one: string | Record<string, string>, place: string): Written[] =>
  typeof one === 'string'
    ? [{ name: lastOf(one), source: one, place: [place] }]
    : renamed(one, [place])

const renamed = (fields: Record<string, string>, place: readonly string[]): Written[] =>
  Object.entries(fields).map(([name, source]) => ({ name, source, place: [...place, name] }))
