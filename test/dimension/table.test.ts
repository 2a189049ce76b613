import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf, hashBytes } from '../../src/bytes.ts'
import { DimensionTable } from '../../src/dimension/table.ts'

const CHUNK = 4 * 1024 * 1024
const none = Buffer.alloc(0)

const put = (table: DimensionTable, key: Buffer, row: Buffer): void =>
  table.put(bytesOf(key), 0, key.length, bytesOf(row), 0, row.length)

function get(table: DimensionTable, key: Buffer): Buffer | undefined {
  const bytes = bytesOf(key)
  if (!table.find(table.hash(bytes, 0, key.length), bytes, 0, key.length)) return undefined
  return table.rowBuffer.subarray(table.rowStart, table.rowEnd)
}

function entries(table: DimensionTable): Map<string, string> {
  const all = new Map<string, string>()
  table.forSome(0, Number.POSITIVE_INFINITY, (buffer, keyStart, rowStart, rowEnd) => {
    const key = buffer.toString('latin1', keyStart, rowStart)
    assert.ok(!all.has(key), 'a key is visited once')
    all.set(key, buffer.toString('latin1', rowStart, rowEnd))
  })
  return all
}

/** A table and the map that it has to agree with. */
class Pair {
  readonly table: DimensionTable
  readonly model = new Map<string, string>()
  mostRows = 0

  constructor(hash?: typeof hashBytes) {
    this.table = new DimensionTable(hash)
  }

  put(key: Buffer, row: Buffer): void {
    put(this.table, key, row)
    this.model.set(key.toString('latin1'), row.toString('latin1'))
    this.mostRows = Math.max(this.mostRows, this.model.size)
  }

  delete(key: Buffer): void {
    this.table.delete(bytesOf(key), 0, key.length)
    this.model.delete(key.toString('latin1'))
  }

  agreesOn(key: Buffer): void {
    assert.equal(get(this.table, key)?.toString('latin1'), this.model.get(key.toString('latin1')))
  }

  agrees(): void {
    assert.equal(this.table.size, this.model.size)
    assert.deepEqual(entries(this.table), this.model)
    for (const key of this.model.keys()) this.agreesOn(Buffer.from(key, 'latin1'))
  }

  get encodedBytes(): number {
    let bytes = 0
    for (const [key, row] of this.model) bytes += key.length + row.length
    return bytes
  }
}

function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array))
const operations = fc.uniqueArray(bytes(40), { minLength: 1, maxLength: 60 }).chain((keys) =>
  fc.array(
    fc.record({
      key: fc.constantFrom(...keys),
      row: fc.option(bytes(64), { freq: 2 }),
      looked: fc.constantFrom(...keys),
    }),
    { maxLength: 400 },
  ),
)

const hashes: readonly [string, typeof hashBytes | undefined][] = [
  ['its own hash', undefined],
  ['a hash of three values', (key, start, end) => hashBytes(key, start, end) % 3],
  [
    'hashes that meet at the end of the index and wrap round',
    (key, start, end) => 1020 + (hashBytes(key, start, end) % 8),
  ],
]

for (const [name, hash] of hashes) {
  test(`a table with ${name} agrees with a map after every put, delete and look-up`, () => {
    fc.assert(
      fc.property(operations, (list) => {
        const pair = new Pair(hash)
        for (const { key, row, looked } of list) {
          if (row === null) pair.delete(key)
          else pair.put(key, row)
          pair.agreesOn(key)
          pair.agreesOn(looked)
        }
        pair.agrees()
      }),
      { numRuns: 300 },
    )
  })
}

test('keys and rows are read from, and compared within, the given range only', () => {
  fc.assert(
    fc.property(bytes(20), bytes(20), bytes(20), bytes(20), (before, key, row, after) => {
      const table = new DimensionTable()
      const around = bytesOf(Buffer.concat([before, key, row, after]))
      const middle = before.length + key.length
      table.put(around, before.length, middle, around, middle, middle + row.length)
      assert.deepEqual(get(table, key), row)
      const hash = table.hash(around, before.length, middle)
      assert.ok(table.find(hash, around, before.length, middle))
      assert.equal(get(table, bytesOf(Buffer.concat([key, Buffer.from([0])]))), undefined)
    }),
  )
})

test('a table that grows to 50,000 rows and loses most of them agrees with a map', () => {
  const random = randomFrom(1)
  const pair = new Pair()
  for (let i = 0; i < 120_000; i++) {
    const key = Buffer.from(`key-${random(70_000)}`)
    if (random(5) === 0) pair.delete(key)
    else pair.put(key, Buffer.alloc(random(40), i))
  }
  assert.ok(pair.model.size > 45_000)
  pair.agrees()
  for (let i = 0; i < 70_000; i++) if (i % 50 !== 0) pair.delete(Buffer.from(`key-${i}`))
  pair.agrees()
})

