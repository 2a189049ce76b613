/** Whether a sample's records can be read, through the code that the service reads them with. */
import type { RecordBytes } from '../../batch.ts'
import {
  DELETED,
  type KeyReader,
  FILTERED as NOT_TAKEN,
  OTHER_TYPE,
  type OtherType,
  PASSED,
  refusalOf,
  type TimeReading,
  type TopicCodec,
  type ValueReader,
} from '../../codec/port.ts'
import { rawRecord } from '../../codec/raw-record.ts'
import type { KeyFormat } from '../../config/pipeline.ts'
import { badTime } from '../../output/time-text.ts'

export interface ValueSample {
  readonly topic: string
  readonly codec: TopicCodec
  /** null: keys are passed on as they are. */
  readonly key: KeyReader | null
  readonly keyFormat: KeyFormat
  /** Streams whose keys are read are keyed by their join field; a dimension's key is only looked up. */
  readonly isStream: boolean
  /** Values are rows in envelopes. */
  readonly isEnveloped?: boolean
  /** The join field, and how the file says that records are not keyed by it; null: they have none. */
  readonly join: { readonly field: string; readonly instead: string } | null
  /** Values name their schema by its id in a registry; else the file has it. */
  readonly isOfRegistry: boolean
  /** Values have no frames. */
  readonly isBare: boolean
  readonly records: readonly SampledRecord[]
}

export type SampledRecord = RecordBytes & {
  readonly timestamp: number
  readonly partition: number
  readonly offset: number
}

/** The event time of a record, from its time field. */
export interface SampledTime {
  /** The field's digits. */
  readonly text: string
  /** What they are read as, in ms since 1970. */
  readonly ms: number
  readonly reading: TimeReading
  /** The record's own, in ms. */
  readonly timestamp: number
}

/** A record that the topic's `where` does not take. */
const FILTERED = 'filtered'
/** A change event that is of no row, or of one that is deleted. */
const NO_ROW = 'no_row'
type PassedOver = OtherType | typeof FILTERED | typeof NO_ROW

export interface ValuesRead {
  readonly readable: number
  /** Records of another type than the one that is read. */
  readonly others: number
  /** Records that the topic's `where` does not take. */
  readonly filtered: number
  /** Change events without a row. */
  readonly rowless: number
  /** Event times of the records whose time field could be read, and is not null. */
  readonly times: readonly SampledTime[]
  /** Records that are to have one: those of its type that are of a row and taken. */
  readonly of: number
  /** How many records the service would reject, by reason, with the text of the first, and `partition@offset`. */
  readonly faults: ReadonlyMap<string, Faults>
  /** Mean bytes of a record's key and selected fields, as they are kept in memory. */
  readonly rowBytes: number
}

interface Faults {
  count: number
  readonly first: string
  readonly at: string
}

export async function readValues(sample: ValueSample): Promise<ValuesRead> {
  const faults = new Map<string, Faults>()
  const times: SampledTime[] = []
  let readable = 0
  const passed = { [OTHER_TYPE]: 0, [FILTERED]: 0, [NO_ROW]: 0 }
  let bytes = 0
  for (const record of sample.records) {
    if (record.value === null && (!sample.isStream || sample.isEnveloped)) continue
    const fault = await readOne(sample, record, times)
    if (fault === OTHER_TYPE || fault === FILTERED || fault === NO_ROW) {
      passed[fault]++
      continue
    }
    if (typeof fault === 'number') {
      readable++
      bytes += fault
      continue
    }
    const known = faults.get(fault.reason)
    const { partition, offset } = record
    const first = { count: 1, first: fault.text, at: `${partition}@${offset}` }
    if (known === undefined) faults.set(fault.reason, first)
    else known.count++
  }
  const { [OTHER_TYPE]: others, [FILTERED]: filtered, [NO_ROW]: rowless } = passed
  const rowBytes = readable === 0 ? 0 : bytes / readable
  const of = readable + [...faults.values()].reduce((sum, { count }) => sum + count, 0)
  return { of, readable, others, filtered, rowless, times, faults, rowBytes }
}

interface Fault {
  readonly reason: string
  readonly text: string
}

