/** `--where`: a condition in CEL over what is known of a reject. */
import { bytesOf } from '../../bytes.ts'
import { AvroJson } from '../../codec/avro/json-encoding.ts'
import { AvroReader, type AvroRecordSchema } from '../../codec/avro/reader.ts'
import { FAILED, TAKEN } from '../../codec/port.ts'
import { Computation } from '../../expression/computed.ts'
import { checkProgram } from '../../expression/program.ts'
import { coordinatesText, type Rejected } from './reject.ts'

const time = { type: 'long', logicalType: 'timestamp-millis' } as const
/** What the condition may name: expressions are checked and evaluated over Avro records, so a reject is made one. */
const SCHEMA: AvroRecordSchema = {
  type: 'record',
  name: 'Reject',
  fields: [
    { name: 'reason', type: 'string' },
    { name: 'topic', type: 'string' },
    { name: 'partition', type: 'int' },
    { name: 'offset', type: 'long' },
    { name: 'timestamp', type: time },
    { name: 'rejected_at', type: time },
    { name: 'stage', type: 'string' },
    { name: 'error', type: 'string' },
    { name: 'retries', type: 'int' },
  ],
}
/** An Avro value stands behind a frame, which is not looked at here. */
const FRAME = Buffer.alloc(5)
const NOTHING = { select: [], keys: [], time: null, timeUnit: null }

/** Throws where the expression is wrong; what is returned throws where it fails over a reject. */
export function conditionOf(expression: string): (rejected: Rejected) => boolean {
  const { program, faults } = checkProgram({ where: expression, fields: [] }, SCHEMA, [])
  if (faults.length > 0) {
    const lines = faults.map(({ at, message }) => `--where: ${message}, at column ${at + 1}`)
    throw new Error(lines.join('\n'))
  }
  const json = new AvroJson(SCHEMA)
  const reader = new Computation(program, NOTHING).over(new AvroReader(SCHEMA, NOTHING))
  return (rejected) => {
    const { record: _record, at: _at, omitted: _omitted, rejectedAt, ...named } = rejected
    const body = json.encode({ ...named, rejected_at: rejectedAt }, (path, message) => {
      throw new Error(`${path.join('.')} ${message}`)
    })!
    const value = bytesOf(Buffer.concat([FRAME, body]))
    reader.read(0, value, 0, value.length)
    reader.select(0)
    if (reader.fate === FAILED) {
      throw new Error(`--${reader.failure} (over the reject of ${coordinatesText(rejected)})`)
    }
    return reader.fate === TAKEN
  }
}
