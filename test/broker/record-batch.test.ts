import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RecordBytes } from '../../src/batch.ts'
import { compressionCode } from '../../src/broker/compression.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, recordAt } from '../../src/broker/record-columns.ts'
import type { Compression } from '../../src/config/pipeline.ts'

const require = createRequire(import.meta.url)
const Decoder = require('kafkajs/src/protocol/decoder')
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder')
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0')
const Record = require('kafkajs/src/protocol/recordBatch/record/v0')
const { crc32c } = require('@node-rs/crc32')

interface Timed extends RecordBytes {
  readonly timestamp: number
}

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))
// Prefixed: kafkajs keeps headers in an object, where a name such as valueOf is taken.
const headerName = fc.string({ maxLength: 9 }).map((name) => `h${name}`)
const record: fc.Arbitrary<Timed> = fc.record({
  timestamp: fc.integer({ min: 0, max: 2_000_000_000_000 }),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.uniqueArray(fc.tuple(headerName, bytes), {
    selector: ([name]) => name,
    maxLength: 3,
  }),
})
const records = fc.array(record, { minLength: 1, maxLength: 30 })

const write = async (list: readonly Timed[], compression: Compression): Promise<Buffer> => {
  const writer = new RecordBatchWriter({
    topic: 't',
    partition: 0,
    transactional: true,
    compression,
  })
  for (const item of list) writer.recordOf(item.timestamp, item)
  return writer.seal(7n, 3, 0)
}

test('kafkajs reads our batches as we wrote them', async () => {
  await fc.assert(
    fc.asyncProperty(
      records,
      fc.constantFrom('none' as const, 'gzip' as const),
      async (list, c) => {
        const batch = await write(list, c)
        const { records: read } = await decodeBatch(new Decoder(batch))
        assert.equal(read.length, list.length)
        for (const [i, item] of list.entries()) {
          assert.deepEqual(read[i].key, item.key)
          assert.deepEqual(read[i].value, item.value)
          assert.equal(Number(read[i].timestamp), item.timestamp)
          assert.equal(Number(read[i].offset), i)
          assert.deepEqual(
            Object.entries(read[i].headers),
            Object.entries(Object.fromEntries(item.headers)),
          )
        }
      },
    ),
  )
})

test('we read kafkajs’s batches as it wrote them', async () => {
  await fc.assert(
    fc.asyncProperty(records, fc.constantFrom(0, 1), async (list, compression) => {
      const first = list[0].timestamp
      const encoded = await RecordBatch({
        compression,
        firstTimestamp: first,
        maxTimestamp: Math.max(...list.map(({ timestamp }) => timestamp)),
        producerId: 7,
        producerEpoch: 3,
        transactional: true,
        lastOffsetDelta: list.length - 1,
        records: list.map(({ key, value, headers, timestamp }, offsetDelta) =>
          Record({
            key,
            value,
            offsetDelta,
            timestampDelta: timestamp - first,
            headers: Object.fromEntries(headers),
          }),
        ),
      })
      const columns = await decodeRecordBatches(encoded.buffer, 0, [])
      assert.equal(columns.length, list.length)
      for (const [i, item] of list.entries()) {
        const read = recordAt(columns, i)
        assert.deepEqual(read.key, item.key)
        assert.deepEqual(read.value, item.value)
        assert.deepEqual(new Map(read.headers), new Map(item.headers))
        assert.equal(columns.timestamps[i], item.timestamp)
      }
    }),
  )
})

const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

test('batches of any compressions, one after another, are read as we wrote them', async () => {
  const batch = fc.tuple(records, fc.constantFrom(...compressions))
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 4 }), async (batches) => {
      const sealed = await Promise.all(
        batches.map(([list, compression]) => write(list, compression)),
      )
      for (const [i, [list, compression]] of batches.entries()) {
        // What does not become smaller goes as it is.
        const plain = (await write(list, 'none')).length
        const isSmaller = sealed[i].length < plain
        const codec = sealed[i].readInt16BE(21) & 7
        assert.equal(codec, isSmaller ? compressionCode(compression) : 0)
        assert.ok(sealed[i].length <= plain)
      }
      const columns = await decodeRecordBatches(Buffer.concat(sealed), 0, [])
      const items = batches.flatMap(([list]) => list)
      assert.equal(columns.length, items.length)
      for (const [i, { timestamp, ...item }] of items.entries()) {
        assert.deepEqual(recordAt(columns, i), item)
        assert.equal(columns.timestamps[i], timestamp)
      }
    }),
  )
})

