/** Which dimensions have their rows in one table. */
import { joinPart, keyFields, keyNames } from '../config/look-ups.ts'
import type { DimensionConfig, LookUpPart, Pipeline } from '../config/pipeline.ts'
import { hasExpressions } from '../expression/program.ts'

/** The rows of one topic, which are read, held and stored once, for all dimensions that have it. */
export interface TablePlan {
  readonly topic: string
  /** By their places in the file; the store has the name of the first one. */
  readonly dimensions: readonly number[]
  /** The key's fields, in the order of their texts; null: the key is one text. */
  readonly keyNames: readonly string[] | null
  /** The value's fields that are the key, in the same order, as paths; none: the record's key is. */
  readonly keyFields: readonly string[]
  /** The fields by which other dimensions are looked up, or facts are joined, as paths: each is a part of the rows. */
  readonly texts: readonly string[]
}

export function tablesOf(pipeline: Pick<Pipeline, 'dimensions' | 'joins'>): TablePlan[] {
  const { dimensions } = pipeline
  const all = dimensions.map((_, d) => d)
  const wanted: LookUpPart[] = [
    ...dimensions.flatMap(({ parts }) => parts),
    ...[joinPart(pipeline)].filter((part) => part !== null),
  ]
  return grouped(all, (d) => sourceOf(dimensions[d])).map((group) => {
    const names = group.map((d) => dimensions[d].name)
    const texts = wanted.flatMap(({ dimension, field }) =>
      dimension !== null && names.includes(dimension) ? [field] : [],
    )
    return {
      topic: dimensions[group[0]].topic,
      dimensions: group,
      keyNames: keyNames(dimensions[group[0]]),
      keyFields: keyFields(dimensions[group[0]]),
      texts: [...new Set(texts)],
    }
  })
}

/** Dimensions that are alike in a text, in the order in which they come. */
export function grouped(
  dimensions: readonly number[],
  textOf: (dimension: number) => string,
): number[][] {
  const groups = new Map<string, number[]>()
  for (const d of dimensions) {
    const text = textOf(d)
    groups.set(text, [...(groups.get(text) ?? []), d])
  }
  return [...groups.values()]
}

/** What two dimensions have alike that have their rows in one table. */
const sourceOf = (dimension: DimensionConfig): string => {
  const { name, topic, keyFormat, keySchema, schema, envelope, type } = dimension
  const { asOf, historyMs, time, timeUnit } = dimension
  return JSON.stringify([
    topic,
    keyFormat,
    keySchema,
    schema,
    envelope,
    type,
    keyFields(dimension).toSorted(),
    // What is computed is of one dimension.
    hasExpressions(dimension) ? name : null,
    keyNames(dimension)?.toSorted(),
    // JSON has no infinity.
    asOf && [String(historyMs), time, timeUnit],
  ])
}

/** By dimension. */
export const tableOfEach = (tables: readonly TablePlan[]): number[] =>
  tables.reduce<number[]>((found, { dimensions }, t) => {
    for (const d of dimensions) found[d] = t
    return found
  }, [])
