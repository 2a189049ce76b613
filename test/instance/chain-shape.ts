/**
 * Pipelines with several joins, on one key or on different ones, and what SQL would say of them: streams whose records come in
 * the order of time, so that none is late.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import avsc from 'avsc'
import fc from 'fast-check'
import type { Output } from '../../src/cli/simulate/simulation.ts'
import { comesOutAlone, JOIN_KINDS, type JoinKind } from '../../src/config/join-kind.ts'
import { parsePipeline } from '../../src/config/load.ts'
import type { JoinConfig, Pipeline } from '../../src/config/pipeline.ts'
import type { Times } from '../../src/input/interval.ts'
import { FRAME } from '../cli/simulate/join/simulated-join.ts'
import { NOON, type StreamRecord } from '../window/random-streams.ts'

export interface ChainedJoin {
  readonly beforeMs: number
  readonly afterMs: number
  readonly kind: JoinKind
  /** What comes before is compared by: a field of the facts, `x`, or `j0.n`. */
  readonly on: string
  readonly repartition: JoinConfig['repartition']
}

export interface RandomChain {
  readonly joins: readonly ChainedJoin[]
  readonly records: readonly StreamRecord[]
}

const folder = new URL('chain/', import.meta.url)
const typeOf = (name: string): avsc.Type =>
  avsc.Type.forSchema(JSON.parse(readFileSync(new URL(name, folder), 'utf8')))
const [factType, rightType] = ['fact.avsc', 'right.avsc'].map(typeOf)

/** @param grace of each join */
export function chainPipeline(joins: readonly ChainedJoin[], grace = GRACE): Pipeline {
  const lines = joins.map(({ beforeMs, afterMs, kind, on, repartition }, j) => {
    const within = `{ before: ${beforeMs}ms, after: ${afterMs}ms }`
    const isNext = j > 0 && on !== joins[j - 1].on
    const sides = isNext ? (repartition === null ? 'facts' : 'both') : repartition
    const through = sides === null ? '' : `, repartition: ${sides}`
    const select = `{ r${j}: right, n${j}: n }`
    return `  j${j}: { topic: right${j}, schema: right.avsc, on: { left: ${on}, right: k }, within: ${within}, grace: ${grace}, kind: ${kind}, idle: 7d, select: ${select}${through} }`
  })
  const text = `
name: join
kafka: { brokers: "localhost:1" }
facts: { topic: facts, schema: fact.avsc, select: [fact, k, x] }
dimensions:
  d: { topic: rows, schema: ../../cli/simulate/join/dimension.avsc, on: d, missing: reject }
joins:
${lines.join('\n')}
output: { topic: joined, schemaId: 1 }
`
  return parsePipeline(text, fileURLToPath(new URL('pipeline.yaml', folder)), {})
}

/** What is read while it is written comes a little out of order, where an instance has just taken its task. */
const GRACE = '10m'

const TEXTS = ['a', 'b', 'c', null] as const
/** Another text of a record, which follows from its number. */
const otherOf = ({ id }: Pick<StreamRecord, 'id'>): string | null => TEXTS[(id * 7 + 3) % 4]

export function chainBytes(record: StreamRecord): Buffer {
  const { side, key, id } = record
  const n = otherOf(record)
  const body =
    side === 0
      ? factType.toBuffer({ fact: id, k: key, x: n, d: 'here' })
      : rightType.toBuffer({ right: id, k: key, n })
  return Buffer.concat([FRAME, body])
}

interface Row {
  /** By source. */
  readonly of: readonly (StreamRecord | undefined)[]
  readonly time: number
  /** In the stage. */
  readonly key: string | null
}

const ALWAYS: Times = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }

/**
 * Of the joins as SQL has them; a match is as old as its younger record. Sorted.
 * @param times of their facts, and where there is none of the right record of the earliest join
 */
