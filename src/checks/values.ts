/** Whether a sample's records can be read, through the code that the service reads them with. */
import { bytesOf } from '../bytes.ts'
import type { KeyReader, TopicCodec } from '../codec/port.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { plural } from './text.ts'

export interface ValueSample {
  readonly topic: string
  readonly codec: TopicCodec
  readonly key: KeyReader
  /** Streams are keyed by their join field; a dimension's key is only looked up. */
  readonly isStream: boolean
  readonly records: readonly { readonly key: Buffer | null; readonly value: Buffer | null }[]
}

export interface ValuesRead {
  readonly readable: number
  /** How many records the service would reject, by reason, with the text of the first. */
  readonly faults: ReadonlyMap<string, { count: number; readonly first: string }>
  /** Mean bytes of a record's key and selected fields, as they are kept in memory. */
  readonly rowBytes: number
}

export async function readValues(sample: ValueSample): Promise<ValuesRead> {
  const faults = new Map<string, { count: number; first: string }>()
  let readable = 0
  let bytes = 0
  for (const { key, value } of sample.records) {
    if (value === null && !sample.isStream) continue
    const fault = await readOne(sample, key, value)
    if (typeof fault === 'number') {
      readable++
      bytes += fault
      continue
    }
    const known = faults.get(fault.reason)
    if (known === undefined) faults.set(fault.reason, { count: 1, first: fault.text })
    else known.count++
  }
  return { readable, faults, rowBytes: readable === 0 ? 0 : bytes / readable }
}

/** The bytes that are kept of a record, or why it cannot be read. */
async function readOne(
  { codec, key: keyReader, isStream }: ValueSample,
  key: Buffer | null,
  value: Buffer | null,
): Promise<number | { reason: string; text: string }> {
  if (key === null) return { reason: 'null_key', text: 'The record has no key' }
  if (!keyReader.read(bytesOf(key), 0, key.length)) {
    return { reason: 'bad_key', text: 'The key is not in the key format of the pipeline file' }
  }
  if (value === null) return { reason: 'null_value', text: 'The record has no value' }
  let reader = codec.reader(value, 0, value.length)
  if (reader === null) {
    await codec.load(value, 0)
    reader = codec.reader(value, 0, value.length)
  }
  if (reader === null) return { reason: 'unknown_schema', text: 'Its schema could not be loaded' }
  if (typeof reader === 'string') return { reason: reader, text: codec.fault }
  const fault = reader.read(0, bytesOf(value), 0, value.length)
  if (fault !== null) return { reason: fault, text: reader.fault }
  reader.select(0)
  const keyText = keyReader.buffer.subarray(keyReader.start, keyReader.end)
  if (isStream) {
    const end = reader.keyEnd(0)
    if (end < 0) return { reason: 'null_field', text: 'The join field is null' }
    const field = reader.keyBuffer(0).subarray(reader.keyStart(0), end)
    if (!field.equals(keyText)) {
      const text = `The key is ${JSON.stringify(keyText.toString())}, the join field is ${JSON.stringify(field.toString())}`
      return { reason: 'key_mismatch', text }
    }
  }
  return keyText.length + reader.projectedBytes
}

export function checkValues(sample: ValueSample, read: ValuesRead): Finding[] {
  const { topic, records } = sample
  const what = 'records'
  if (records.length === 0)
    return [warn(what, `${topic} is empty`, 'check again when it is filled')]
  if (read.faults.size === 0) {
    return [ok(what, `${topic}: the last ${plural(records.length, 'record')} can be read`)]
  }
  return [...read.faults].map(([reason, { count, first }]) => {
    const detail = `${topic}: ${count} of the last ${plural(records.length, 'record')} would be rejected (${reason}: ${first})`
    const remedy = REMEDIES[reason] ?? `correct the producer of ${topic}, or the file`
    return read.readable === 0 ? fail(what, detail, remedy) : warn(what, detail, remedy)
  })
}

const REMEDIES: Readonly<Record<string, string>> = {
  not_framed: 'values have to be Avro in Confluent framing: byte 0, schema id, body',
  bad_key: 'name the right keyFormat in the file',
  key_mismatch: 'write the join field as the record key, or name another field in join.on',
  unknown_schema: 'register the schema with its id in the registry of the file',
  malformed: 'the schema in the file is not the one that the records were written with',
}
