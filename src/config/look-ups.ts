/** What dimensions are looked up by: `on` in its three forms, and how look-ups hang on one another. */
import type { DimensionConfig, LookUpPart, Pipeline } from './pipeline.ts'
import type { RawOn } from './raw-pipeline.ts'
import type { ReportAt } from './report.ts'

/** What the dimension `of` is looked up by. @param names of all dimensions */
export function lookedUp(
  of: string,
  on: RawOn,
  names: readonly string[],
  report: ReportAt,
): Pick<DimensionConfig, 'on' | 'parts'> {
  // None is looked up by its own rows: its name is the fact's record of that name.
  const dimensions = names.filter((name) => name !== of)
  if (typeof on === 'string') return { on, parts: [partOf(null, on, dimensions)] }
  const named = Array.isArray(on)
    ? on.map((source) => [lastOf(source), source] as const)
    : Object.entries(on)
  const twice = named.find(([name], i) => named.findIndex(([other]) => other === name) < i)
  if (twice !== undefined) {
    const [name] = twice
    report(
      ['dimensions', of, 'on'],
      `two fields would be the key’s ${name}; write { field of the key: field }`,
    )
  }
  return {
    on: named.map(([, source]) => source).join(', '),
    parts: named.map(([name, source]) => partOf(name, source, dimensions)),
  }
}

/** A dimension's name in front of the first dot makes it a column of that dimension. @param dimensions their names, or those of joins */
export function partOf(
  name: string | null,
  source: string,
  dimensions: readonly string[],
): LookUpPart {
  const [dimension = null] = dimensions
    .filter((one) => source.startsWith(`${one}.`))
    .sort((a, b) => b.length - a.length)
  const field = dimension === null ? source : source.slice(dimension.length + 1)
  return { name, dimension, field }
}

/** What the facts are joined by: a field of theirs, or a column of a dimension; null: nothing is joined. */
export const joinPart = ({
  joins,
  dimensions,
}: Pick<Pipeline, 'joins' | 'dimensions'>): LookUpPart | null => {
  const names = dimensions.map(({ name }) => name)
  return joins.length === 0 ? null : partOf(null, joins[0].onLeft, names)
}

/** What is at the end of a path. */
export const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

/** As the file has it. */
export const partText = ({ dimension, field }: LookUpPart): string =>
  dimension === null ? field : `${dimension}.${field}`

/** The names of a key's fields, in the order in which their texts are the key's text; null: the key is one text. */
export const keyNames = ({ parts }: Pick<DimensionConfig, 'parts'>): string[] | null =>
  parts[0].name === null ? null : parts.map(({ name }) => name!)

/** The fields of the value that a row's key is taken from, in the order of `keyNames`; none: the record has the key. */
export const keyFields = (dimension: Pick<DimensionConfig, 'parts' | 'key'>): string[] => {
  const { key } = dimension
  if (key.length < 2) return [...key]
  return (keyNames(dimension) ?? []).flatMap((name) => key.filter((path) => lastOf(path) === name))
}

export function checkLookUps(pipeline: Pipeline, report: ReportAt): void {
  for (const dimension of pipeline.dimensions) checkKey(dimension, pipeline, report)
  checkCircles(pipeline, report)
}

function checkKey(dimension: DimensionConfig, { registry }: Pipeline, report: ReportAt): void {
  const { name, frame, keyFormat, keySchema, parts, key } = dimension
  if (key.length > 0) {
    checkKeyFields(dimension, report)
    return
  }
  if (parts.length === 1) return
  const path = ['dimensions', name, 'on']
  if (keyFormat !== 'avro' && keyFormat !== 'json' && keyFormat !== 'protobuf') {
    const what = 'a key of several fields is an Avro record, a JSON object or a Protobuf message'
    report(path, `${what}; write keyFormat: avro, json or protobuf`)
  } else if (
    keyFormat === 'avro' &&
    (registry === null || frame === 'none') &&
    keySchema === null
  ) {
    report(path, 'without a registry a key of several fields needs keySchema, an .avsc file')
  }
}

/** Each field of the key has to be looked up by something, and nothing else. */
function checkKeyFields(dimension: DimensionConfig, report: ReportAt): void {
  const { name, keyFormat, keySchema, parts, key } = dimension
  const path = ['dimensions', name]
  if (keyFormat !== 'text' || keySchema !== null) {
    const at = keySchema === null ? 'keyFormat' : 'keySchema'
    report([...path, at], 'is of the record’s key, which is not read where key names fields')
  }
  const names = parts.map((part) => part.name)
  const wanted = key.map(lastOf)
  const isSame = names.length === key.length && wanted.every((field) => names.includes(field))
  if (key.length === 1 ? parts.length === 1 : isSame) return
  const example =
    key.length === 1 ? 'one field' : `{ ${wanted.map((field) => `${field}: …`).join(', ')} }`
  report([...path, 'on'], `is not what key has; write ${example}`)
}

function checkCircles({ dimensions }: Pipeline, report: ReportAt): void {
  const told = new Set<string>()
  for (const { name } of dimensions) {
    const circle = told.has(name) ? undefined : wayBack(name, name, dimensions, new Set())
    if (circle === undefined) continue
    for (const one of circle) told.add(one)
    const way = [...circle, name].join(' → ')
    const message = `look-ups that need one another, ${way}, have no beginning; look one of them up by a field of the facts`
    report(['dimensions', name, 'on'], message)
  }
}

/** The dimensions from one to `to`, along what their look-ups need; undefined: there is no such way. */
function wayBack(
  from: string,
  to: string,
  dimensions: readonly DimensionConfig[],
  seen: Set<string>,
): string[] | undefined {
  seen.add(from)
  const needed = neededBy(dimensions.find(({ name }) => name === from)!)
  for (const next of needed) {
    if (next === to) return [from]
    const rest = seen.has(next) ? undefined : wayBack(next, to, dimensions, seen)
    if (rest !== undefined) return [from, ...rest]
  }
  return undefined
}

/** The dimensions whose columns it is looked up by. */
const neededBy = ({ parts }: DimensionConfig): string[] =>
  parts.flatMap(({ dimension }) => dimension ?? [])

/** By dimension: how many look-ups come before it, one after the other. There are no circles. */
export function levelsOf(dimensions: readonly DimensionConfig[]): number[] {
  const levels = new Map<string, number>()
  const levelOf = (dimension: DimensionConfig): number => {
    const { name } = dimension
    const known = levels.get(name)
    if (known !== undefined) return known
    const before = neededBy(dimension).map((needed) =>
      levelOf(dimensions.find((one) => one.name === needed)!),
    )
    const level = Math.max(-1, ...before) + 1
    levels.set(name, level)
    return level
  }
  return dimensions.map(levelOf)
}