export function chainRows({ joins, records }: RandomChain, times = ALWAYS): string[] {
  let rows: Row[] = records
    .filter(({ side }) => side === 0)
    .map((fact) => ({ of: [fact], time: fact.time, key: null }))
  for (const [j, join] of joins.entries()) {
    const isNew = j === 0 || joins[j - 1].on !== join.on
    const lefts = isNew ? rows.map((row) => ({ ...row, key: keyOf(row, join.on) })) : rows
    rows = joined(
      lefts,
      records.filter(({ side }) => side === j + 1),
      join,
      j + 1,
    )
  }
  const sources = joins.length + 1
  const isInside = ({ time }: StreamRecord): boolean => times.from <= time && time < times.to
  return rows
    .filter(({ of }) => isInside(of.find((one) => one !== undefined)!))
    .map((row) => textOf(row.of, sources))
    .sort()
}

function keyOf({ of }: Row, on: string): string | null {
  const [fact] = of
  if (on === 'k') return fact?.key ?? null
  const from = on === 'x' ? fact : of[1 + Number(on.slice(1, on.indexOf('.')))]
  return from === undefined ? null : otherOf(from)
}

function joined(
  lefts: readonly Row[],
  rights: readonly StreamRecord[],
  { beforeMs, afterMs, kind }: ChainedJoin,
  source: number,
): Row[] {
  const matched = new Set<Row | StreamRecord>()
  const rows = lefts.flatMap((left) =>
    rights.flatMap((right): Row[] => {
      const distance = right.time - left.time
      if (left.key !== right.key || distance < -beforeMs || distance > afterMs) return []
      matched.add(left).add(right)
      return [{ ...withRight(left, right, source), time: Math.max(left.time, right.time) }]
    }),
  )
  if (comesOutAlone(kind, 'left')) rows.push(...lefts.filter((left) => !matched.has(left)))
  if (!comesOutAlone(kind, 'right')) return rows
  const alone = rights.filter((right) => !matched.has(right))
  return [
    ...rows,
    ...alone.map((right) => withRight({ of: [], time: right.time, key: right.key }, right, source)),
  ]
}

function withRight(left: Row, right: StreamRecord, source: number): Row {
  const of = [...left.of]
  of[source] = right
  return { ...left, of }
}

const textOf = (of: Row['of'], sources: number): string =>
  Array.from({ length: sources }, (_, source) => of[source]?.id ?? '').join('-')

/** As `chainRows` has it, of a completed record. */
export const chainRowOf = ({ fact, ...columns }: Output['value']): string =>
  [
    fact,
    ...Object.keys(columns)
      .filter((name) => /^r\d/.test(name))
      .map((name) => columns[name]),
  ]
    .map((id) => id ?? '')
    .join('-')

const units = fc.oneof(
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.nat(8) },
)

/** @param on by join: what its left side may be compared by. @param repartition what its sides may be */
export function randomChains(
  on: readonly (readonly string[])[],
  repartition: (join: number) => readonly JoinConfig['repartition'][],
  maxLength: number,
): fc.Arbitrary<RandomChain> {
  const joinOf = (unit: number, j: number): fc.Arbitrary<ChainedJoin> =>
    fc.record({
      beforeMs: units.map((n) => n * unit),
      afterMs: units.map((n) => n * unit),
      kind: fc.constantFrom(...JOIN_KINDS, 'left' as const, 'outer' as const),
      on: fc.constantFrom(...on[j]),
      repartition: fc.constantFrom(...repartition(j)),
    })
  const step = fc.record({
    side: fc.nat(on.length),
    gap: fc.oneof({ weight: 3, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(12) }),
    key: fc.constantFrom('a', 'a', 'b', 'c'),
  })
  return fc.constantFrom(1, 7, 300, 10_000).chain((unit) =>
    fc.record({
      joins: fc.tuple(...on.map((_, j) => joinOf(unit, j))),
      records: fc.array(step, { maxLength, size: 'max' }).map((steps) => {
        let time = NOON
        return steps.map(({ side, gap, key }, id): StreamRecord => {
          time += gap * unit
          return { side, key, id, time, fault: undefined, isRejected: false }
        })
      }),
    }),
  )
}
