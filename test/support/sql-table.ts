/** Tables whose rows are a topic's records on one side, and SQLite's on the other. */
import avro from 'avsc'
import initSqlJs from 'sql.js'
import { partitionOf } from '../../src/broker/partition-of.ts'

export type Cell = string | number | null
export type Row = Readonly<Record<string, Cell>>

/** Avro's types of the columns; `string?`: or null. */
export type ColumnType = 'string' | 'long' | 'double' | 'string?'

export interface Table {
  readonly name: string
  readonly columns: Readonly<Record<string, ColumnType>>
  readonly partitions: number
  /** The record's key. */
  readonly key: (row: Row) => string
  /** `t`, of which the schema knows nothing: the event time in ms. */
  readonly rows: readonly (Row & { readonly t: number })[]
}

const avroType = (type: ColumnType): string | string[] =>
  type === 'string?' ? ['null', 'string'] : type

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
