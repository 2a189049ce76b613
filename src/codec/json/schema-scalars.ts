/** What texts and numbers of a JSON Schema are, by their formats and by what Kafka Connect's converter says of them. */
import { CONNECT_DECIMAL, logicalOf } from '../avro/logical.ts'
import { type Node, SchemaFault } from './schema-refs.ts'
import type { Type } from './schema-types.ts'

/** Connect's own, which Avro has logical types for. */
const CONNECT: Readonly<Record<string, string>> = {
  'org.apache.kafka.connect.data.Timestamp': 'timestamp-millis',
  'org.apache.kafka.connect.data.Time': 'time-millis',
  'org.apache.kafka.connect.data.Date': 'date',
}
/** As many as Connect's converter for Avro says where it is not told. */
const CONNECT_PRECISION = 64

const INTEGERS: Readonly<Record<string, string>> = {
  int8: 'int',
  int16: 'int',
  int32: 'int',
  int64: 'long',
}
const NUMBERS: Readonly<Record<string, string>> = { float32: 'float', float: 'float' }

/** Throws SchemaFault. @param type as JSON Schema has it */
export function scalarType(type: string, node: Node): Type {
  const { title } = node
  if (title === CONNECT_DECIMAL) return connectDecimal(node)
  if (type === 'integer' && typeof title === 'string') {
    const base = ['long', 'int'].find((one) => logicalOf(one, { 'connect.name': title }) !== null)
    if (base !== undefined) {
      const logicalType = CONNECT[title]
      const logical = logicalType === undefined ? {} : { logicalType }
      return { type: base, ...logical, 'connect.name': title }
    }
  }
  switch (type) {
    case 'null':
    case 'boolean':
      return type
    case 'integer':
      return INTEGERS[String(node['connect.type'] ?? node.format)] ?? 'long'
    case 'number':
      return NUMBERS[String(node['connect.type'] ?? node.format)] ?? 'double'
    case 'string':
      return textType(node)
    default:
      throw new SchemaFault(`has the type ${type}, which JSON Schema does not have`)
  }
}

function textType(node: Node): Type {
  const { title, format, contentEncoding } = node
  if (contentEncoding === 'base64' || node['connect.type'] === 'bytes') return 'bytes'
  if (format === 'date') return { type: 'int', logicalType: 'date' }
  if (format === 'uuid') return { type: 'string', logicalType: 'uuid' }
  const isNamed = typeof title === 'string' && title.startsWith('io.debezium.')
  return isNamed ? { type: 'string', 'connect.name': title } : 'string'
}

function connectDecimal(node: Node): Type {
  const parameters = (node['connect.parameters'] ?? {}) as Node
  const scale = Number(parameters.scale ?? 0)
  const precision = Number(
    parameters['connect.decimal.precision'] ?? Math.max(CONNECT_PRECISION, scale),
  )
  return {
    type: 'bytes',
    logicalType: 'decimal',
    precision,
    scale,
    'connect.name': CONNECT_DECIMAL,
  }
}
