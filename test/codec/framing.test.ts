/** Where a schema id is, and what is said where it is not read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RecordBytes } from '../../src/batch.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches } from '../../src/broker/record-columns.ts'
import { FRAME_BYTES, frameFault, isFramed, KEY, VALUE } from '../../src/codec/frame/framing.ts'

/** A record as a fetch gives it. */
async function columnsOf(record: RecordBytes) {
  const to = { topic: 'any', partition: 0, transactional: false, compression: 'none' } as const
  const writer = new RecordBatchWriter(to)
  writer.recordOf(0, record)
  const columns = await decodeRecordBatches(Buffer.from(await writer.seal(-1n, -1, -1)), 0, [])
  const { buffer, valueStarts, valueEnds, headerStarts, headerEnds } = columns
  return [buffer, valueStarts[0], valueEnds[0], headerStarts[0], headerEnds[0]] as const
}
const FRAMED = Buffer.from([0, 0, 0, 0, 7, 2, 4])

const CONFLUENT = '__value_schema_id'
const OTHERS = [
  CONFLUENT,
  '__key_schema_id',
  'apicurio.value.contentId',
  'apicurio.value.globalId',
  'apicurio.key.contentId',
  'apicurio.key.globalId',
]

test('an id in a header is found among any others, and four bytes of the body are not taken for one', async () => {
  const value = fc.option(fc.uint8Array({ maxLength: 300 }))
  const name = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.constantFrom('__value_schema_id2', '_value_schema_id', 'apicurio.value.encoding', ...OTHERS),
  )
  const headers = fc.array(fc.tuple(name, value), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(headers, fc.constantFrom(KEY, VALUE), async (list, part) => {
      const record = {
        key: null,
        value: FRAMED,
        headers: list.map(([key, bytes]) => [key, bytes && Buffer.from(bytes)] as const),
      }
      const columns = await columnsOf(record)
      const names = list.map(([key]) => key)
      const mine =
        part === KEY
          ? /^(__key_schema_id|apicurio\.key\.)/
          : /^(__value_schema_id$|apicurio\.value\.(c|g))/
      const expected = OTHERS.find((other) => mine.test(other) && names.includes(other))
      assert.equal(isFramed(part, ...columns), expected === undefined)
      if (expected !== undefined)
        assert.match(frameFault(part, ...columns), /is named in the header .*(Id|_id|Hash)/)
    }),
    { numRuns: 500 },
  )
})

test('a damaged header section is walked to its end at most', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 2, maxLength: 40 }), (bytes) => {
      const buffer = Buffer.concat([FRAMED, Buffer.from(bytes), Buffer.from(CONFLUENT)])
      isFramed(VALUE, buffer, 0, FRAMED.length, FRAMED.length, FRAMED.length + bytes.length)
    }),
  )
})

test('a value without a frame is told by what it begins with', () => {
  const fault = (value: Buffer | string, part = VALUE): string => {
    const bytes = Buffer.from(value)
    assert.ok(!isFramed(part, bytes, 0, bytes.length, 0, 0))
    return frameFault(part, bytes, 0, bytes.length, 0, 0)
  }
  assert.match(fault(Buffer.from([3, 0, 1, 2, 3, 4])), /03 00, as AWS Glue/)
  assert.match(fault(Buffer.from([3, 5, 1, 2, 3, 4])), /03 05, as AWS Glue/)
  assert.match(fault('{"id": 7}'), /begins with \{, as JSON does/)
  assert.match(fault('[1]'), /begins with \[, as JSON does/)
  assert.match(fault('Grüße aus Köln, und viel mehr'), /it is text, "Grüße aus Köln/)
  assert.match(fault(Buffer.from([2, 0x61, 0xff, 1, 2, 3])), /its first bytes are 02 61 ff 01 02$/)
  assert.match(fault(Buffer.alloc(FRAME_BYTES - 1)), /only 4 bytes/)
  assert.match(fault(''), /it is empty/)
  assert.match(fault('o1', KEY), /^The key does not begin with byte 0 .* it is text, "o1"/)
})
