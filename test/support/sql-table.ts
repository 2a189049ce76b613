/** Tables whose rows are a topic's records on one side, and SQLite's on the other. */
import avro from 'avsc'
import initSqlJs from 'sql.js'
import { partitionOf } from '../../src/broker/partition-of.ts'

export type Cell = string | number | null
export type Row = Readonly<Record<string, Cell>>

type Plain = 'string' | 'long' | 'double'

/** Avro's types of the columns; `string?`: or null. */
export type ColumnType = Plain | `${Plain}?`

/** `t`, of which the schema knows nothing, is the event time in ms, `sent` when it comes, where that is known. */
export type TimedRow = Row & { readonly t: number; readonly sent?: number }

export interface Table {
  readonly name: string
  readonly columns: Readonly<Record<string, ColumnType>>
  readonly partitions: number
  /** The record's key. */
  readonly key: (row: Row) => string
  readonly rows: readonly TimedRow[]
  /** Whether values have their columns once more in records inside of a record. */
  readonly isDeep?: boolean
}

const avroType = (type: ColumnType): string | string[] =>
  type.endsWith('?') ? ['null', type.slice(0, -1)] : type

/** Where a value has a column: in a record that is null where all are that may be, or in one that never is. */
export const pathOf = ({ columns, isDeep = false }: Table, column: string): string =>
  isDeep ? `deep.${columns[column].endsWith('?') ? 'perhaps' : 'sure'}.${column}` : column

export const schemaOf = ({ name, columns, isDeep = false }: Table) => {
  const own = `${name[0].toUpperCase()}${name.slice(1)}`
  const record = (of: string, some: Table['columns']) => ({
    type: 'record' as const,
    name: of,
    fields: Object.entries(some).map(([column, type]) => ({ name: column, type: avroType(type) })),
  })
  const all = record(own, columns)
  if (!isDeep) return all
  const { sure, perhaps } = apart(columns, columns)
  const fields = [
    { name: 'perhaps', type: ['null', record(`${own}Perhaps`, perhaps)] },
    { name: 'sure', type: record(`${own}Sure`, sure) },
  ]
  const deep = { name: 'deep', type: { type: 'record' as const, name: `${own}Deep`, fields } }
  return { ...all, fields: [deep, ...all.fields] }
}

/** Those of columns that are never null, and the others. */
function apart<T>(columns: Table['columns'], of: Readonly<Record<string, T>>) {
  const some = (isSure: boolean) =>
    Object.fromEntries(
      Object.entries(columns)
        .filter(([, type]) => type.endsWith('?') !== isSure)
        .map(([column]) => [column, of[column]]),
    )
  return { sure: some(true), perhaps: some(false) }
}

/** A row as the schema has it. */
export function recordOf({ columns, isDeep = false }: Table, { t: _t, ...row }: TimedRow): object {
  if (!isDeep) return row
  const { sure, perhaps } = apart(columns, row)
  const isNull = Object.values(perhaps).every((cell) => cell === null)
  return { ...row, deep: { sure, perhaps: isNull ? null : perhaps } }
}

/** A table's records: framed values under the id of nobody. */
export function recordsOf(table: Table) {
  const type = avro.Type.forSchema(schemaOf(table) as avro.Schema, { wrapUnions: false })
  return table.rows.map((row) => {
    const key = Buffer.from(table.key(row))
    return {
      time: row.t,
      sent: row.sent,
      key,
      partition: partitionOf(key, table.partitions),
      value: Buffer.concat([Buffer.alloc(5), type.toBuffer(recordOf(table, row))]),
    }
  })
}

/** The rows that a query finds over all tables, each as JSON, in no order. */
export async function queried(tables: readonly Table[], sql: string): Promise<string[]> {
  const { Database } = await initSqlJs()
  const database = new Database()
  for (const { name, columns, rows } of tables) {
    const names = [...Object.keys(columns), 't']
    database.run(`CREATE TABLE ${name} (${names.join(', ')})`)
    const insert = database.prepare(`INSERT INTO ${name} VALUES (${names.map(() => '?').join()})`)
    for (const row of rows) insert.run(names.map((column) => row[column]))
    insert.free()
  }
  const [result] = database.exec(sql)
  database.close()
  return (result?.values ?? []).map((row) => JSON.stringify(row))
}
