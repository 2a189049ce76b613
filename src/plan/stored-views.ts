import { bytesOf } from '../bytes.ts'
import { AvroDecoder } from '../codec/avro-decode.ts'
import { parseRecord } from '../codec/avro-parse.ts'
import type { Field } from '../codec/avro-schema.ts'
import { AvroSource } from '../codec/avro-walk.ts'
import { PLAIN } from '../codec/plain-form.ts'
import type { RecordView, StoredViews } from '../codec/port.ts'
import type { OutputPlan } from './output-plan.ts'

/** What stored bytes say, for queries; not for the hot path. */
export function storedViews(plan: OutputPlan): StoredViews {
  const { fields } = parseRecord(plan.schema)
  const { facts, dimensions, right } = plan
  // A left record is stored with the columns of its dimensions, a right one with what was selected.
  const left = facts.length + dimensions.flat().length
  let from = facts.length
  return {
    sources: [viewOf(fields.slice(0, left)), viewOf(fields.slice(left, left + right.length))],
    dimensions: dimensions.map((columns) => {
      const view = viewOf(fields.slice(from, from + columns.length))
      from += columns.length
      return view
    }),
  }
}

function viewOf(fields: readonly Field[]): RecordView {
  const decoder = new AvroDecoder(
    { kind: 'record', name: { full: '', aliases: [] }, fields },
    PLAIN,
  )
  return (bytes) => {
    const source = new AvroSource()
    source.open(bytesOf(bytes), 0, bytes.length)
    return decoder.decode(source) as Record<string, unknown>
  }
}
