import type { RecordBytes } from '../../batch.ts'
import { bytesOf } from '../../bytes.ts'
import { AvroJson } from '../../codec/avro-json.ts'
import { parseTime } from '../../codec/avro-json-times.ts'
import type { AvroRecordSchema } from '../../codec/avro-reader.ts'
import { timeReading, unitOf } from '../../codec/avro-time.ts'
import type { KeyPlan, RecordKeyPlan } from '../../codec/key-plan.ts'
import { keyBytes } from '../../codec/keys.ts'
import { inMs } from '../../codec/likely-unit.ts'
import { encodeValue } from '../../codec/protobuf/encode.ts'
import { isoTime } from '../../config/iso-time.ts'
import type { TimeUnit, TopicConfig } from '../../config/pipeline.ts'
import type { ReportAt } from '../../config/report.ts'
import { outputFrame } from '../../plan/pipeline-codec.ts'
import type { Key, Path, RawRecord, RowKey, Time } from './fixture-schema.ts'

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
    this.#schema = schema
    this.#json = new AvroJson(schema)
    const field = schema.fields.find(({ name }) => name === topic.time)
    this.#isText = field !== undefined && timeReading(field.name, field.type) === 'text'
    this.#unit = topic.timeUnit ?? (field === undefined ? null : unitOf(field.type)) ?? 'ms'
    this.#report = report
  }

  read(raw: RawRecord, path: Path): GivenRecord {
    const fields: Record<string, unknown> = {}
    const value = this.#value(raw, path, fields)
    const own = this.#on === undefined ? null : (fields[this.#on] as Key | undefined)
    const key = this.#key(raw.key === undefined ? (own ?? null) : raw.key, path)
    const { time } = this.#topic
    const written = time === null ? undefined : this.#timestamp(fields[time] as Time | null)
    const timestamp = readTime(
      raw.timestamp ?? written ?? undefined,
      [...path, 'timestamp'],
      this.#report,
    )
    const headers = Object.entries(raw.headers ?? {}).map(
      ([name, text]) => [name, Buffer.from(text)] as const,
    )
    return { key, value, headers, timestamp }
  }

  /** A number, or the digits of one that a double does not hold, counts the field's units since 1970; other text is ISO 8601. */
  #timestamp(written: Time | null | undefined): Time | undefined {
    if (written === null || written === undefined) return undefined
    if (this.#isText) {
      const text = bytesOf(Buffer.from(String(written)))
      const ms = isoTime(text, 0, text.length)
      // What is no time is the pipeline's to reject.
      return Number.isNaN(ms) ? undefined : ms
    }
    const isCount = typeof written === 'number' || /^-?\d+$/.test(written)
    return isCount ? Math.floor(inMs(Number(written), this.#unit)) : written
  }

  /** @param fields where the value's fields are put, as the schema reads them back */
  #value({ value, base64 }: RawRecord, path: Path, fields: Record<string, unknown>): Buffer | null {
    if (base64 !== undefined) return Buffer.from(base64, 'base64')
    if (value === null) return null
    if (value === undefined) {
      this.#report(path, 'the key "value" is missing')
      return null
    }
    const body = this.#json.encode(value, (inside, message) =>
      this.#report([...path, 'value', ...inside], message),
    )
    if (body === undefined) return null
    Object.assign(fields, this.#json.decode(body))
    const isProtobuf = this.#topic.format === 'protobuf'
    return Buffer.concat([FRAME, isProtobuf ? encodeValue(this.#schema, fields) : body])
  }

  #key(key: RowKey, path: Path): Buffer | null {
    const { keyFormat } = this.#topic
    if (key === null) return null
    const bytes = keyBytes(keyFormat, key, this.#keyPlan)
    if (bytes === undefined) {
      const message =
        keyFormat === 'avro' && this.#keyPlan === undefined
          ? 'the keys’ schema is not known: name it in the pipeline file, with keySchema'
          : `${JSON.stringify(key)} is no key of format ${keyFormat}`
      this.#report([...path, 'key'], message)
    }
    return bytes ?? null
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
