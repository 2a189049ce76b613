import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { murmur2 } from '../../src/broker/kafkajs.ts'
import { checkKeyHash, type KeySample } from '../../src/checks/keys.ts'

type Place = (key: Buffer, partitions: number) => number
const java: Place = (key, n) => (murmur2(key) & 0x7fffffff) % n
const librdkafka: Place = (key, n) => Number(crcOf(key)) % n
const byNumber: Place = (key, n) => Number(key.toString().slice(1)) % n

/** zlib's crc32 came with Node 22; before, the table says it. */
function crcOf(bytes: Buffer): number {
  if (typeof crc32 === 'function') return crc32(bytes)
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

function sample(topic: string, place: Place, from: number, to: number, partitions = 8): KeySample {
  const records = Array.from({ length: to - from }, (_, i) => {
    const key = Buffer.from(`k${from + i}`)
    return { partition: place(key, partitions), key, text: key, form: 'text' }
  })
  return { topic, partitions, records }
}

test('the hash is that of Java’s default partitioner', () => {
  // As org.apache.kafka.common.utils.UtilsTest has them.
  assert.equal(murmur2(Buffer.from('21')), -973932308)
  assert.equal(murmur2(Buffer.from('foobar')), -790332482)
  assert.equal(murmur2(Buffer.from('a-little-bit-long-string')), -985981536)
  assert.equal(murmur2(Buffer.from('a-little-bit-longer-string')), -1486304829)
  assert.equal(murmur2(Buffer.from('abc')), 479470107)
})

test('two streams of one partitioner meet, whichever of the known ones it is', () => {
  for (const [place, name] of [
    [java, /murmur2/],
    [librdkafka, /crc32/],
  ] as const) {
    const [finding] = checkKeyHash(sample('a', place, 0, 50), sample('b', place, 40, 90))
    assert.equal(finding.mark, 'ok')
    assert.match(finding.detail, name)
  }
})

test('two streams of different partitioners fail, also where the samples share no key', () => {
  const [apart] = checkKeyHash(sample('a', java, 0, 50), sample('b', librdkafka, 100, 150))
  assert.equal(apart.mark, 'fail')
  assert.match(apart.detail, /a is partitioned with murmur2, b with crc32/)
  const [key] = checkKeyHash(sample('a', java, 0, 50), sample('b', librdkafka, 0, 50))
  assert.equal(key.mark, 'fail')
  assert.match(key.detail, /the key "k\d+" is on partition \d of a and on \d of b/)
})

test('an unknown partitioner is a warning where both streams agree, and fails where nothing shows it', () => {
  const [agree] = checkKeyHash(sample('a', byNumber, 0, 50), sample('b', byNumber, 10, 60))
  assert.equal(agree.mark, 'warn')
  assert.match(agree.detail, /of 50 keys of a lie on another partition.*they agree on 40 keys/)
  const [unknown] = checkKeyHash(sample('a', byNumber, 0, 50), sample('b', byNumber, 100, 150))
  assert.equal(unknown.mark, 'fail')
})

test('an empty topic is a warning, one without keys fails', () => {
  const empty = { topic: 'a', partitions: 8, records: [] }
  assert.equal(checkKeyHash(empty, sample('b', java, 0, 5))[0].mark, 'warn')
  const keyless = {
    topic: 'a',
    partitions: 8,
    records: [{ partition: 0, key: null, text: null, form: null }],
  }
  assert.equal(checkKeyHash(keyless, sample('b', java, 0, 5))[0].mark, 'fail')
})

test('a key that one topic has on two partitions does not meet, in whatever order its records are read', () => {
  const facts = sample('a', java, 0, 50)
  const right = sample('b', java, 0, 50)
  const last = right.records[49]
  const astray = { ...last, partition: (last.partition + 1) % 8 }
  for (const records of [
    [...right.records, astray],
    [astray, ...right.records],
  ]) {
    const [finding] = checkKeyHash(facts, { ...right, records })
    assert.equal(finding.mark, 'fail')
    assert.match(finding.detail, /the key "k49" is on partition/)
  }
})
