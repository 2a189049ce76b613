import avsc from 'avsc'
import type { OutputPlan } from '../output/schema.ts'
import type { RecordView, StoredViews } from './port.ts'

/** A long as a number, or as its digits where a double has too few. The others are for defaults in schemas. */
const LONG = avsc.types.LongType.__with({
  fromBuffer(bytes: Buffer): number | string {
    const value = bytes.readBigInt64LE()
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  },
  toBuffer(value: number): Buffer {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(BigInt(value))
    return bytes
  },
  fromJSON: (value: number) => value,
  toJSON: (value: number) => value,
  isValid: (value: unknown) => typeof value === 'number',
  compare: (a: number, b: number) => Math.sign(a - b),
})

/** What stored bytes say, for queries; not for the hot path. */
export function storedViews(plan: OutputPlan): StoredViews {
  const output = avsc.Type.forSchema(plan.schema as avsc.Schema, { registry: { long: LONG } })
  const { fields } = output as avsc.types.RecordType
  const { facts, dimensions, right } = plan
  // A left record is stored with the columns of its dimensions, a right one with what was selected.
  const left = facts.length + dimensions.flat().length
  let from = facts.length
  return {
    sides: [viewOf(fields.slice(0, left)), viewOf(fields.slice(left, left + right.length))],
    dimensions: dimensions.map((columns) => {
      const view = viewOf(fields.slice(from, from + columns.length))
      from += columns.length
      return view
    }),
  }
}

function viewOf(fields: readonly avsc.types.Field[]): RecordView {
  return (bytes) => {
    const record: Record<string, unknown> = {}
    let at = 0
    for (const { name, type } of fields) {
      const { value, offset } = type.decode(bytes, at)
      record[name] = plain(value)
      at = offset
    }
    return record
  }
}

/** As JSON has it: bytes in base64. */
function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]))
}
