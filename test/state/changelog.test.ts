import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ChangelogHeader, decodeChangelog, encodeHeader } from '../../src/state/changelog.ts'

const time = fc.constantFrom(Number.NEGATIVE_INFINITY, 1_735_689_600_000)
const headers: fc.Arbitrary<ChangelogHeader> = fc.record({
  layout: fc.stringMatching(/^[0-9a-f]{0,60}$/),
  schemaIds: fc.array(fc.nat(2 ** 31 - 1), { maxLength: 12 }),
  offsets: fc.array(fc.integer({ min: -1 }), { maxLength: 4 }),
  streamTime: time,
  closedBefore: fc.array(time, { maxLength: 3 }),
  nextPage: fc.nat(),
})

test('a header is read as it was written, wherever it lies; one that is cut off is not', () => {
  fc.assert(
    fc.property(headers, fc.nat(9), (header, before) => {
      const bytes = encodeHeader(header)
      const buffer = Buffer.concat([Buffer.alloc(before, 7), bytes, Buffer.alloc(3, 7)])
      const end = before + bytes.length
      assert.deepEqual(decodeChangelog(buffer, before, end), { header: { ...header }, pages: [] })
      for (let cut = before; cut < end; cut++)
        assert.equal(decodeChangelog(buffer, before, cut), undefined)
    }),
  )
})

/** As releases before wrote it. */
function earlier(version: number, header: ChangelogHeader): Buffer {
  const numbers = [...header.offsets, header.streamTime, ...header.closedBefore]
  if (version > 3) numbers.push(header.nextPage)
  const ids = version > 2 ? header.schemaIds : []
  const bytes = Buffer.alloc(17 + numbers.length * 8 + (version > 2 ? 1 + ids.length * 4 : 0))
  bytes[0] = version
  bytes.write(header.layout, 1, 'latin1')
  let at = 17
  for (const number of numbers) at = bytes.writeDoubleLE(number, at)
  if (version > 2) at = bytes.writeUInt8(ids.length, at)
  for (const id of ids) at = bytes.writeInt32LE(id, at)
  return bytes
}

test('headers of versions 4, 3 and 2 are read: without next page before 4, without schema ids before 3', () => {
  const header = {
    layout: '0123456789abcdef',
    schemaIds: [4, 9],
    offsets: [5, 7],
    streamTime: 9,
    closedBefore: [3],
    nextPage: 8,
  }
  const read = (version: number) => {
    const bytes = earlier(version, header)
    for (let cut = 0; cut < bytes.length; cut++) {
      assert.equal(decodeChangelog(bytes, 0, cut), undefined)
    }
    return decodeChangelog(bytes, 0, bytes.length)
  }
  assert.deepEqual(read(4), { header, pages: [] })
  assert.deepEqual(read(3), { header: { ...header, nextPage: 0 }, pages: [] })
  assert.deepEqual(read(2), { header: { ...header, nextPage: 0, schemaIds: [] }, pages: [] })
})

test('a record of a version that is not known, or of another kind, is not read', () => {
  for (const version of [0, 1, 6, 31, 97]) {
    assert.equal(decodeChangelog(Buffer.alloc(200, version), 0, 200), undefined)
  }
})

test('a null value is no changelog record, whatever lies behind it', () => {
  const bytes = encodeHeader({
    layout: 'layout',
    schemaIds: [],
    offsets: [1],
    streamTime: 0,
    closedBefore: [],
    nextPage: 1,
  })
  assert.equal(decodeChangelog(bytes, 0, -1), undefined)
})
