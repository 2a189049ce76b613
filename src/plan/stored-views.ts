import { bytesOf } from '../bytes.ts'
import { AvroDecoder } from '../codec/avro/decode.ts'
import { parseRecord } from '../codec/avro/parse.ts'
import type { Field } from '../codec/avro/schema.ts'
import { AvroSource } from '../codec/avro/walk.ts'
import { PLAIN } from '../codec/plain-form.ts'
import type { RecordView, StoredViews } from '../codec/port.ts'
import type { OutputField, OutputPlan } from './output-plan.ts'

/** What stored bytes say, for queries; not for the hot path. */
export function storedViews(plan: OutputPlan): StoredViews {
  const { fields } = parseRecord(plan.schema)
  const { facts, dimensions, rights } = plan
  // A left record is stored with the columns of its dimensions, a right one with what was selected.
  const left = facts.length + dimensions.flat().length
  return {
    sources: [viewOf(fields.slice(0, left)), ...viewsOf(fields, left, rights)],
    dimensions: viewsOf(fields, facts.length, dimensions),
  }
}

/** Of parts whose fields follow on each other, the first of them from `first` on. */
function viewsOf(
  fields: readonly Field[],
  first: number,
  parts: readonly (readonly OutputField[])[],
): RecordView[] {
  let from = first
  return parts.map(({ length }) => viewOf(fields.slice(from, (from += length))))
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
