/** Pipelines of what the file can say, drawn by chance, each with the query that says the same. */
import type { Times } from '../../../../src/input/interval.ts'
import { pathOf, type Table } from '../../../support/sql-table.ts'
import { tablesOf } from './tables.ts'

/** Draws one of so many, the first of them most simply. */
export type Draw = (among: number) => number

export interface AnyShape {
  /** What the file has beside its name and the brokers. */
  readonly yaml: string
  readonly sql: string
  /** The same of rows whose fact, or where there is none whose right record of the earliest join, is of these times. */
  sqlOf(times: Times): string
  /** In the plan's order: facts, then each join's right stream. */
  readonly streams: readonly Table[]
  /** Whether values of this topic are JSON, where they are not Avro. */
  readonly isJson: (topic: string) => boolean
  /** In the file's order. */
  readonly dimensions: readonly Table[]
}

interface Column {
  /** In the output. */
  readonly name: string
  readonly sql: string
}

interface Dimension {
  readonly name: string
  readonly yaml: string
  /** Behind FROM f. */
  readonly join: string
  readonly columns: readonly Column[]
  readonly table: Table
  /** The column that others may be looked up by, and facts joined, as `on` has it. */
  readonly on: string
}

const KINDS = ['inner', 'left', 'right', 'outer'] as const
const SQL_KINDS = { inner: 'JOIN', left: 'LEFT JOIN', right: 'RIGHT JOIN', outer: 'FULL JOIN' }
const WIDTHS = [0, 1, 40, 250, 1000]
const GRACES = [0, 7, 500]

/** @param draw each call's answer is a choice */
export function anyShape(draw: Draw): AnyShape {
  const one = <T>(items: readonly T[]): T => items[draw(items.length)]
  const tables = tablesOf(draw)
  const dimensions = dimensionsOf(one, tables)
  const facts = factsOf(one, tables)
  const joins = joinsOf(one, tables, dimensions, facts.isDerived)
  const streams = [
    joins.some(({ isFactsThrough }) => isFactsThrough) ? byAnother(tables.facts) : tables.facts,
    ...joins.map((join, j) => {
      const table = tables.rights[j]
      return join.isRightThrough ? byAnother(table) : table
    }),
  ]
  const output = outputOf(one)
  const jsonTopics = ['facts', 'r0', 'r1', 'r2', 'places', 'versions'].filter(() =>
    one([false, true]),
  )
  const isJson = (topic: string): boolean => jsonTopics.includes(topic)
  const avro = `
facts: { topic: facts, schema: facts.avsc${facts.yaml} }
${section('dimensions', dimensions)}${joinSection(joins)}output: { topic: out${output.yaml} }
`
  const yaml = jsonTopics.reduce(
    (text, topic) => text.replaceAll(`{ topic: ${topic},`, `{ topic: ${topic}, format: json,`),
    avro,
  )
  const from = `SELECT *${facts.derived}, t AS at FROM facts${facts.where}`
  const selected = [...facts.columns, ...dimensions.flatMap(({ columns }) => columns)]
  const looked = `SELECT ${selected.map(({ name, sql }) => `${sql} AS ${name}`).join(', ')}, f.at AS at, f.at AS base,
  ${joins.at(0)?.left ?? 'f.id'} AS k FROM f ${dimensions.map(({ join }) => join).join(' ')}`
  const all = selected.map(({ name }) => name)
  const steps = joins.map(({ sql, columns, key }, j) => {
    const step = `s${j + 1} AS (${sql(`s${j}`, all, key)})`
    all.push(...columns)
    return step
  })
  const sql = `WITH f AS (${from}), s0 AS (${looked})${steps.map((step) => `, ${step}`).join('')}
SELECT ${[...all, ...output.columns].join(', ')} FROM s${joins.length}${output.where}`
  const sqlOf = ({ from, to }: Times): string => `${sql} WHERE base >= ${from} AND base < ${to}`
  return { yaml, sql, sqlOf, streams, isJson, dimensions: dimensions.map(({ table }) => table) }
}

const section = (name: string, parts: readonly { name: string; yaml: string }[]): string =>
  parts.length === 0
    ? ''
    : `${name}:\n${parts.map((part) => `  ${part.name}: ${part.yaml}\n`).join('')}`

/** One is said as `join`. */
const joinSection = (joins: readonly { name: string; yaml: string }[]): string =>
  joins.length === 1 ? `join: ${joins[0].yaml}\n` : section('joins', joins)

/** The same records under keys that say nothing. */
const byAnother = (table: Table): Table => ({ ...table, key: ({ rid }) => String(rid) })

type One = <T>(items: readonly T[]) => T

type Tables = ReturnType<typeof tablesOf>

function factsOf(one: One, { facts }: Tables) {
  const isDerived = one([false, true])
  const isFiltered = one([false, true])
  const column = (name: string): Column => ({ name, sql: `f.${name}` })
  const own = one([['id', 'a', 'n'], ['n', 'id'], ['id']])
  const derived = isDerived ? ['total', 'code'] : []
  const columns = [...own, ...derived].map(column)
  const select = [...own.map((name) => `{ ${name}: ${pathOf(facts, name)} }`), ...derived]
  return {
    isDerived,
    columns,
    yaml: [
      ...(isFiltered ? ['where: n > 2'] : []),
      ...(isDerived ? [`fields: { total: "n * 3", code: 'coalesce(b, "none") + "-" + id' }`] : []),
      `select: [${select.join(', ')}]`,
    ]
      .map((part) => `, ${part}`)
      .join(''),
    derived: isDerived ? `, n * 3 AS total, coalesce(b, 'none') || '-' || id AS code` : '',
    where: isFiltered ? ' WHERE n > 2' : '',
  }
}

