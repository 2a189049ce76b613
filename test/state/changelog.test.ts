import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ChangelogHeader, decodeChangelog, encodeHeader } from '../../src/state/changelog.ts'

const headers: fc.Arbitrary<ChangelogHeader> = fc.record({
  layout: fc.stringMatching(/^[0-9a-f]{16}$/),
  schemaIds: fc.array(fc.nat(2 ** 31 - 1), { maxLength: 12 }),
  left: fc.integer({ min: -1 }),
  right: fc.integer({ min: -1 }),
  streamTime: fc.constantFrom(Number.NEGATIVE_INFINITY, 1_735_689_600_000),
  closedBefore: fc.constantFrom(Number.NEGATIVE_INFINITY, 1_735_689_600_000),
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

test('a header of version 3 has no next page, one of version 2 no schema ids either', () => {
  const header = { layout: '0123456789abcdef', left: 5, right: 7, streamTime: 9, closedBefore: 3 }
  const bytes = encodeHeader({ ...header, nextPage: 8, schemaIds: [4] })
  const common = bytes.subarray(0, 49)
  const version3 = Buffer.concat([common, bytes.subarray(57)])
  for (const [version, buffer, schemaIds] of [
    [3, version3, [4]],
    [2, Buffer.from(common), []],
  ] as const) {
    buffer[0] = version
    const found = decodeChangelog(buffer, 0, buffer.length)
    assert.deepEqual(found, { header: { ...header, nextPage: 0, schemaIds }, pages: [] })
  }
})
