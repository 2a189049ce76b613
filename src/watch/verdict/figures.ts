/** What an instance has counted, as far as it tells whether the data is all right. */
import type { Pipeline } from '../../config/pipeline.ts'
import { sourcesOf } from '../../config/topic-names.ts'
import type { Counts, WindowCounts } from '../../counts/counts.ts'
import type { Dimension } from '../../dimension/dimension.ts'

/** Records that did not get to the output, of one kind. */
export interface Loss {
  readonly kind: 'reject' | 'late' | 'early' | 'otherType' | 'missing'
  /** What they are of: a topic, both input topics, or, where rows are missing, a dimension. */
  readonly of: string
  readonly stage: string
  readonly reason: string
  readonly count: number
  /** The key of `Figures.taken` whose records they are a part of. */
  readonly among: string
}

export interface LookUps {
  readonly dimension: string
  readonly hits: number
  readonly misses: number
  /** Facts whose field is null. */
  readonly nulls: number
}

/** What a join has counted; lists are by side, and all 0 without a join. */
export interface JoinFigures {
  readonly taken: readonly number[]
  readonly matches: number
  /** Records whose key was there on the other side, whatever their times. */
  readonly keysFound: number
  /** Segments of the window that stream time has passed. */
  readonly closed: readonly number[]
}

/** All figures, from the start up to a moment. */
export interface Figures {
  /** The moment: monotonic, in ms. */
  readonly at: number
  /** So many records were taken of each topic, and so many facts looked up in each dimension. */
  readonly taken: ReadonlyMap<string, number>
  /** By kind, what they are of, stage and reason. */
  readonly losses: ReadonlyMap<string, Loss>
  readonly lookUps: readonly LookUps[]
  /** By join; one where there is none. */
  readonly joins: readonly JoinFigures[]
}

export function figuresOf(
  pipeline: Pipeline,
  counts: Counts,
  dimensions: readonly Dimension[],
  at: number,
): Figures {
  const joins = counts.windows.map((window, j): JoinFigures => joinFigures(counts, window, j))
  const { matches } = counts.windows.at(-1)!
  const lookUps = pipeline.dimensions.map(({ name }, d) => ({
    dimension: name,
    hits: counts.lookupHits[d],
    misses: counts.lookupMisses[d],
    nulls: counts.lookupNulls[d],
  }))
  return {
    at,
    taken: takenOf(pipeline, counts, dimensions, matches),
    losses: new Map(lossesOf(pipeline, counts).map((loss) => [idOf(loss), loss])),
    lookUps,
    joins,
  }
}

/** What comes to a later join are what the earlier ones give: their records count with the facts'. */
const joinFigures = (counts: Counts, window: WindowCounts, j: number): JoinFigures => ({
  taken: [counts.consumed[0], counts.consumed[1 + j] ?? 0],
  matches: window.matches,
  keysFound: window.probeHits[0] + window.probeHits[1],
  closed: [...window.segmentsExpired],
})

const idOf = ({ kind, of, stage, reason }: Loss): string => `${kind} ${of} ${stage} ${reason}`
/** A topic may have the name of a dimension; blanks it has none. */
const lookedUpIn = (dimension: string): string => `dimension ${dimension}`

function takenOf(
  pipeline: Pipeline,
  counts: Counts,
  dimensions: readonly Dimension[],
  matches: number,
): ReadonlyMap<string, number> {
  const { output, dimensions: configs } = pipeline
  // A joined record that is too large is a reject of the output topic.
  const taken = new Map([[output.topic, matches]])
  const add = (of: string, records: number): unknown =>
    taken.set(of, (taken.get(of) ?? 0) + records)
  for (const [source, { config }] of sourcesOf(pipeline).entries()) {
    add(config.topic, counts.consumed[source])
  }
  for (const { topic, read } of new Set(dimensions)) add(topic, read.records)
  const inputs = sourcesOf(pipeline).length
  taken.set(
    allOf(pipeline),
    counts.consumed.slice(0, inputs).reduce((sum, records) => sum + records, 0),
  )
  for (const [d, { name }] of configs.entries()) {
    taken.set(lookedUpIn(name), counts.lookupHits[d] + withoutRow(counts, d))
  }
  return taken
}

function lossesOf(pipeline: Pipeline, counts: Counts): Loss[] {
  const { joins, dimensions } = pipeline
  const rejected = [...counts.rejects].map(([labels, count]): Loss => {
    const [of, stage, reason] = labels.split(' ')
    return { kind: 'reject', of, stage, reason, count, among: of }
  })
  const late = (joins.length === 0 ? [] : sourcesOf(pipeline)).map(({ config }, side): Loss => {
    const of = config.topic
    return {
      kind: 'late',
      of,
      stage: 'window',
      reason: 'late',
      count: counts.late[side],
      among: of,
    }
  })
  const all = allOf(pipeline)
  const mayDrop = sourcesOf(pipeline).some(({ config }) => config.early === 'drop')
  const early = (mayDrop ? [counts.droppedEarly] : []).map((count): Loss => {
    return { kind: 'early', of: all, stage: 'decode', reason: 'future_time', count, among: all }
  })
  const others = [...counts.otherTypes].map(([of, count]): Loss => {
    return { kind: 'otherType', of, stage: 'decode', reason: 'other_type', count, among: of }
  })
  const missing = dimensions.map(({ name: of }, d): Loss => {
    const count = withoutRow(counts, d)
    return { kind: 'missing', of, stage: 'enrich', reason: 'missing', count, among: lookedUpIn(of) }
  })
  // What the pipeline file has rejected is among the rejects.
  const fates = [
    ...joins.slice(0, 1).map(({ late }) => late.left),
    ...joins.map(({ late }) => late.right),
  ]
  return [
    ...rejected,
    ...late.filter((_, side) => fates[side] !== 'reject'),
    ...early,
    ...others,
    ...missing.filter((_, d) => dimensions[d].missing === 'drop'),
  ]
}

const withoutRow = (counts: Counts, d: number): number =>
  counts.lookupMisses[d] + counts.lookupNulls[d]

/** The sources' topics, as one name. */
const allOf = (pipeline: Pipeline): string =>
  sourcesOf(pipeline)
    .map(({ config }) => config.topic)
    .join(', ')
