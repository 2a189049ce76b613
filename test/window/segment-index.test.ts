import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SegmentIndex } from '../../src/window/segment-index.ts'

interface Added {
  readonly hash: number
  readonly page: number
  readonly position: number
}

/** Pages of entries; now and then one lies millions of pages behind the one before. */
const added: fc.Arbitrary<Added[]> = fc
  .array(
    fc.record({
      hash: fc.integer({ min: -20, max: 20 }).map((n) => Math.imul(n, 0x10001)),
      step: fc.oneof(
        { weight: 20, arbitrary: fc.nat(2) },
        { weight: 1, arbitrary: fc.nat(2 ** 22) },
      ),
      position: fc.integer({ min: 22, max: 4095 }),
      repeat: fc.integer({ min: 1, max: 300 }),
    }),
    { maxLength: 60 },
  )
  .map((records) => {
    // Numbers grow beyond 32 bits within weeks.
    let page = 2 ** 32 - 7
    return records.flatMap(({ hash, step, position, repeat }) => {
      page += step
      return Array.from({ length: repeat }, (_, i) => ({ hash: hash + (i % 3), page, position }))
    })
  })

test('an index gives what was added under a hash, newest first, with its page, position and mark', () => {
  fc.assert(
    fc.property(added, fc.nat(), (records, marked) => {
      const index = new SegmentIndex(0)
      const numbers = records.map(({ hash, page, position }) => index.add(hash, page, position))
      for (const [i, entry] of numbers.entries()) if (i % 7 === marked % 7) index.setMatched(entry)
      assert.equal(index.entries, records.length)
      for (const hash of new Set(records.map((record) => record.hash))) {
        const found: string[] = []
        for (let entry = index.first(hash); entry >= 0; entry = index.next(entry)) {
          found.push(`${index.page(entry)} ${index.position(entry)} ${index.isMatched(entry)}`)
        }
        const wanted = records
          .map((record, i) => ({ ...record, mark: i % 7 === marked % 7 }))
          .filter((record) => record.hash === hash)
          .map(({ page, position, mark }) => `${page} ${position} ${mark}`)
        assert.deepEqual(found, wanted.reverse())
      }
      assert.equal(index.first(-16), -1)
    }),
    { numRuns: 60 },
  )
})

test('the same entries have the same numbers again, and no two the same', () => {
  fc.assert(
    fc.property(added, (records) => {
      const numbersOf = (): number[] => {
        const index = new SegmentIndex(0)
        return records.map(({ hash, page, position }) => index.add(hash, page, position))
      }
      const numbers = numbersOf()
      assert.deepEqual(numbersOf(), numbers)
      assert.ok(numbers.every((number, i) => i === 0 || number > numbers[i - 1]))
    }),
    { numRuns: 20 },
  )
})
