import type { RecordBytes } from '../../batch.ts'
import { bytesOf } from '../../bytes.ts'
import { isObject } from '../../codec/avro/default.ts'
import { schemaAt } from '../../codec/avro/field-path.ts'
import { AvroJson } from '../../codec/avro/json-encoding.ts'
import { parseTime } from '../../codec/avro/json-times.ts'
import { parseRecord } from '../../codec/avro/parse.ts'
import type { AvroRecordSchema } from '../../codec/avro/reader.ts'
import type { RecordType } from '../../codec/avro/schema.ts'
import { timeReading, unitOf } from '../../codec/avro/time.ts'
import { type Envelope, envelopePaths, valueSchema } from '../../codec/envelope/schema.ts'
import { keyBytes } from '../../codec/keys/keys.ts'
import type { KeyPlan, RecordKeyPlan } from '../../codec/keys/plan.ts'
import { inMs } from '../../codec/likely-unit.ts'
import { encodeBare, encodeValue } from '../../codec/protobuf/encode.ts'
import { isoTime } from '../../config/iso-time.ts'
import type { TimeUnit, TopicConfig } from '../../config/pipeline.ts'
import type { ReportAt } from '../../config/report.ts'
import { timedSchema } from '../../plan/envelopes.ts'
import { outputFrame } from '../../plan/pipeline-codec.ts'
import { memberAt, plainRow } from '../item-text.ts'
import type { Key, Path, RawRecord, RowKey, Time } from './fixture-schema.ts'
import { eventOf } from './given-event.ts'
import { jsonText } from './json-value.ts'

/** The frame of every value: where the schema is a file, values of any schema id are read by it. */
const FRAME = outputFrame(0)

/** A record as it is written to its topic; without a timestamp it is the clock's. */
export interface GivenRecord extends RecordBytes {
  readonly timestamp: number | undefined
}

/** A topic's records, from a fixture file's content to bytes; what is wrong is reported to the file. */
export class GivenRecords {
  readonly #topic: TopicConfig
  readonly #on: string | undefined
  readonly #schema: AvroRecordSchema
  readonly #json: AvroJson
  readonly #type: RecordType
  readonly #envelope: Envelope | undefined
  readonly #unit: TimeUnit
  /** Whether the time field is ISO 8601. */
  readonly #isText: boolean
  readonly #report: ReportAt
  readonly #keyPlan: KeyPlan | RecordKeyPlan | undefined

  /**
   * @param on the field that is the key where none is given
   * @param keyPlan of Avro keys
   */
  constructor(
    topic: TopicConfig,
    on: string | undefined,
    schema: AvroRecordSchema,
    keyPlan: KeyPlan | RecordKeyPlan | undefined,
    report: ReportAt,
  ) {
    this.#keyPlan = keyPlan
    this.#topic = topic
    this.#on = on
    this.#envelope = schema.envelope
    this.#schema = valueSchema(schema)
    this.#json = new AvroJson(this.#schema)
    this.#type = parseRecord(this.#schema)
    const { time, timeUnit, fields } = topic
    // What is derived is not given.
    const isGiven = time !== null && !fields.some(({ name }) => name === time)
    const type = isGiven ? schemaAt(timedSchema(schema), time) : undefined
    this.#isText = type !== undefined && timeReading(time!, type) === 'text'
    this.#unit = timeUnit ?? (type === undefined ? null : unitOf(type)) ?? 'ms'
    this.#report = report
  }