function dimensionsOf(one: One, tables: Tables): Dimension[] {
  const found: Dimension[] = []
  for (let d = one([0, 1, 2, 3]); d > 0; d--) {
    const name = `d${found.length}`
    const before = one([null, ...found])
    const isAsOf = one([false, true])
    const column = before === null ? one(['a', 'b']) : 'ref'
    const key = `${before?.name ?? 'f'}.${column}`
    const on = before === null ? pathOf(tables.facts, column) : before.on
    const missing = one(['null', 'drop', 'reject'])
    const table = isAsOf ? tables.versions : one(tables.dimensions)
    const isFiltered = one([false, true])
    const rows = isFiltered ? `(SELECT * FROM ${table.name} WHERE title <> 'x')` : table.name
    const joined = missing === 'null' ? 'LEFT JOIN' : 'JOIN'
    // The row that was the latest one at that time; one that is filtered out deletes its key.
    const at = `(SELECT max(v.t) FROM ${table.name} v WHERE v.key = ${key} AND v.t <= f.at)`
    const condition = isAsOf ? ` AND ${name}.t = ${at}` : ''
    found.push({
      name,
      table,
      on: `${name}.${pathOf(table, 'ref')}`,
      columns: ['title', 'ref'].map((column) => ({
        name: `${name}_${column}`,
        sql: `${name}.${column}`,
      })),
      join: `${joined} ${rows} ${name} ON ${name}.key = ${key}${condition}`,
      yaml: `{ topic: ${table.name}, schema: ${table.name}.avsc, on: ${on}, missing: ${missing}${isAsOf ? ', asOf: event-time' : ''}${isFiltered ? `, where: 'title != "x"'` : ''}, select: { ${name}_title: title, ${name}_ref: ${pathOf(table, 'ref')} } }`,
    })
  }
  return found
}

interface Left {
  /** As `on` has it. */
  readonly on: string
  /** Of the facts with their rows. */
  readonly sql: string
  /** Of what the joins before give, among its columns. */
  readonly column: string
}

function joinsOf(
  one: One,
  { facts, rights }: Tables,
  dimensions: readonly Dimension[],
  isDerived: boolean,
) {
  const lefts: Left[] = [
    { on: pathOf(facts, 'id'), sql: 'f.id', column: 'id' },
    ...dimensions.map(({ name, on }) => ({
      on,
      sql: `${name}.ref`,
      column: `${name}_ref`,
    })),
    ...(isDerived ? [{ on: 'code', sql: 'f.code', column: 'code' }] : []),
  ]
  let before: Left | null = null
  let isFirst = true
  return Array.from({ length: one([1, 0, 2, 3]) }, (_, j) => {
    const isSame: boolean = before !== null && one([false, true])
    const left: Left = isSame ? before! : one(lefts)
    const isStage = before !== null && left.on !== before.on
    isFirst &&= !isStage
    const isKeyed = before === null && left.column === 'id'
    const isLeftThrough = isStage || (before === null && !(isKeyed && one([true, false])))
    const isRightThrough = one([false, true])
    const repartition = isLeftThrough
      ? isRightThrough
        ? 'both'
        : 'facts'
      : isRightThrough
        ? 'right'
        : null
    before = left
    const kind = one(KINDS)
    const [beforeMs, afterMs] = [one(WIDTHS), one(WIDTHS)]
    const isFiltered = one([false, true])
    const name = `r${j}`
    const [fk, ref] = ['fk', 'ref'].map((column) => pathOf(rights[j], column))
    lefts.push({ on: `${name}.${ref}`, sql: '', column: `${name}_ref` })
    const rows = isFiltered ? `(SELECT * FROM ${name} WHERE v <> 3)` : name
    return {
      name,
      columns: [`${name}_fk`, `${name}_v`, `${name}_ref`],
      left: left.sql,
      /** null: what the join before compares. */
      key: isStage ? left.column : null,
      isFactsThrough: isFirst && isLeftThrough,
      isRightThrough,
      yaml: `{ topic: ${name}, schema: ${name}.avsc, on: { left: ${left.on}, right: ${fk} }, within: { before: ${beforeMs}ms, after: ${afterMs}ms }, grace: ${one(GRACES)}ms, kind: ${kind}${repartition === null ? '' : `, repartition: ${repartition}`}, idle: 7d${isFiltered ? ', where: v != 3' : ''}, select: { ${name}_fk: ${fk}, ${name}_v: v, ${name}_ref: ${ref} } }`,
      // A match is as old as its younger record.
      sql: (from: string, columns: readonly string[], key: string | null) => {
        const k = `${from}.${key ?? 'k'}`
        return `
  SELECT ${columns.map((column) => `${from}.${column}, `).join('')}r.fk AS ${name}_fk, r.v AS ${name}_v, r.ref AS ${name}_ref, coalesce(${k}, r.fk) AS k, max(coalesce(${from}.at, r.t), coalesce(r.t, ${from}.at)) AS at, coalesce(${from}.base, r.t) AS base
  FROM ${from} ${SQL_KINDS[kind]} ${rows} r ON r.fk = ${k} AND r.t BETWEEN ${from}.at - ${beforeMs} AND ${from}.at + ${afterMs}`
      },
    }
  })
}

function outputOf(one: One) {
  const isDerived = one([false, true])
  const protobuf = ', format: protobuf, frame: none, schema: out.proto'
  const format = one([', schemaId: 1', ', format: json', protobuf])
  return {
    yaml: isDerived
      ? `${format}, fields: { twice: 'coalesce(id, "") + coalesce(id, "")' }`
      : format,
    columns: isDerived ? [`coalesce(id, '') || coalesce(id, '')`] : [],
    where: '',
  }
}
