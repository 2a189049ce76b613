/** Rows as of a time, compared with a list that is searched from end to end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf, copyBytes } from '../../src/bytes.ts'
import { offsetBefore, partitionBefore, placeBytes, writePlace } from '../../src/dimension/place.ts'
import { VERSION_STAMP_BYTES, writeVersionStamp } from '../../src/dimension/version-stamp.ts'
import { VersionTable } from '../../src/dimension/version-table.ts'
import { type NaiveVersion, NaiveVersions } from './naive-versions.ts'

const KEYS = ['a', 'b', 'some longer key']
const bytes = (text: string) => bytesOf(Buffer.from(text))

function put(table: VersionTable, { key, time, partition, row }: NaiveVersion): void {
  const value = bytesOf(Buffer.alloc(VERSION_STAMP_BYTES + (row?.length ?? 0)))
  writeVersionStamp(value, 0, time, partition, row === null)
  copyBytes(bytes(row ?? ''), 0, row?.length ?? 0, value, VERSION_STAMP_BYTES)
  table.put(bytes(key), 0, key.length, value, 0, value.length)
}

function rowAt(table: VersionTable, key: string, time: number): string | null {
  const own = bytes(key)
  table.at[0] = time
  if (!table.find(table.hash(own, 0, own.length), own, 0, own.length)) return null
  return table.rowBuffer.toString('latin1', table.rowStart, table.rowEnd)
}

/** What is put in the order of time, mostly, as topics have it; some come late, and some at one time. */
const streams = fc.record({
  versions: fc.array(
    fc.record({
      key: fc.constantFrom(...KEYS),
      step: fc.constantFrom(0, 0, 1, 1, 2, 5, -3, -30),
      partition: fc.constantFrom(0, 0, 0, 1, 300),
      bytes: fc.constantFrom(0, 3, 40, 200, 1500, null),
    }),
    { minLength: 1, maxLength: 120, size: 'max' },
  ),
  historyMs: fc.constantFrom(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 7, 40),
  sweeps: fc.boolean(),
})

function versionsOf({ versions }: typeof streams extends fc.Arbitrary<infer T> ? T : never) {
  let now = 100
  return versions.map(({ step, bytes: length, ...version }, i): NaiveVersion => {
    const time = now + step
    now = Math.max(now, time)
    const row = length === null ? null : `${i}`.padEnd(length, '.')
    return { ...version, time, row }
  })
}

/** Every moment, and some before and after all of them. */
function assertAlike(table: VersionTable, naive: NaiveVersions): void {
  for (const key of [...KEYS, 'nobody']) {
    const times = naive.all.flatMap(({ time }) => [time - 0.5, time])
    for (const time of [...times, -1e9, 1e9]) {
      assert.equal(rowAt(table, key, time), naive.rowAt(key, time), `${key} at ${time}`)
    }
  }
}

test('2,000 random streams of versions give the rows of each time that a list gives', () => {
  const seen = { dropped: 0, deleted: 0, tied: 0, late: 0, many: 0 }
  fc.assert(
    fc.property(streams, (stream) => {
      const naive = new NaiveVersions(stream.historyMs)
      const table = new VersionTable(stream.historyMs)
      let latest = Number.NEGATIVE_INFINITY
      for (const version of versionsOf(stream)) {
        if (naive.all.some(({ key, time }) => key === version.key && time === version.time)) {
          seen.tied++
        }
        if (version.time < latest) seen.late++
        if (version.row === null) seen.deleted++
        latest = Math.max(latest, version.time)
        naive.put(version)
        put(table, version)
        if (stream.sweeps && stream.historyMs === Number.POSITIVE_INFINITY) table.sweep()
      }
      assertAlike(table, naive)
      const held = KEYS.reduce((sum, key) => sum + naive.ofKey(key).length, 0)
      if (stream.historyMs === Number.POSITIVE_INFINITY) assert.equal(table.versions, held)
      else if (table.versions < held) seen.dropped++
      if (table.versions > 60) seen.many++
      assertCopyAlike(table, stream.historyMs, naive)
      // Nothing comes behind it, so that nothing is late behind a deletion that is forgotten.
      for (let round = 0; round < 4; round++) table.sweep()
      assertAlike(table, naive)
      const own = KEYS.map((key) => table.versionsOf(bytes(key), 0, key.length).length)
      assert.equal(
        table.versions,
        own.reduce((sum, count) => sum + count, 0),
      )
    }),
    { numRuns: 2000, includeErrorInReport: true },
  )
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 50, `${what}: ${count}`)
})

