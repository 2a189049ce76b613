/** An output's values in a form in which what came and what a case expects are compared. */
import { AvroJson, type ReportValue } from '../../codec/avro/json-encoding.ts'
import type { AvroRecordSchema } from '../../codec/avro/reader.ts'
import { parseWithDigits } from '../../codec/avro/schema-json.ts'
import { FRAME_BYTES } from '../../codec/frame/framing.ts'
import type { OutputCodec } from '../../codec/port.ts'
import { MessageBytes } from '../../codec/protobuf/message-bytes.ts'
import type { OutputConfig } from '../../config/pipeline.ts'
import { didYouMean } from '../../config/suggest.ts'
import { frameOf } from '../../plan/output-frames.ts'

type Fields = Record<string, unknown>

export interface OutputValues {
  /** Of a value as it was written. */
  decode(value: Buffer): Fields
  /** Of a value of the file, whose faults are reported. @param partial only the fields that are there */
  normal(value: unknown, partial: boolean, report: ReportValue): Fields
}

export function outputValues(output: OutputConfig, { schema, view }: OutputCodec): OutputValues {
  if (view !== null) return new ProtobufValues(view, frameOf(output, 0).prefix.length)
  return output.format === 'json' ? new JsonValues(schema) : new FramedValues(schema)
}

class FramedValues implements OutputValues {
  readonly #json: AvroJson

  constructor(schema: string) {
    this.#json = new AvroJson(JSON.parse(schema))
  }

  decode(value: Buffer): Fields {
    return this.#json.decode(value.subarray(FRAME_BYTES))
  }

  normal(value: unknown, partial: boolean, report: ReportValue): Fields {
    return this.#json.normal(value, partial, report)
  }
}

/** Messages are written as those of inputs are. */
class ProtobufValues implements OutputValues {
  readonly #json: AvroJson
  readonly #bytes: MessageBytes
  readonly #frameBytes: number

  constructor(view: AvroRecordSchema, frameBytes: number) {
    this.#json = new AvroJson(view)
    this.#bytes = new MessageBytes(view)
    this.#frameBytes = frameBytes
  }

  decode(value: Buffer): Fields {
    return this.#json.decode(this.#bytes.avroOf(value.subarray(this.#frameBytes)))
  }

  normal(value: unknown, partial: boolean, report: ReportValue): Fields {
    return this.#json.normal(value, partial, report)
  }
}

/** JSON is what it is: texts are compared as they are, and numbers by their values. */
class JsonValues implements OutputValues {
  readonly #names: readonly string[]
  /** There may be members that no schema has. */
  readonly #isOpen: boolean

  /** @param schema a JSON Schema's text */
  constructor(schema: string) {
    const { properties, additionalProperties } = JSON.parse(schema)
    this.#names = Object.keys(properties)
    this.#isOpen = additionalProperties
  }

  decode(value: Buffer): Fields {
    return parseWithDigits(String(value)) as Fields
  }

  normal(value: unknown, partial: boolean, report: ReportValue): Fields {
    const fields = value as Fields
    const names = this.#names
    for (const name of Object.keys(fields)) {
      if (this.#isOpen || names.includes(name)) continue
      report([name], `there is no such field${didYouMean(name, names)}`)
    }
    const missing = partial ? [] : names.filter((name) => !Object.hasOwn(fields, name))
    if (missing.length > 0) report([], `has no ${missing.join(', ')}`)
    return fields
  }
}
