/** A batch never passes its topic's limit, whatever is in it, and whoever compresses it. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { compress } from '../../src/broker/compression.ts'
import { roomUnder } from '../../src/broker/compression-room.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, recordAt } from '../../src/broker/record-columns.ts'
import { BatchList } from '../../src/output/batch-list.ts'

const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const

/** Bytes that cannot be compressed: lengths of few bytes, about a block, and about a batch. */
const lengths = fc.oneof(
  fc.nat({ max: 300 }),
  fc.integer({ min: 65_000, max: 66_000 }),
  fc.integer({ min: 1_040_000, max: 1_048_588 }),
)

for (const codec of CODECS) {
  test(`a batch that ${codec} does not make smaller goes as it is, and is read all the same`, async () => {
    await fc.assert(
      fc.asyncProperty(lengths, async (length) => {
        const value = randomBytes(length)
        const to = { topic: 't', partition: 0, transactional: false }
        const writer = new RecordBatchWriter({ ...to, compression: codec })
        writer.recordOf(1, { key: null, value, headers: [] })
        const sealed = await writer.seal(1n, 0, 0)
        assert.ok(sealed.length <= writer.bytes, `${sealed.length} of ${writer.bytes}`)
        const columns = await decodeRecordBatches(sealed, 0, [])
        assert.ok(recordAt(columns, 0).value!.equals(value))
      }),
      { numRuns: 12 },
    )
  })

  test(`where the broker compresses with ${codec}, what fits before fits afterwards`, async () => {
    await fc.assert(
      fc.asyncProperty(lengths, async (limit) => {
        const room = roomUnder(limit, codec)
        if (room <= 0) return
        const compressed = await compress(codec, randomBytes(room))
        assert.ok(compressed.length <= limit, `${compressed.length} of ${limit}`)
      }),
      { numRuns: 25 },
    )
  })
}

test('a topic that leaves batches to their producers takes them up to its limit', () => {
  assert.equal(roomUnder(1_048_588, 'producer'), 1_048_588)
  assert.equal(roomUnder(1_048_588, 'uncompressed'), 1_048_588)
})

test('only a record that is larger than Kafka’s default makes a larger batch', () => {
  const list = new BatchList(
    { topic: 't', compression: 'none', partitions: 1, maxBatchBytes: 8 << 20 },
    0,
  )
  const put = (bytes: number): void => {
    const record = { key: null, value: Buffer.alloc(bytes), headers: [] }
    list.writer(bytes + 10).recordOf(1, record)
  }
  for (const bytes of [500_000, 500_000, 500_000, 3_000_000, 10, 10]) put(bytes)
  assert.equal(list.fits(8 << 20), false)
  assert.equal(list.fits(7 << 20), true)
  const batches = list.drain()
  assert.deepEqual(
    batches.map(({ records }) => records),
    [2, 1, 1, 2],
  )
  assert.ok(batches.every(({ bytes }, i) => i === 2 || bytes <= 1_048_588))
})
