import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GivenRecords } from '../../../src/cli/simulate/given-record.ts'
import type { AvroRecordSchema } from '../../../src/codec/avro/reader.ts'
import type { TimeUnit } from '../../../src/config/pipeline.ts'
import { pipelineWith } from '../../support/pipeline.ts'

const AT = Date.UTC(2025, 0)

/** The timestamp of a record that is given none. */
function timestampOf(type: unknown, unit: TimeUnit | null, at: unknown): number | undefined {
  const { facts } = pipelineWith()
  const topic = { ...facts, time: 'at', timeUnit: unit }
  const schema = { type: 'record', name: 'R', fields: [{ name: 'at', type }] }
  const records = new GivenRecords(
    topic,
    undefined,
    schema as AvroRecordSchema,
    undefined,
    (path, message) => assert.fail(`${path}: ${message}`),
  )
  return records.read({ value: { at } } as never, []).timestamp
}

test('a record without a timestamp has that of its event time, whatever that counts', () => {
  const nanos = { type: 'long', 'connect.name': 'io.debezium.time.NanoTimestamp' }
  const micros = { type: 'long', logicalType: 'timestamp-micros' }
  assert.equal(timestampOf('long', null, AT), AT)
  assert.equal(timestampOf('long', 's', AT / 1000), AT)
  assert.equal(timestampOf('long', 'us', AT * 1000 + 999), AT)
  assert.equal(timestampOf(['null', nanos], null, String(BigInt(AT) * 1_000_000n)), AT)
  assert.equal(timestampOf(micros, null, '2025-01-01T00:00:00.000999Z'), AT)
  assert.equal(timestampOf(['null', 'long'], 's', null), undefined)
})
