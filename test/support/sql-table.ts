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
}

const avroType = (type: ColumnType): string | string[] =>
  type.endsWith('?') ? ['null', type.slice(0, -1)] : type

export const schemaOf = ({ name, columns }: Table) => ({
  type: 'record' as const,
  name: `${name[0].toUpperCase()}${name.slice(1)}`,
  fields: Object.entries(columns).map(([column, type]) => ({ name: column, type: avroType(type) })),
})

/** A table's records: framed values under the id of nobody. */
export function recordsOf(table: Table) {
  const type = avro.Type.forSchema(schemaOf(table))
  return table.rows.map((row) => {
    const key = Buffer.from(table.key(row))
    return {
      time: row.t,
      sent: row.sent,
      key,
      partition: partitionOf(key, table.partitions),
      value: Buffer.concat([Buffer.alloc(5), type.toBuffer(row)]),
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
