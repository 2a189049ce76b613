import type { Format } from '../config/pipeline.ts'
import { AVRO } from './avro-format.ts'
import { PROTOBUF } from './protobuf-format.ts'
import type { ValueFormat } from './value-format.ts'

export const FORMATS: Readonly<Record<Format, ValueFormat>> = { avro: AVRO, protobuf: PROTOBUF }
