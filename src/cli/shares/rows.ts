/** Finds the rows of facts in a dimension's topic, from its end: the last record of a key is its row. */
import type { Broker } from '../../broker/port.ts'
import { type BackBounds, type ReadBack, readBack } from '../../broker/read-back.ts'
import type { TopicRecord } from '../../broker/read-topic.ts'
import { keyTextOf } from '../../codec/keys/keys.ts'
import type { KeyReader, TopicCodec } from '../../codec/port.ts'
import type { DimensionConfig } from '../../config/pipeline.ts'
import type { FieldReader } from '../../plan/field-readers.ts'
import type { KeyHunt } from '../checks/key-hunt.ts'
import { isPassedOver, keyInValue, readKey, readValue } from '../checks/values.ts'
import { type ReadRecord, recordOf } from './records.ts'

/** A dimension may have millions of rows: what is not found in these is not called missing. */
const BOUNDS: BackBounds = { offsets: 5000, records: 2_000_000, bytes: 512 << 20, ms: 30_000 }

/** One state of a row; null: the key has none (deleted, or not taken). */
export interface RowVersion {
  /** From when on, in ms. */
  readonly time: number
  readonly row: ReadRecord | null
}

export interface FoundRows {
  /** Of each key that is wanted and there, the newest first; only that one where nothing is looked up as of a time. */
  readonly versions: ReadonlyMap<string, readonly RowVersion[]>
  readonly seen: ReadBack
}

export interface RowScan {
  readonly config: DimensionConfig
  readonly key: KeyReader
  /** Reads the rows. */
  readonly codec: TopicCodec
  readonly fields: FieldReader
  /** What is looked up, with the earliest time for which it is. */
  readonly wanted: ReadonlyMap<string, number>
  readonly hunt: KeyHunt
}

export async function findRows(broker: Broker, scan: RowScan): Promise<FoundRows> {
  const { config, wanted } = scan
  const versions = new Map<string, RowVersion[]>()
  const isDone = (text: string, from: number): boolean =>
    config.asOf === null
      ? versions.has(text)
      : versions.get(text)?.some(({ time }) => time <= from) === true
  const seen = await readBack(broker, config.topic, BOUNDS, async (records) => {
    for (const record of records.toReversed()) {
      const text = await keyTextIn(scan, record)
      if (text === undefined || !wanted.has(text)) continue
      const known = versions.get(text)
      if (known !== undefined && config.asOf === null) continue
      const version = await versionOf(scan, record)
      if (version === undefined) continue
      if (known === undefined) versions.set(text, [version])
      else known.push(version)
    }
    return [...wanted].every(([text, from]) => isDone(text, from))
  })
  return { versions, seen }
}

/** The text of a row's key; undefined: it has none that could be read. */
async function keyTextIn(
  { key, codec, hunt }: RowScan,
  record: TopicRecord,
): Promise<string | undefined> {
  if (key.readValue !== undefined) {
    if (record.value === null) return undefined
    const value = await readValue(codec, record)
    const text = isPassedOver(value) || 'reason' in value ? value : keyInValue(key, value)
    if (!Buffer.isBuffer(text)) return undefined
    const copy = Buffer.from(text)
    hunt.see(copy, copy.toString())
    return copy.toString()
  }
  if (record.key === null) return undefined
  let text = keyTextOf(key, record.key, record.headers)
  if (text === undefined && key.reason === null) {
    // The schema of the key has to be loaded first.
    await readKey(key, record)
    text = keyTextOf(key, record.key, record.headers)
  }
  hunt.see(record.key, text)
  return text
}

/** undefined: the record would be rejected, and the row before it stays. */
async function versionOf(
  { config, fields, codec }: RowScan,
  record: TopicRecord,
): Promise<RowVersion | undefined> {
  const { timestamp } = record
  if (record.value === null) return { time: timestamp, row: null }
  const row = await recordOf(config, fields, record)
  if (row !== undefined)
    return Number.isNaN(row.time) && config.asOf !== null ? undefined : { time: row.time, row }
  return isPassedOver(await readValue(codec, record)) ? { time: timestamp, row: null } : undefined
}
