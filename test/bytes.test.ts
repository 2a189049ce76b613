import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Bytes,
  bytesOf,
  copyBytes,
  hashBytes,
  sameBytes,
  varintBytes,
  writeVarint,
} from '../src/bytes.ts'
import { AvroSource, readInt } from '../src/codec/avro/walk.ts'

const ROOM = 700
const SHARED = [false, true]

function filled(shared: boolean, bytes: Uint8Array, at: number): Bytes {
  const memory = shared ? new SharedArrayBuffer(ROOM) : new ArrayBuffer(ROOM)
  const buffer = bytesOf(Buffer.from(memory, 3))
  buffer.set(bytes, at)
  return buffer
}

/** Eight bytes whose double is not a number, often one that signals. */
const nan = fc
  .tuple(fc.integer({ min: 0x7ff00000, max: 0x7fffffff }), fc.boolean(), fc.integer())
  .map(([high, negative, low]) => {
    const bytes = Buffer.alloc(8)
    bytes.writeInt32LE(low)
    bytes.writeUInt32LE(negative ? high + 0x80000000 : high, 4)
    return bytes
  })
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 600 }),
  fc.array(nan, { maxLength: 20 }).map((parts) => Buffer.concat(parts)),
)
const place = fc.integer({ min: 0, max: 60 })

test('a copy has the bytes it was made of, whatever numbers they would be, and touches none beside them', () => {
  // Often enough that the optimizing compiler has its turn, too.
  fc.assert(
    fc.property(anyBytes, place, place, (bytes, from, to) => {
      for (const shared of SHARED) {
        const source = filled(shared, bytes, from)
        const target = bytesOf(Buffer.alloc(ROOM, 0xa5))
        const wanted = Buffer.alloc(ROOM, 0xa5)
        wanted.set(bytes, to)
        assert.equal(copyBytes(source, from, from + bytes.length, target, to), to + bytes.length)
        assert.ok(target.equals(wanted))
      }
    }),
    { numRuns: 20_000 },
  )
})

test('bytes are the same wherever they lie, and no longer once one of them differs', () => {
  fc.assert(
    fc.property(anyBytes, place, place, fc.nat(), (bytes, from, to, which) => {
      const a = filled(false, bytes, from)
      const b = filled(true, bytes, to)
      assert.ok(sameBytes(a, from, b, to, bytes.length))
      if (bytes.length === 0) return
      b[to + (which % bytes.length)] ^= 1
      assert.ok(!sameBytes(a, from, b, to, bytes.length))
    }),
  )
})

test('a hash is that of murmur3, wherever the bytes lie', () => {
  // Of the reference implementation with seed 0.
  const known: readonly [string, number][] = [
    ['', 0],
    ['a', 0x3c2569b2],
    ['abc', 0xb3dd93fa],
    ['test', 0xba6bd213],
    ['Hello, world!', 0xc0363e43],
    ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
  ]
  for (const [text, hash] of known) {
    for (const at of [0, 1, 2, 3, 9]) {
      const buffer = filled(true, Buffer.from(text), at)
      assert.equal(hashBytes(buffer, at, at + text.length), hash | 0, text)
    }
  }
})

/** By definition: seven bits a byte, the lowest first. */
function varintOf(code: bigint): number[] {
  return code < 128n ? [Number(code)] : [Number(code & 127n) | 128, ...varintOf(code >> 7n)]
}

test('a varint of up to 53 bits is what arithmetic of bigints makes it, and is read as what it was', () => {
  const source = new AvroSource()
  const wholes = fc
    .integer({ min: 0, max: 52 })
    .chain((bits) => fc.maxSafeNat().map((n) => n % 2 ** bits))
  fc.assert(
    fc.property(wholes, fc.boolean(), (whole, isNegative) => {
      const value = isNegative ? -whole - 1 : whole
      const code = isNegative ? 2 * whole + 1 : 2 * whole
      const buffer = bytesOf(Buffer.alloc(16))
      const end = writeVarint(buffer, 0, code)
      assert.deepEqual([...buffer.subarray(0, end)], varintOf(BigInt(code)))
      assert.equal(varintBytes(code), end)
      source.open(buffer, 0, end)
      assert.equal(readInt(source), value)
      assert.equal(source.at, end)
    }),
    { numRuns: 5000 },
  )
})