test('a batch that cannot be decompressed is corrupt, though its checksum is right', async () => {
  const timed = { timestamp: 0, key: null, value: Buffer.alloc(100), headers: [] }
  for (const codec of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const batch = withAttributes(await write([timed], 'none'), compressionCode(codec))
    batch.writeBigInt64BE(9n, 0)
    await assert.rejects(async () => decodeRecordBatches(batch, 9, []), {
      code: 'CORRUPT_BATCH',
      message: new RegExp(`^The record batch at offset 9 cannot be decompressed with ${codec}: `),
    })
  }
})

test('a flipped bit anywhere in a batch is found, or cuts the batch off', async () => {
  await fc.assert(
    fc.asyncProperty(records, fc.nat(), async (list, position) => {
      const batch = Buffer.from(await write(list, 'none'))
      const bit = 64 + (position % ((batch.length - 8) * 8))
      // Partition leader epoch: not under the checksum, and not ours to read.
      if (bit >= 96 && bit < 128) return
      batch[bit >> 3] ^= 1 << (bit & 7)
      let read = -1
      try {
        read = (await decodeRecordBatches(batch, 0, [])).length
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'CORRUPT_BATCH')
      }
      assert.ok(read <= 0)
    }),
  )
})

/** A batch whose attributes are others, under a right checksum. */
function withAttributes(sealed: Buffer, attributes: number): Buffer {
  const batch = Buffer.from(sealed)
  batch.writeInt16BE(attributes, 21)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

/** A control batch, as the broker writes one at the end of a transaction. */
async function marker(producerId: bigint, type: 0 | 1): Promise<Buffer> {
  const writer = new RecordBatchWriter({
    topic: 't',
    partition: 0,
    transactional: true,
    compression: 'none',
  })
  writer.recordOf(0, { key: Buffer.from([0, 0, 0, type]), value: Buffer.alloc(6), headers: [] })
  return withAttributes(await writer.seal(producerId, 0, -1), 0x30)
}

test('records of aborted transactions and control records are left out, and count for the position', async () => {
  const of = async (producerId: bigint, text: string): Promise<Buffer> => {
    const writer = new RecordBatchWriter({
      topic: 't',
      partition: 0,
      transactional: true,
      compression: 'none',
    })
    writer.recordOf(0, { key: null, value: Buffer.from(text), headers: [] })
    return Buffer.from(await writer.seal(producerId, 0, 0))
  }
  const batches = [
    await of(1n, 'aborted'),
    await of(2n, 'committed'),
    await marker(1n, 0),
    await of(1n, 'after the abort'),
    await marker(2n, 1),
  ]
  batches.forEach((batch, offset) => {
    batch.writeBigInt64BE(BigInt(offset), 0)
  })
  const all = Buffer.concat(batches)
  const columns = await decodeRecordBatches(all, 0, [{ producerId: 1n, firstOffset: 0n }])
  const values = Array.from({ length: columns.length }, (_, i) =>
    String(recordAt(columns, i).value),
  )
  assert.deepEqual(values, ['committed', 'after the abort'])
  assert.equal(columns.nextOffset, 5)
})

/** A batch as compaction leaves it where it has to keep its producer's last sequence, but none of its records. */
function emptied(batch: Buffer): Buffer {
  const header = Buffer.from(batch.subarray(0, 61))
  header.writeInt32BE(61 - 12, 8)
  header.writeInt32BE(0, 57)
  return withAttributes(header, header.readInt16BE(21))
}

test('batches that compaction has emptied are passed over, in the middle and at the end, control batches too', async () => {
  const data = await write(
    [{ timestamp: 0, key: null, value: Buffer.from('v'), headers: [] }],
    'none',
  )
  const kinds = [data, await marker(7n, 0), await marker(7n, 1)]
  for (const first of kinds) {
    for (const last of kinds) {
      const batches = [emptied(first), Buffer.from(data), emptied(last)]
      batches.forEach((batch, offset) => {
        batch.writeBigInt64BE(BigInt(offset), 0)
      })
      const { length, nextOffset } = await decodeRecordBatches(Buffer.concat(batches), 0, [])
      assert.deepEqual([length, nextOffset], [1, 3])
    }
  }
})
