import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeHeaders } from '../../src/broker/record-batch-writer.ts'
import { readHeaders } from '../../src/broker/record-columns.ts'
import { bytesOf, NO_BYTES } from '../../src/bytes.ts'
import { type HeaderSection, MergedHeaders } from '../../src/output/match-headers.ts'

type Headers = [string, Buffer | null][]

const value = fc.option(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)))
/** More than 63 have a count of two bytes. */
const headers: fc.Arbitrary<Headers> = fc.oneof(
  fc.constant<Headers>([]),
  fc.array(fc.tuple(fc.string({ maxLength: 5 }), value), { maxLength: 4 }),
  fc.array(fc.tuple(fc.constant<string>('h'), value), {
    minLength: 60,
    maxLength: 70,
    size: 'max',
  }),
)

/** Somewhere inside a buffer, as a stored record's are; a right record without headers has not even their count. */
function sectionOf(list: Headers, isBare: boolean): HeaderSection {
  if (isBare && list.length === 0) return { buffer: NO_BYTES, headersStart: 0, headersEnd: 0 }
  const bytes = encodeHeaders(list)
  const buffer = bytesOf(Buffer.concat([Buffer.alloc(3, 255), bytes, Buffer.alloc(2, 255)]))
  return { buffer, headersStart: 3, headersEnd: 3 + bytes.length }
}

const read = ({ buffer, headersStart, headersEnd }: HeaderSection): Headers =>
  headersEnd === headersStart ? [] : readHeaders(buffer, headersStart)

test('merged headers are those of one record, then those of the other', () => {
  const merged = new MergedHeaders()
  fc.assert(
    fc.property(headers, headers, fc.boolean(), (one, other, isBare) => {
      const section = merged.of(sectionOf(one, false), sectionOf(other, isBare))
      assert.deepEqual(read(section), [...one, ...other])
      const end = section.headersEnd - section.headersStart
      assert.ok(end === 0 || end === encodeHeaders([...one, ...other]).length)
    }),
  )
})