/** What `forSome` gives, a part at a time, makes the same table, whose rows are looked up alike. */
function assertCopyAlike(table: VersionTable, historyMs: number, naive: NaiveVersions): void {
  const copy = new VersionTable(historyMs)
  let from = 0
  while (from >= 0) {
    from = table.forSome(from, 1, (buffer, keyStart, rowStart, rowEnd) => {
      copy.put(buffer, keyStart, rowStart, buffer, rowStart, rowEnd)
    })
  }
  assertAlike(copy, naive)
}

test('a key with 200,000 versions is found at each of their times, and what is out of history goes', () => {
  const table = new VersionTable(100_000)
  for (let time = 0; time < 200_000; time++) {
    put(table, { key: 'hot', time, partition: 0, row: `row ${time}` })
  }
  for (let time = 99_999; time < 200_000; time += 997) {
    assert.equal(rowAt(table, 'hot', time + 0.5), `row ${time}`)
  }
  assert.equal(rowAt(table, 'hot', 99_997), null)
  assert.ok(table.versions < 100_200, `${table.versions} versions are held`)
})

test('a deleted key is forgotten once its deletion is older than the history, and memory goes back', () => {
  const table = new VersionTable(1000)
  for (let key = 0; key < 5000; key++) {
    for (let v = 0; v < 40; v++) {
      put(table, { key: `${key}`, time: v, partition: 0, row: v === 39 ? null : 'x'.repeat(50) })
    }
  }
  assert.equal(table.size, 5000)
  put(table, { key: 'last', time: 5000, partition: 0, row: 'row' })
  for (let round = 0; round < 50; round++) table.sweep()
  assert.equal(table.size, 1)
  assert.equal(table.versions, 1)
})

test('where rows have places, what is found and what is listed is without them, and what is stored has them', () => {
  const table = new VersionTable(Number.POSITIVE_INFINITY)
  const placed = placeBytes({ keepsPlaces: true })
  table.clear(undefined, placed)
  const key = bytesOf(Buffer.from('k'))
  const head = VERSION_STAMP_BYTES + placed
  for (const [i, text] of ['one', null, 'three'].entries()) {
    const row = bytesOf(Buffer.concat([Buffer.alloc(head), Buffer.from(text ?? '')]))
    writeVersionStamp(row, 0, 10 * i, 0, text === null)
    writePlace(row, VERSION_STAMP_BYTES, 7, 100 + i)
    table.put(key, 0, 1, row, 0, text === null ? VERSION_STAMP_BYTES : row.length)
  }
  table.at[0] = 25
  assert.ok(table.find(table.hash(key, 0, 1), key, 0, 1))
  const { rowBuffer, rowStart, rowEnd } = table
  assert.equal(rowBuffer.toString('utf8', rowStart, rowEnd), 'three')
  assert.deepEqual(
    [partitionBefore(rowBuffer, rowStart), offsetBefore(rowBuffer, rowStart)],
    [7, 102],
  )
  const listed = table.versionsOf(key, 0, 1).map(({ buffer, rowStart: from, rowEnd: to }) => {
    return buffer.toString('utf8', from, to)
  })
  assert.deepEqual(listed, ['one', '', 'three'])
  const stored: number[] = []
  table.forSome(0, 1 << 20, (_buffer, _key, start, end) => stored.push(end - start))
  assert.deepEqual(stored, [head + 3, VERSION_STAMP_BYTES, head + 5])
})
