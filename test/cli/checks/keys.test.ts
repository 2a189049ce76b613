import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { murmur2 } from '../../../src/broker/kafkajs.ts'
import {
  checkBesideRepartition,
  checkKeyHash,
  type KeySample,
} from '../../../src/cli/checks/keys.ts'
import { keyBytes } from '../../../src/codec/keys/keys.ts'
import { keyPlan } from '../../../src/codec/keys/plan.ts'
import { formOf, formsText, schemaDifference } from '../../../src/plan/key-forms.ts'

type Place = (key: Buffer, partitions: number) => number
const java: Place = (key, n) => (murmur2(key) & 0x7fffffff) % n
const librdkafka: Place = (key, n) => Number(crcOf(key)) % n
/** By definition, in integers of any size: http://www.isthe.com/chongo/tech/comp/fnv/ */
const fnv1a = (key: Buffer): number => {
  let hash = 0x811c9dc5n
  for (const byte of key) hash = BigInt.asUintN(32, (hash ^ BigInt(byte)) * 0x01000193n)
  return Number(BigInt.asIntN(32, hash))
}
/** sarama 1.61.1 and kafka-go 0.4.51: int32(hash) % n, without its sign. */
const sarama: Place = (key, n) => Math.abs(fnv1a(key) % n)
const reference: Place = (key, n) => (fnv1a(key) & 0x7fffffff) % n
/** @platformatic/kafka 1.35.0 */
const platformatic: Place = (key, n) => (murmur2(key) >>> 0) % n
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
    [librdkafka, /crc32, librdkafka/],
    [sarama, /FNV-1a, sarama/],
    [reference, /FNV-1a without sign/],
    [platformatic, /unsigned murmur2, the default of @platformatic/],
  ] as const) {
    for (const shared of [10, 0]) {
      const right = sample('b', place, 50 - shared, 100, 6)
      const [finding] = checkKeyHash(sample('a', place, 0, 50, 6), right)
      assert.equal(finding.mark, 'ok')
      assert.match(finding.detail, name)
    }
  }
  // With a power of two Java's and platformatic's are one.
  const [meet] = checkKeyHash(sample('a', java, 0, 50), sample('b', platformatic, 60, 90))
  assert.equal(meet.mark, 'ok')
})

test('FNV-1a is that of its authors', () => {
  assert.equal(fnv1a(Buffer.from('a')) >>> 0, 0xe40c292c)
  assert.equal(fnv1a(Buffer.from('foobar')) >>> 0, 0xbf9cf968)
})

test('two streams of different partitioners fail, also where the samples share no key', () => {
  const [apart] = checkKeyHash(sample('a', java, 0, 50), sample('b', librdkafka, 100, 150))
  assert.equal(apart.mark, 'fail')
  assert.match(apart.detail, /a is partitioned with murmur2, b with crc32/)
  const [key] = checkKeyHash(sample('a', java, 0, 50), sample('b', librdkafka, 0, 50))
  assert.equal(key.mark, 'fail')
  assert.match(key.detail, /the key "k\d+" is on partition \d of a and on \d of b/)
})

