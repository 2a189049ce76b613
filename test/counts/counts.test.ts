import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Counts, Distribution, LONGEST_MS } from '../../src/counts/counts.ts'
import { MissingKeys } from '../../src/counts/missing-keys.ts'

test('a distribution’s bucket holds the times up to its power of two, and over the one before', () => {
  const ms = fc.oneof(fc.nat(), fc.double({ min: 0, max: 2 ** 31, noNaN: true }), fc.nat(64))
  fc.assert(
    fc.property(fc.array(ms), (times) => {
      const distribution = new Distribution()
      for (const time of times) distribution.add(time)
      for (const [b, count] of distribution.buckets.entries()) {
        const over = b === 0 ? -1 : 2 ** (b - 1)
        assert.equal(count, times.filter((time) => time > over && time <= 2 ** b).length)
      }
      assert.equal(distribution.count, times.length)
    }),
  )
})

test('a time of over 24 days, or of years, is in the last bucket', () => {
  const times = [LONGEST_MS + 1, 2 ** 32 + 5, 2 ** 33 + 100, 2 ** 40, Number.MAX_SAFE_INTEGER]
  for (const time of times) {
    const distribution = new Distribution()
    distribution.add(time)
    assert.equal(distribution.buckets.at(-1), 1, `${time} ms`)
  }
})

test('frequent missing keys are found among many rare ones, with bounds that hold', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(200), { maxLength: 3000 }), (rare) => {
      const keys = new MissingKeys()
      const exact = new Map<string, number>()
      const add = (id: number): void => {
        const key = Buffer.from(`k${id}`)
        exact.set(`k${id}`, (exact.get(`k${id}`) ?? 0) + 1)
        keys.add(id, key, 0, key.length)
      }
      for (const [i, id] of rare.entries()) {
        add(id)
        if (i % 4 === 0) add(1000 + (i % 8))
      }
      const top = keys.top()
      const total = [...exact.values()].reduce((sum, count) => sum + count, 0)
      for (const { key, count, error } of top) {
        const true_ = exact.get(key)!
        assert.ok(true_ <= count && true_ >= count - error, `${key}: ${true_} of ${count}-${error}`)
      }
      for (const [key, count] of exact) {
        if (count > total / 64) assert.ok(top.some((one) => one.key === key))
      }
      const counts = top.map(({ count }) => count)
      assert.deepEqual(
        counts,
        counts.toSorted((a, b) => b - a),
      )
    }),
  )
})

test('the missing keys of a dimension are asked for by its name', () => {
  const counts = new Counts(['customer', 'product'])
  const key = Buffer.from('no such product')
  counts.missingKeys[1].add(7, key, 0, key.length)
  assert.deepEqual(counts.topMissing('customer'), [])
  assert.deepEqual(counts.topMissing('product'), [{ key: 'no such product', count: 1, error: 0 }])
  assert.throws(() => counts.topMissing('nobody'), /There is no dimension nobody/)
})
