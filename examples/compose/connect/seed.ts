/**
 * The rows of the example's dimensions as SQL scripts: `node seed.ts FOLDER` writes customers.sql for
 * PostgreSQL and products.tsql for SQL Server. `CUSTOMERS` and `PRODUCTS` say how many.
 */
import { writeFileSync } from 'node:fs'
import * as data from '../../orders/data.ts'

/** SQL Server takes no more rows in one statement. */
const ROWS_AT_ONCE = 1000

const CUSTOMERS = Number(process.env.CUSTOMERS ?? data.CUSTOMERS)
const PRODUCTS = Number(process.env.PRODUCTS ?? data.PRODUCTS)

const literal = (value: string | number): string =>
  typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`

function inserts(table: string, count: number, rowOf: (id: number) => object): string[] {
  const statements: string[] = []
  for (let from = 1; from <= count; from += ROWS_AT_ONCE) {
    const rows = Array.from({ length: Math.min(ROWS_AT_ONCE, count - from + 1) }, (_, n) =>
      Object.values(rowOf(from + n)).map(literal),
    )
    statements.push(`INSERT INTO ${table} VALUES\n${rows.map((row) => `(${row})`).join(',\n')};`)
  }
  return statements
}

const customers = [
  `CREATE TABLE customers (
  customer_id bigint PRIMARY KEY,
  name text NOT NULL,
  segment text NOT NULL,
  country text NOT NULL,
  updated_at bigint NOT NULL
);`,
  ...inserts('customers', CUSTOMERS, data.customer),
]

/** A second run does nothing: with NOEXEC what follows is read only. */
const products = [
  "IF DB_ID('shop') IS NOT NULL SET NOEXEC ON;",
  'CREATE DATABASE shop;',
  'GO',
  'USE shop;',
  'GO',
  'EXEC sys.sp_cdc_enable_db;',
  `CREATE TABLE products (
  product_id bigint PRIMARY KEY,
  title nvarchar(200) NOT NULL,
  category nvarchar(50) NOT NULL,
  brand nvarchar(50) NOT NULL,
  list_price float NOT NULL
);`,
  'GO',
  ...inserts('products', PRODUCTS, data.product).flatMap((statement) => [statement, 'GO']),
  "EXEC sys.sp_cdc_enable_table @source_schema = 'dbo', @source_name = 'products', @role_name = NULL;",
  'GO',
]

const folder = process.argv[2]
writeFileSync(`${folder}/customers.sql`, `${customers.join('\n')}\n`)
writeFileSync(`${folder}/products.tsql`, `${products.join('\n')}\n`)
