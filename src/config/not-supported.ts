/**
 * What people who do this job look for in a pipeline file, and this release does not have: each with the way round. `docs/limits.md`
 * has all of them.
 */
export interface Wish {
  /** The path of the key; `*` is a dimension's name. */
  readonly at: string
  /** The values that are not supported; the key itself where there are none. */
  readonly values?: readonly string[]
  /** What it would be. */
  readonly what: string
  readonly instead: string
}

/** The same wish for a key of each of these topics. */
const each = (key: string, topics: readonly string[], wish: Omit<Wish, 'at'>): Wish[] =>
  topics.map((topic) => ({ at: `${topic}.${key}`, ...wish }))

export const WISHES: readonly Wish[] = [
  ...each('key', ['facts', 'join'], {
    what: 'a key from fields of the value',
    instead:
      'a join goes by any field with `repartition`; else set the key in the connector: `ValueToKey`, then `ExtractField$Key`',
  }),
  {
    at: 'output.headers',
    what: 'headers of the output',
    instead:
      'change headers where it is read; `provenance: true` has them say what a record was made of',
  },
  ...['partitions', 'topicConfig.partitions'].map((key) => ({
    at: `output.${key}`,
    what: 'another number of partitions than the facts have',
    instead:
      'leave it out: each record stays in the partition that its fact came from; for an output with a `key` create the topic before the first start',
  })),
]

/** The sentence for a value at a place, or for a key that is not known; undefined: nothing is said of it. */
export function notSupported(path: readonly string[], value?: unknown): string | undefined {
  const form = String(value)
  const place = ofOne(path)
  const wish = WISHES.find(
    ({ at, values }) =>
      isAt(at.split('.'), place) && (values === undefined || values.includes(form)),
  )
  return wish && `${wish.what}: not supported; ${wish.instead}`
}

/** What one output or join has not, none of several has. */
const ofOne = (path: readonly string[]): readonly string[] => {
  if (path[0] === 'outputs') return ['output', ...path.slice(2)]
  return path[0] === 'joins' ? ['join', ...path.slice(2)] : path
}

const isAt = (at: readonly string[], path: readonly string[]): boolean =>
  at.length === path.length && at.every((key, i) => key === '*' || key === path[i])
