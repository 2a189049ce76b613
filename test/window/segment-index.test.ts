import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SegmentIndex } from '../../src/window/segment-index.ts'

interface Added {
  readonly side: number
  readonly hash: number
  readonly page: number
  readonly position: number
}

/** Pages of entries; now and then one lies millions of pages behind the one before. */
const added: fc.Arbitrary<Added[]> = fc
  .array(
    fc.record({
      side: fc.constantFrom(0, 1),
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
    return records.flatMap(({ side, hash, step, position, repeat }) => {
      page += step
      const hashOf = (i: number): number => hash + (i % 3)
      return Array.from({ length: repeat }, (_, i) => ({ side, hash: hashOf(i), page, position }))
    })
  })

const addAll = (index: SegmentIndex, records: readonly Added[]): number[] =>
  records.map(({ side, hash, page, position }) => index.add(side, hash, page, position))

test('an index gives what was added to a side under a hash, newest first, with its page, position and mark', () => {
  fc.assert(
    fc.property(added, fc.nat(), (records, marked) => {
      const index = new SegmentIndex(0, 0)
      const numbers = addAll(index, records)
      const isMarked = (i: number): boolean => i % 7 === marked % 7
      for (const [i, entry] of numbers.entries()) {
        if (isMarked(i)) index.sides[records[i].side].setMatched(entry)
      }
      const all = records.map((record, i) => ({ ...record, mark: isMarked(i) }))
      for (const side of [0, 1]) {
        const entries = index.sides[side]
        const ofSide = all.filter((record) => record.side === side)
        assert.equal(entries.count, ofSide.length)
        for (const hash of new Set(records.map((record) => record.hash))) {
          const found: string[] = []
          let entry = index.first(side, hash)
          for (; entry >= 0; entry = entries.next(entry)) {
            found.push(
              `${entries.page(entry)} ${entries.position(entry)} ${entries.isMatched(entry)}`,
            )
          }
          const wanted = ofSide
            .filter((record) => record.hash === hash)
            .map(({ page, position, mark }) => `${page} ${position} ${mark}`)
          assert.deepEqual(found, wanted.reverse())
        }
        assert.equal(index.first(side, -16), -1)
      }
    }),
    { numRuns: 60 },
  )
})

test('the same entries have the same numbers again, and no two of a side the same', () => {
  fc.assert(
    fc.property(added, (records) => {
      const numbers = addAll(new SegmentIndex(0, 0), records)
      assert.deepEqual(addAll(new SegmentIndex(0, 0), records), numbers)
      for (const side of [0, 1]) {
        const ofSide = numbers.filter((_, i) => records[i].side === side)
        assert.ok(ofSide.every((number, i) => i === 0 || number > ofSide[i - 1]))
      }
    }),
    { numRuns: 20 },
  )
})
