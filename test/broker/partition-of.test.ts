import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { murmur2 } from '../../src/broker/kafkajs.ts'
import { partitionOf } from '../../src/broker/partition-of.ts'

test('keys are hashed as Kafka’s Java client hashes them', () => {
  // From org.apache.kafka.common.utils.UtilsTest.
  const cases = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  }
  for (const [key, hash] of Object.entries(cases)) assert.equal(murmur2(Buffer.from(key)), hash)
})

test('of a key inside of other bytes, too, it is that of kafkajs’ hash', () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), fc.nat(60), (bytes, a, b) => {
      const buffer = Buffer.from(bytes)
      const [start, end] = [a, b].map((at) => Math.min(at, buffer.length)).sort((x, y) => x - y)
      const expected = (murmur2(buffer.subarray(start, end)) & 0x7fffffff) % 12
      assert.equal(partitionOf(buffer, 12, start, end), expected)
    }),
    { numRuns: 2000 },
  ))

test('a key’s partition is the hash without its sign, modulo the partitions', () => {
  assert.equal(partitionOf(Buffer.from('21'), 4), (-973932308 & 0x7fffffff) % 4)
  for (let i = 0; i < 1000; i++) {
    const partition = partitionOf(Buffer.from(`key ${i}`), 7)
    assert.ok(partition >= 0 && partition < 7)
  }
})
