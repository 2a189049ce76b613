import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { modelOf } from './model.ts'
import { Choices, messageOf, protoFile, topOf } from './random-messages.ts'
import { reading, viewOfText } from './reading.ts'

const samples = fc.tuple(
  protoFile,
  fc.array(fc.uint8Array({ minLength: 60, maxLength: 400 }), { minLength: 1, maxLength: 4 }),
)

test('a message of protobufjs is read as what protobufjs reads of it', async () => {
  await fc.assert(
    fc.asyncProperty(samples, async ([text, seeds]) => {
      const type = topOf(text)
      const read = reading(await viewOfText(text))
      for (const seed of seeds) {
        const bytes = type.encode(messageOf(type, new Choices(seed))).finish()
        assert.deepEqual(read(bytes), modelOf(type, type.decode(bytes) as never), text)
      }
    }),
    { numRuns: 400 },
  )
})

test('any bytes are read or refused with a sentence: nothing throws, and nothing behind the end is read', async () => {
  const noise = fc.uint8Array({ maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(samples, noise, fc.nat(), async ([text, seeds], random, at) => {
      const type = topOf(text)
      const read = reading(await viewOfText(text))
      const whole = Buffer.from(type.encode(messageOf(type, new Choices(seeds[0]))).finish())
      const flipped = Buffer.from(whole)
      if (whole.length > 0) flipped[at % whole.length] ^= 1 << (at & 7)
      const inserted = Buffer.concat([
        whole.subarray(0, at % (whole.length + 1)),
        random,
        whole.subarray(at % (whole.length + 1)),
      ])
      for (const bytes of [random, flipped, inserted, whole.subarray(0, at % (whole.length + 1))]) {
        const got = read(bytes)
        if (typeof got === 'string')
          assert.match(got, /^malformed The (value|field [\w.]+|bytes) /, text)
      }
    }),
    { numRuns: 400 },
  )
})

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]
const len = (number: number, ...bytes: number[]): number[] => [
  ...varint(number * 8 + 2),
  ...varint(bytes.length),
  ...bytes,
]

const PROTO3 = 'syntax = "proto3"; package shop;'

async function readAs(text: string, bytes: readonly number[], type?: string): Promise<unknown> {
  return reading(await viewOfText(text, type))(Uint8Array.from(bytes))
}

test('a message that comes several times is merged, its lists one behind the other; of a scalar the last counts', async () => {
  const text = `${PROTO3} message Order { Place at = 1; int32 n = 2; }
    message Place { string city = 1; int32 zip = 2; repeated int32 tags = 3; Place in = 4; }`
  const bytes = [
    ...len(1, ...len(1, 65), 16, 7, 24, 1, ...len(4, 16, 3)),
    16,
    1,
    ...len(1, ...len(1, 66), ...len(3, 2, 3), ...len(4, ...len(1, 67))),
    16,
    2,
  ]
  const inner = { city: 'C', zip: 3, tags: [], in: null }
  assert.deepEqual(await readAs(text, bytes), {
    at: { city: 'B', zip: 7, tags: [1, 2, 3], in: inner },
    n: 2,
  })
})

test('of a oneof the last counts, and a message in it is not merged with one from before another field', async () => {
  const text = `${PROTO3} message Order { oneof by { Card card = 1; string cash = 2; } } message Card { int32 a = 1; int32 b = 2; }`
  const card = (...bytes: number[]): number[] => len(1, ...bytes)
  const cash = len(2, 65)
  assert.deepEqual(await readAs(text, [...card(8, 1), ...card(16, 2)]), {
    card: { a: 1, b: 2 },
    cash: null,
  })
  assert.deepEqual(await readAs(text, [...card(8, 1), ...cash, ...card(16, 2)]), {
    card: { a: 0, b: 2 },
    cash: null,
  })
  assert.deepEqual(await readAs(text, [...card(8, 1), ...cash]), { card: null, cash: 'A' })
})

test('of a map’s entries with one key the last counts, however many there are', async () => {
  const text = `${PROTO3} message Order { map<int32, string> m = 1; }`
  const entries = Array.from({ length: 300 }, (_, i) => [i % 90, 48 + (i % 10)])
  const bytes = entries.flatMap(([key, value]) => len(1, 8, ...varint(key), ...len(2, value)))
  const expected: Record<string, string> = {}
  for (const [key, value] of entries) expected[key] = String.fromCharCode(value)
  assert.deepEqual(await readAs(text, bytes), { m: expected })
  assert.deepEqual(await readAs(text, [...len(1, 8, 1, ...len(2, 65)), ...len(1, 8, 1)]), {
    m: { 1: '' },
  })
})

test('a field with another wire type, groups and numbers that the file has not are passed over', async () => {
  const text = `${PROTO3} message Order { int32 n = 1; string s = 2; }`
  const group = [35, 8, 1, 43, 8, 2, 44, 36]
  assert.deepEqual(await readAs(text, [...len(1, 1), 16, 5, ...group, ...len(900, 1, 2), 8, 3]), {
    n: 3,
    s: '',
  })
})

test('what is wrong with a value is said with its place', async () => {
  const text = `syntax = "proto2"; message Order { required int32 n = 1; repeated Item items = 2; }
    message Item { optional string name = 1; optional Item part = 2; }`
  const faults: readonly (readonly [number[], RegExp])[] = [
    [[], /^malformed The field n is required, and not there$/],
    [[8], /^malformed The value ends within a field, or is no message$/],
    [[8, 1, ...len(2, 10, 9)], /^malformed The field items ends within a field/],
    [[8, 1, ...len(2, ...len(2, 10, 9))], /^malformed The field items.part ends within/],
    [[7], /^malformed The value ends within a field, or is no message$/],
    [[0, 1], /^malformed The value ends/],
    [[36], /^malformed The value ends/],
    [[35, 8, 1], /^malformed The value ends/],
    [[8, ...Array(10).fill(255)], /^malformed The value ends/],
  ]
  for (const [bytes, fault] of faults) assert.match(String(await readAs(text, bytes)), fault)
  const utf8 = `${PROTO3} message Order { string s = 1; }`
  for (const bad of [
    [0xff],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xe2, 0x82],
    [0xf5, 0x80, 0x80, 0x80],
  ]) {
    assert.match(
      String(await readAs(utf8, len(1, ...bad))),
      /^malformed The field s is text that is not UTF-8$/,
    )
  }
})

test('messages lie in one another up to 100 levels below the outermost', async () => {
  const text = `${PROTO3} message Node { Node next = 1; int32 n = 2; }`
  const nested = (levels: number): number[] => {
    let bytes: number[] = [16, 1]
    for (let i = 1; i < levels; i++) bytes = len(1, ...bytes)
    return bytes
  }
  assert.equal(typeof (await readAs(text, nested(101))), 'object')
  assert.match(
    String(await readAs(text, nested(102))),
    /^malformed The field next\.next.* is nested deeper than 100 levels$/,
  )
})