/** The bytes that are kept of a record, or why it cannot be read. @param times gets its event time */
async function readOne(
  sample: ValueSample,
  record: SampledRecord,
  times: SampledTime[],
): Promise<number | PassedOver | Fault> {
  const reader = await readValue(sample.codec, record)
  if (isPassedOver(reader)) return reader
  const { key: keys, isStream } = sample
  const isInValue = keys?.readValue !== undefined
  if (isInValue && 'reason' in reader) return reader
  const key = isInValue
    ? keyInValue(keys, reader as ValueReader)
    : keys === null
      ? keptOf(record)
      : await readKey(keys, record)
  if (!Buffer.isBuffer(key)) return key
  if ('reason' in reader) return reader
  const { timeText: text, timeReading: reading } = reader
  if (reading !== null && text !== '' && Number.isNaN(reader.time)) {
    return { reason: 'bad_time', text: badTime(text) }
  }
  if (reading !== null && text === '')
    return { reason: 'null_field', text: 'The time field is null' }
  if (reading !== null) {
    times.push({ text, ms: reader.time, reading, timestamp: record.timestamp })
  }
  if (isStream && keys !== null) {
    const end = reader.keyEnd(0)
    if (end < 0) return NO_JOIN_FIELD
    const field = reader.keyBuffer(0).subarray(reader.keyStart(0), end)
    if (!field.equals(key)) {
      const on = sample.join === null ? 'the join field' : `the join field ${sample.join.field}`
      const text = `The key is ${JSON.stringify(key.toString())}, ${on} is ${JSON.stringify(field.toString())}`
      return { reason: 'key_mismatch', text }
    }
  }
  // Where it is another key than the record's it has to be there all the same.
  if (keys === null && sample.join !== null && reader.keyEnd(0) < 0) return NO_JOIN_FIELD
  return key.length + reader.projectedBytes
}

const NO_JOIN_FIELD: Fault = { reason: 'null_field', text: 'The join field is null' }

/** The key's text, of a row that is selected. */
export const keyInValue = (key: KeyReader, row: ValueReader): Buffer | Fault =>
  key.readValue!(row)
    ? key.buffer.subarray(key.start, key.end)
    : { reason: key.reason!, text: key.fault }

const keptOf = ({ key }: RecordBytes): Buffer => key ?? Buffer.alloc(0)

/** The key's text, whose bytes are good until the reader reads again. */
export async function readKey(
  reader: KeyReader,
  record: Pick<RecordBytes, 'key' | 'headers'>,
): Promise<Buffer | Fault> {
  const { key, headers } = record
  if (key === null) return { reason: 'null_key', text: 'The record has no key' }
  const { buffer, keyEnd, headerStart, headerEnd } = rawRecord({ key, value: null, headers })
  const of = [buffer, 0, keyEnd, headerStart, headerEnd] as const
  let isRead = reader.read(...of)
  if (!isRead && reader.reason === null) {
    await reader.load(...of)
    isRead = reader.read(...of)
  }
  if (isRead) return reader.buffer.subarray(reader.start, reader.end)
  const text = reader.fault || 'The schema of the key could not be loaded'
  return { reason: reader.reason ?? 'bad_key', text }
}

/** Of the value's schema, with the value selected. */
export async function readValue(
  codec: TopicCodec,
  record: Pick<RecordBytes, 'value' | 'headers'>,
): Promise<ValueReader | PassedOver | Fault> {
  const { value, headers } = record
  if (value === null) return { reason: 'null_value', text: 'The record has no value' }
  const { buffer, valueEnd, headerStart, headerEnd } = rawRecord({ key: null, value, headers })
  const of = [buffer, 0, valueEnd, headerStart, headerEnd] as const
  let reader = codec.reader(...of)
  if (reader === null) {
    await codec.load(...of)
    reader = codec.reader(...of)
  }
  if (reader === null) return { reason: 'unknown_schema', text: 'Its schema could not be loaded' }
  if (reader === OTHER_TYPE) return OTHER_TYPE
  if (typeof reader === 'string') return { reason: reader, text: codec.fault }
  const fault = reader.read(0, buffer, 0, valueEnd)
  if (fault !== null) return { reason: fault, text: reader.fault }
  reader.select(0)
  if (reader.fate === NOT_TAKEN) return FILTERED
  if (reader.fate === DELETED || reader.fate === PASSED) return NO_ROW
  const refusal = refusalOf(reader.fate)
  if (refusal !== null) return { reason: refusal, text: reader.failure }
  return reader
}

export const isPassedOver = (read: ValueReader | PassedOver | Fault): read is PassedOver =>
  read === OTHER_TYPE || read === FILTERED || read === NO_ROW