test('an unknown partitioner is sound where many keys agree, a warning where few do, and fails where nothing shows it', () => {
  const [agree] = checkKeyHash(sample('a', byNumber, 0, 50), sample('b', byNumber, 10, 60))
  assert.equal(agree.mark, 'ok')
  assert.match(agree.detail, /the 40 keys that both samples have lie on the same partitions/)
  const [few] = checkKeyHash(sample('a', byNumber, 0, 50), sample('b', byNumber, 48, 100))
  assert.equal(few.mark, 'warn')
  assert.match(few.detail, /of 50 keys of a lie on another partition.*they agree on 2 keys/)
  const [unknown] = checkKeyHash(sample('a', byNumber, 0, 50), sample('b', byNumber, 100, 150))
  assert.equal(unknown.mark, 'fail')
  assert.match(unknown.remedy!, /Murmur2Balancer in kafka-go.*compatibilityPartitioner/)
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

/** Keys 0 to n in another form than their text. */
function formed(
  topic: string,
  format: 'avro' | 'long' | 'json' | 'text',
  place: Place,
  [from, to]: readonly [number, number],
  options: { id?: number; of?: 'key' | 'text'; partitions?: number } = {},
): KeySample {
  const { id = 1, of = 'key', partitions = 8 } = options
  const plan = keyPlan('string')
  assert.ok(typeof plan === 'object')
  const records = Array.from({ length: to - from }, (_, i) => {
    const text = Buffer.from(String(1000 + from + i))
    const key = format === 'json' ? Buffer.from(`"${text}"`) : keyBytes(format, String(text), plan)!
    if (format === 'avro') key.writeInt32BE(id, 1)
    return {
      partition: place(of === 'key' ? key : text, partitions),
      key,
      text,
      form: formOf(format, key, text),
    }
  })
  return { topic, partitions, records }
}

const SCHEMAS = new Map<number, unknown>([
  [1, 'string'],
  [2, { type: 'string', 'avro.java.string': 'String' }],
])

test('one key in two byte forms fails, with the forms and what their schemas differ in', () => {
  const left = formed('a', 'avro', java, [0, 50])
  const right = formed('b', 'avro', java, [0, 50], { id: 2 })
  const [apart] = checkKeyHash(left, right, SCHEMAS)
  assert.equal(apart.mark, 'fail')
  assert.match(apart.detail, /the key "1\d+" is on partition \d of a and on \d of b/)
  assert.match(
    apart.detail,
    /Avro with the schema 1 in a and Avro with the schema 2 in b \(they differ in avro\.java\.string\)/,
  )
  for (const [one, other] of [
    [formed('a', 'long', java, [0, 50]), formed('b', 'text', java, [0, 50])],
    [formed('a', 'text', java, [0, 50]), formed('b', 'json', java, [0, 50])],
    [formed('a', 'avro', sarama, [0, 50]), formed('b', 'text', sarama, [0, 50])],
  ]) {
    const [finding] = checkKeyHash(one, other)
    assert.equal(finding.mark, 'fail')
    assert.match(finding.detail, /its bytes differ/)
    assert.match(finding.remedy!, /one serializer/)
  }
})

test('two byte forms fail also where the samples share no key and one partitioner explains both', () => {
  for (const [one, other, what] of [
    [
      formed('a', 'avro', java, [0, 50]),
      formed('b', 'avro', java, [60, 90], { id: 2 }),
      /schema 1.*schema 2.*avro\.java\.string/,
    ],
    [
      formed('a', 'long', java, [0, 50]),
      formed('b', 'text', java, [60, 90]),
      /numbers of 8 bytes.*the text itself/,
    ],
  ] as const) {
    const [finding, ...more] = checkKeyHash(one, other, SCHEMAS)
    assert.equal(finding.mark, 'fail')
    assert.match(finding.detail, what)
    assert.deepEqual(more, [])
  }
})

test('a second schema on both sides is a warning, as equal keys may have either', () => {
  const both = (topic: string, range: readonly [number, number]): KeySample => {
    const [one, other] = [1, 2].map((id) => formed(topic, 'avro', java, range, { id }).records)
    const half = Math.floor(one.length / 2)
    return { topic, partitions: 8, records: [...one.slice(0, half), ...other.slice(half)] }
  }
  const [finding] = checkKeyHash(both('a', [0, 50]), both('b', [60, 90]), SCHEMAS)
  assert.equal(finding.mark, 'warn')
})

test('two byte forms are sound on one partition, and where the partitioner looks at what the key says', () => {
  for (const partitions of [1, 6]) {
    for (const place of [java, (key: Buffer, n: number) => Number(key) % n]) {
      const left = formed('a', 'long', place, [0, 50], { of: 'text', partitions })
      const right = formed('b', 'text', place, [10, 90], { of: 'text', partitions })
      assert.deepEqual(
        checkKeyHash(left, right).map(({ mark }) => mark),
        ['ok'],
      )
    }
  }
})

test('schemas that say the same in other words do not differ', () => {
  const same = new Map<number, unknown>([
    [1, { type: 'record', name: 'K', fields: [{ name: 'id', type: 'long' }] }],
    [2, { type: 'record', name: 'K', fields: [{ name: 'id', type: { type: 'long' } }] }],
    [3, { type: 'record', name: 'L', fields: [{ name: 'id', type: ['null', 'long'] }] }],
  ])
  assert.equal(schemaDifference('avro 1', 'avro 2', same), '')
  assert.match(schemaDifference('avro 1', 'avro 3', same), /name, fields\[0\]\.type/)
  assert.equal(schemaDifference('avro 1', 'text', same), '')
})

const BOTH = '`repartition: both` under `join`'

test('beside a side that is repartitioned the other one lies where murmur2 of its keys’ text puts it', () => {
  const [good] = checkBesideRepartition(sample('payments', java, 0, 50), BOTH)
  assert.equal(good.mark, 'ok')
  const [odd] = checkBesideRepartition(sample('payments', librdkafka, 0, 50), BOTH)
  assert.equal(odd.mark, 'fail')
  assert.match(String(odd.remedy), /`repartition: both` under `join`/)
  // Digits as eight bytes lie elsewhere than the digits do.
  const longs = sample('payments', java, 0, 50).records.map((_, i) => {
    const [key, text] = [Buffer.alloc(8), Buffer.from(String(i))]
    key.writeBigInt64BE(BigInt(i))
    return { partition: java(key, 8), key, text, form: 'long' }
  })
  const side = { topic: 'payments', partitions: 8, records: longs }
  const [apart] = checkBesideRepartition(side, BOTH)
  assert.equal(apart.mark, 'fail')
})

test('Avro keys with AWS Glue’s frame are told by their version, and are others where they are compressed', () => {
  const uuid = 'b7b4a7f09c964e4aa687fb5de9ef0c63'
  const forms = ['0300', '0305'].map((head) =>
    formOf('avro', Buffer.from(`${head}${uuid}0e`, 'hex'), Buffer.from('7')),
  )
  assert.notEqual(forms[0], forms[1])
  assert.equal(formsText(new Set([forms[0]])), `Avro with the schema version ${uuid}`)
})
