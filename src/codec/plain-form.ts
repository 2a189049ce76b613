import type { JsonForm } from './avro/decode.ts'
import type { AvroType, UnionType } from './avro/schema.ts'

/** As the API and `rejects` show values: bytes in base64, a long that a double does not hold as its digits. */
export const PLAIN: JsonForm = {
  bytes: (bytes) => bytes.toString('base64'),
  integer: (value) => (typeof value === 'bigint' ? String(value) : value),
  namesBranch: isAmbiguous,
}

const IN_JSON: Readonly<Record<string, string>> = {
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  record: 'object',
  map: 'object',
  bytes: 'string',
  fixed: 'string',
  enum: 'string',
}

/** Whether two branches look alike in JSON. */
function isAmbiguous({ branches }: UnionType): boolean {
  const looks = branches.map(({ kind }: AvroType) => IN_JSON[kind] ?? kind)
  return new Set(looks).size < looks.length
}