  read(raw: RawRecord, path: Path): GivenRecord {
    const fields: Record<string, unknown> = {}
    const own = readTime(raw.timestamp, [...path, 'timestamp'], this.#report)
    const value = this.#value(raw, own, path, fields)
    const at = (name: string): unknown => fields[name] ?? memberAt(fields, name)
    const joined = this.#on === undefined ? null : (at(this.#on) as Key | undefined)
    const key = this.#key(raw.key === undefined ? (joined ?? null) : raw.key, path)
    const { time } = this.#topic
    const given = time === null ? undefined : at(time)
    const written = this.#timestamp(given as Time | null | undefined)
    const timestamp = own ?? readTime(written ?? undefined, [...path, 'timestamp'], this.#report)
    const headers = Object.entries(raw.headers ?? {}).map(
      ([name, text]) => [name, Buffer.from(text)] as const,
    )
    return { key, value, headers, timestamp }
  }

  /** A number, or the digits of one that a double does not hold, counts the field's units since 1970; other text is ISO 8601. */
  #timestamp(written: Time | null | undefined): Time | undefined {
    if (written === null || written === undefined) return undefined
    const isCount = typeof written === 'number' || /^-?\d+$/.test(written)
    if (this.#isText || (this.#topic.format === 'json' && !isCount)) {
      const text = bytesOf(Buffer.from(String(written)))
      const ms = isoTime(text, 0, text.length)
      // What is no time is the pipeline's to reject.
      return Number.isNaN(ms) ? undefined : ms
    }
    return isCount ? Math.floor(inMs(Number(written), this.#unit)) : written
  }

  /** @param fields where the value's fields are put, as the schema reads them back */
  #value(
    { value, base64 }: RawRecord,
    timestamp: number | undefined,
    path: Path,
    fields: Record<string, unknown>,
  ): Buffer | null {
    if (base64 !== undefined) return Buffer.from(base64, 'base64')
    if (value === null) return null
    if (value === undefined) {
      this.#report(path, 'the key "value" is missing')
      return null
    }
    const event =
      this.#envelope === undefined ? value : eventOf(value, this.#envelope, timestamp, this.#unit)
    if (this.#topic.format === 'json') return this.#text(event, path, fields)
    const body = this.#json.encode(event, (inside, message) =>
      this.#report([...path, 'value', ...inside], message),
    )
    if (body === undefined) return null
    const decoded = this.#json.decode(body)
    Object.assign(fields, this.#fieldsOf(decoded, path))
    const isBare = this.#topic.frame === 'none'
    if (this.#topic.format === 'protobuf') {
      if (isBare) return encodeBare(this.#schema, decoded)
      return Buffer.concat([FRAME, encodeValue(this.#schema, decoded)])
    }
    return isBare ? body : Buffer.concat([FRAME, body])
  }

  /** As its producer would write it; whether it is of the schema is the pipeline's to say. */
  #text(value: unknown, path: Path, fields: Record<string, unknown>): Buffer {
    if (isObject(value)) Object.assign(fields, this.#fieldsOf(value, path))
    return Buffer.from(jsonText(value, this.#type))
  }

  /** Those of the row, and the envelope's time under its path. */
  #fieldsOf(decoded: Record<string, unknown>, path: Path): Record<string, unknown> {
    if (this.#envelope === undefined) return decoded
    const { time } = this.#topic
    const { after, prefix } = envelopePaths(parseRecord(this.#envelope.schema), this.#envelope.kind)
    const row = plainRow(memberAt(decoded, after), this.#envelope.kind)
    const own = time?.includes('.') ? memberAt(decoded, `${prefix}${time}`) : undefined
    if (own === 0) this.#report(path, `needs timestamp, or ${time} in its envelope`)
    return { ...row, ...(own === undefined ? {} : { [time!]: own }) }
  }

  #key(key: RowKey, path: Path): Buffer | null {
    const { keyFormat, frame } = this.#topic
    if (key === null) return null
    const bytes = keyBytes(keyFormat, key, this.#keyPlan)
    if (bytes === undefined) {
      const message =
        keyFormat === 'avro' && this.#keyPlan === undefined
          ? 'the keys’ schema is not known: name it in the pipeline file, with keySchema'
          : `${JSON.stringify(key)} is no key of format ${keyFormat}`
      this.#report([...path, 'key'], message)
    }
    const isBare = keyFormat === 'avro' && frame === 'none'
    return (isBare ? bytes?.subarray(FRAME.length) : bytes) ?? null
  }
}

/** A time of the file in whole milliseconds, as a record's timestamp is; undefined where it is none. */
export function readTime(time: Time | undefined, path: Path, report: ReportAt): number | undefined {
  if (typeof time !== 'string') return time
  const ms = parseTime(time)
  if (ms === undefined) {
    report(path, `${JSON.stringify(time)} is not a time; write 2025-01-31T12:00:00Z`)
  }
  return ms === undefined ? undefined : Math.floor(ms)
}
