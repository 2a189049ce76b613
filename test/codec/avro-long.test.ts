import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { readBigInt, readDivided, readNearest } from '../../src/codec/avro/long.ts'
import { AvroReader, type AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { AvroSource } from '../../src/codec/avro/walk.ts'
import { avroKeyReader, keyReader } from '../../src/codec/keys/keys.ts'
import { type KeyPlan, keyPlan } from '../../src/codec/keys/plan.ts'
import { DimensionTable } from '../../src/dimension/table.ts'

/**
 * avsc 5.7.9 adds a varint up in doubles, and so reads −(2^52) − 1 as 2^52: whoever has its arithmetic
 * finds another number's row from −(2^53) to −(2^52). So the oracle here is BigInt alone.
 */
function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}

const edges = [0n, 31n, 32n, 51n, 52n, 53n, 54n, 62n, 63n].flatMap((bits) =>
  [-2n, -1n, 0n, 1n, 2n].flatMap((by) => [(1n << bits) + by, -(1n << bits) + by]),
)
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
  fc.constantFrom(...edges.filter((edge) => BigInt.asIntN(64, edge) === edge)),
)

const floorDivide = (value: bigint, by: bigint): bigint => value / by - (value % by < 0n ? 1n : 0n)

test('a long is read exactly, and divided it is rounded down', () => {
  fc.assert(
    fc.property(int64, fc.constantFrom(1, 1000, 1_000_000), fc.nat(3), (value, by, before) => {
      const bytes = bytesOf(Buffer.concat([Buffer.alloc(before, 0xff), varint(value)]))
      const source = new AvroSource()
      const read = <T>(how: (source: AvroSource) => T): T => {
        source.open(bytes, before, bytes.length)
        const result = how(source)
        assert.equal(source.at, bytes.length)
        return result
      }
      assert.equal(read(readBigInt), value)
      assert.equal(read(readNearest), Number(value))
      assert.equal(
        read((s) => readDivided(s, by)),
        Number(floorDivide(value, BigInt(by))),
      )
    }),
    { numRuns: 20_000 },
  )
})

const FRAME = Buffer.alloc(5)
const schema: AvroRecordSchema = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'customer', type: ['null', 'long'] },
  ],
}

const LONG_KEY = keyPlan('long') as KeyPlan

test('a number finds the row that is keyed by it, whatever its size and the key format', () => {
  const reader = new AvroReader(schema, { select: [], keys: ['id', 'customer'], time: null })
  const formats = {
    text: (value: bigint) => Buffer.from(String(value)),
    json: (value: bigint) => Buffer.from(String(value)),
    long: (value: bigint) => Buffer.from(new BigInt64Array([value]).buffer).reverse(),
    avro: (value: bigint) => Buffer.concat([FRAME, varint(value)]),
  }
  const format = fc.constantFrom('text', 'json', 'long', 'avro' as const)
  fc.assert(
    fc.property(fc.array(int64, { minLength: 1, maxLength: 20 }), format, (ids, keyFormat) => {
      const table = new DimensionTable()
      const key = keyFormat === 'avro' ? avroKeyReader(LONG_KEY) : keyReader(keyFormat)
      for (const id of ids) {
        const bytes = bytesOf(formats[keyFormat](id))
        assert.ok(key.read(bytes, 0, bytes.length, 0, 0))
        const row = bytesOf(Buffer.from(`row of ${id}`))
        table.put(key.buffer, key.start, key.end, row, 0, row.length)
      }
      for (const id of [...ids, ...ids.map((other) => -other)]) {
        if (BigInt.asIntN(64, id) !== id) continue
        const value = bytesOf(Buffer.concat([FRAME, varint(id), Buffer.from([2]), varint(id)]))
        assert.equal(reader.read(3, value, 0, value.length), null)
        reader.select(3)
        for (const k of [0, 1]) {
          const [text, start, end] = [reader.keyBuffer(k), reader.keyStart(k), reader.keyEnd(k)]
          assert.equal(text.toString('latin1', start, end), String(id))
          const found = table.find(table.hash(text, start, end), text, start, end)
          const row = table.rowBuffer.toString('latin1', table.rowStart, table.rowEnd)
          assert.equal(found ? row : undefined, ids.includes(id) ? `row of ${id}` : undefined)
        }
      }
    }),
    { numRuns: 1000 },
  )
})

test('an int of more than 32 bits and a long of more than 64 are malformed', () => {
  const of = (type: 'int' | 'long'): AvroRecordSchema => ({
    ...schema,
    fields: [
      { name: 'plain', type },
      { name: 'nullable', type: ['null', type] },
      { name: 'list', type: { type: 'array', items: type } },
    ],
  })
  const readers = {
    int: new AvroReader(of('int'), { select: [], keys: ['plain'], time: null }),
    long: new AvroReader(of('long'), { select: [], keys: ['plain'], time: null }),
  }
  const read = (type: 'int' | 'long', codes: readonly Buffer[]): string | null => {
    const [plain, nullable, item] = codes
    const parts = [
      FRAME,
      plain,
      Buffer.from([2]),
      nullable,
      Buffer.from([2]),
      item,
      Buffer.from([0]),
    ]
    const value = bytesOf(Buffer.concat(parts))
    return readers[type].read(0, value, 0, value.length)
  }
  const fits = (value: bigint): boolean => BigInt.asIntN(32, value) === value
  fc.assert(
    fc.property(int64, int64, int64, (...values) => {
      // Java Avro 1.12.0 reads 2^31, which Python's fastavro 1.13.1 writes into an int, as 0.
      assert.equal(read('int', values.map(varint)), values.every(fits) ? null : 'malformed')
      assert.equal(read('long', values.map(varint)), null)
    }),
  )
  const small = varint(1n)
  const ones = (bytes: number, last: number): Buffer =>
    Buffer.from([...new Array(bytes).fill(0xff), last])
  for (const position of [0, 1, 2]) {
    const with_ = (code: Buffer) => [small, small, small].with(position, code)
    assert.equal(read('int', with_(ones(4, 15))), null)
    assert.equal(read('int', with_(ones(4, 16))), 'malformed')
    assert.equal(read('int', with_(ones(5, 0))), 'malformed')
    assert.equal(read('long', with_(ones(9, 1))), null)
    assert.equal(read('long', with_(ones(9, 2))), 'malformed')
    assert.equal(read('long', with_(ones(10, 0))), 'malformed')
  }
})
