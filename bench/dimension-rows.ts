/** Rows of the orders example's dimensions, made as the service makes them. */

import * as data from '../examples/orders/data.ts'
import { bytesOf } from '../src/bytes.ts'
import type { PipelineCodec, TopicCodec, ValueReader } from '../src/codec/port.ts'
import { DimensionTable } from '../src/dimension/table.ts'
import { VERSION_STAMP_BYTES, writeVersionStamp } from '../src/dimension/version-stamp.ts'
import { VersionTable } from '../src/dimension/version-table.ts'

export interface Rows {
  /** Of the pipeline file's dimensions. */
  readonly dimension: number
  readonly count: number
  value(id: number): Buffer
}

export const CUSTOMERS: Rows = {
  dimension: 0,
  count: data.CUSTOMERS,
  value: (id) => data.encode('customer', data.customer(id)),
}

export const PRODUCTS: Rows = {
  dimension: 1,
  count: data.PRODUCTS,
  value: (id) => data.encode('product', data.product(id)),
}

const LARGEST_ROW = 1024

/** The reader of a value, which it has read. */
export function readValue(codec: TopicCodec, value: Buffer): ValueReader {
  const reader = codec.reader(value, 0, value.length, 0, 0)
  if (reader === null || typeof reader === 'string') throw new Error(`No reader: ${reader}`)
  const fault = reader.read(0, bytesOf(value), 0, value.length)
  if (fault !== null) throw new Error(reader.fault)
  reader.select(0)
  return reader
}

export function tableOf(codec: PipelineCodec, { dimension, count, value }: Rows): DimensionTable {
  const table = new DimensionTable()
  const row = bytesOf(Buffer.alloc(LARGEST_ROW))
  for (let id = 1; id <= count; id++) {
    const reader = readValue(codec.dimensions[dimension], value(id))
    const key = bytesOf(Buffer.from(String(id)))
    table.put(key, 0, key.length, row, 0, reader.project(row, 0))
  }
  return table
}

/** Of each row so many versions, an hour apart, the last of which is valid in 2025. */
const VERSIONS = 4
const HOUR_MS = 3_600_000
const LAST_AT = 1_735_689_600_000 - HOUR_MS

/** The same rows, looked up as of a time. */
export function versionsOf(codec: PipelineCodec, { dimension, count, value }: Rows): VersionTable {
  const table = new VersionTable(Number.POSITIVE_INFINITY)
  const row = bytesOf(Buffer.alloc(LARGEST_ROW))
  for (let version = VERSIONS - 1; version >= 0; version--) {
    writeVersionStamp(row, 0, LAST_AT - version * HOUR_MS, 0, false)
    for (let id = 1; id <= count; id++) {
      const reader = readValue(codec.dimensions[dimension], value(id))
      const key = bytesOf(Buffer.from(String(id)))
      table.put(key, 0, key.length, row, 0, reader.project(row, VERSION_STAMP_BYTES))
    }
  }
  return table
}
