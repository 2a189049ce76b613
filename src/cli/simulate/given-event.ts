/** Change events of test cases: written as the row that has come, or as the envelope, of which all but rows may be left out. */
import { isObject } from '../../codec/avro-default.ts'
import { parseRecord } from '../../codec/avro-parse.ts'
import type { AvroType, RecordType } from '../../codec/avro-schema.ts'
import { ENVELOPES, type Envelope, envelopePaths, recordAt } from '../../codec/envelope-schema.ts'
import { TAKEN } from '../../codec/port.ts'

/** By the ends of their names: how many of a millisecond. */
const TIMES = [
  ['_ms', 1],
  ['_us', 1e3],
  ['_ns', 1e6],
] as const

/**
 * The whole event, as JSON of its schema.
 * @param given a row, or an envelope: what has the envelope's field for rows is one
 * @param timestamp when the change was made, in ms since 1970; undefined: the file does not say it
 */
export function eventOf(
  given: unknown,
  { kind, schema }: Envelope,
  timestamp: number | undefined,
): unknown {
  if (!isObject(given)) return given
  const { after, before, op, ops } = ENVELOPES[kind]
  const value = parseRecord(schema)
  const { prefix } = envelopePaths(value, kind)
  const [put = ''] = Object.keys(ops).filter((name) => ops[name] === TAKEN)
  const isEnvelope = [after, before, op].some((name) => Object.hasOwn(given, name))
  const event = isEnvelope ? given : { [after]: given, ...(op === '' ? {} : { [op]: put }) }
  const record = prefix === '' ? value : recordAt(value, prefix.slice(0, -1))!
  const filled = withBlanks(record, event, timestamp, [after, before])
  return prefix === '' ? filled : withBlanks(value, { payload: filled }, timestamp, ['payload'])
}

/** Fields that are not given and have no default get nothing, zero, or the time. @param whole fields that stay as they are */
function withBlanks(
  { fields }: RecordType,
  given: Readonly<Record<string, unknown>>,
  timestamp: number | undefined,
  whole: readonly string[] = [],
): Record<string, unknown> {
  const filled: Record<string, unknown> = { ...given }
  for (const { name, type, default: fallback } of fields) {
    const own = given[name]
    if (isObject(own) && type.kind === 'record' && !whole.includes(name)) {
      filled[name] = withBlanks(type, own, timestamp)
    } else if (own === undefined) {
      const [, perMs = 0] = TIMES.find(([end]) => name.endsWith(end)) ?? []
      if (perMs > 0 && timestamp !== undefined) filled[name] = timestamp * perMs
      else if (fallback === undefined) filled[name] = blank(type, timestamp)
    }
  }
  return filled
}

function blank(type: AvroType, timestamp: number | undefined): unknown {
  switch (type.kind) {
    case 'union':
      return type.branches.some(({ kind }) => kind === 'null')
        ? null
        : blank(type.branches[0], timestamp)
    case 'record':
      return withBlanks(type, {}, timestamp)
    case 'array':
      return []
    case 'map':
      return {}
    case 'enum':
      return type.symbols[0]
    case 'fixed':
      return '\0'.repeat(type.size)
    case 'boolean':
      return false
    case 'string':
    case 'bytes':
      return ''
    case 'null':
      return null
    default:
      return 0
  }
}