test('rows overwritten with other sizes are compacted, and memory follows what is alive', () => {
  const random = randomFrom(2)
  const pair = new Pair()
  let mostBytes = 0
  for (let i = 0; i < 6000; i++) {
    const key = Buffer.from(`key-${random(150)}`)
    if (random(8) === 0) pair.delete(key)
    else pair.put(key, Buffer.alloc(random(3) === 0 ? 0 : random(60_000), i))
    pair.agreesOn(key)
    mostBytes = Math.max(mostBytes, pair.table.bytes)
  }
  pair.agrees()
  // 60 KB rows at most: 9 MB alive at most, out of 100 MB written.
  assert.ok(mostBytes < 2 * 150 * 60_000 + 3 * CHUNK, `${mostBytes}`)
})

test('a row costs its own bytes and 40 more at most, apart from the last chunks', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60_000 }),
      fc.integer({ min: 0, max: 100 }),
      (rows, size) => {
        const pair = new Pair()
        for (let i = 0; i < rows; i++) pair.put(Buffer.from(`${i}`), Buffer.alloc(size))
        const floor = pair.encodedBytes
        assert.ok(pair.table.bytes >= floor)
        assert.ok(pair.table.bytes <= floor + 40 * rows + 2 * CHUNK)
      },
    ),
    { numRuns: 15 },
  )
})

test('no put pays for more than a few chunks of dead rows', () => {
  let hashed = 0
  const pair = new Pair((key, start, end) => {
    hashed++
    return hashBytes(key, start, end)
  })
  const ROWS = 150_000
  const random = randomFrom(3)
  let most = 0
  for (let i = 0; i < 5 * ROWS; i++) {
    hashed = 0
    pair.put(Buffer.from(`${random(ROWS)}`), Buffer.alloc(100, i))
    most = Math.max(most, hashed)
  }
  // A row takes 108 bytes, and a chunk holds some 39,000.
  assert.ok(most > 1000 && most < 4.1 * (CHUNK / 108), `${most}`)
  assert.ok(pair.table.bytes < 2 * pair.encodedBytes + 3 * CHUNK + 32 * ROWS)
  pair.agrees()
})

test('one that is always full of the same rows stays as large as it is', () => {
  const pair = new Pair()
  const fill = (): void => {
    for (let i = 0; i < 20_000; i++) pair.put(Buffer.from(`${i}`), Buffer.alloc(200, i))
  }
  fill()
  const limit = 2 * (pair.encodedBytes + 16 * pair.model.size) + 3 * CHUNK + 32 * pair.mostRows
  for (let round = 0; round < 10; round++) {
    fill()
    assert.ok(pair.table.bytes <= limit)
  }
  pair.agrees()
})

test('keys of a megabyte, rows of a whole chunk and empty ones live side by side', () => {
  const pair = new Pair()
  const longKeys = [0, 1, 2].map((i) => Buffer.alloc(1 << 20, i))
  for (const key of longKeys) pair.put(key, Buffer.from('long'))
  pair.put(none, Buffer.from('the empty key'))
  pair.put(Buffer.from('empty row'), none)
  for (let round = 0; round < 6; round++) {
    for (const name of ['a', 'b']) {
      pair.put(Buffer.from(name), Buffer.alloc(CHUNK - 12 - name.length, round))
      pair.put(Buffer.from(`${name} small`), Buffer.alloc(round, round))
    }
    pair.agrees()
  }
  assert.ok(pair.table.bytes <= 2 * (2 * CHUNK + 3 * (1 << 20)) + 4 * CHUNK)
})

test('a row over a chunk is refused and leaves the table as it was', () => {
  const pair = new Pair()
  const key = Buffer.from('key')
  pair.put(key, Buffer.from('old'))
  assert.throws(() => put(pair.table, key, Buffer.alloc(CHUNK)), RangeError)
  assert.throws(() => put(pair.table, Buffer.from('new'), Buffer.alloc(CHUNK)), RangeError)
  pair.agrees()
  pair.put(key, Buffer.from('next'))
  pair.agrees()
})

test('a cleared table is empty, gives its memory back and can be filled again', () => {
  const pair = new Pair()
  const empty = pair.table.bytes
  for (let i = 0; i < 5000; i++) pair.put(Buffer.from(`${i}`), Buffer.alloc(2000, i))
  pair.table.clear()
  pair.model.clear()
  assert.equal(pair.table.bytes, empty)
  pair.agrees()
  pair.put(Buffer.from('1'), Buffer.from('again'))
  pair.agrees()
})

test('some keys are as many of the table’s own as are asked for, or all', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 40 }), fc.nat(50), (names, most) => {
      const table = new DimensionTable()
      for (const name of names) put(table, Buffer.from(name), none)
      const some = table.someKeys(most).map(String)
      assert.equal(some.length, Math.min(most, names.length))
      assert.equal(new Set(some).size, some.length)
      for (const key of some) assert.ok(names.includes(key))
    }),
  )
})
