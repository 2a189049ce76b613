import type { Format } from '../config/pipeline.ts'
import { AVRO } from './avro-format.ts'
import { JSON_VALUES } from './json-format.ts'
import { PROTOBUF } from './protobuf-format.ts'
import type { ValueFormat } from './value-format.ts'

export const FORMATS: Readonly<Record<Format, ValueFormat>> = {
  avro: AVRO,
  json: JSON_VALUES,
  protobuf: PROTOBUF,
}
