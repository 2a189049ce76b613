import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MemoryShares, memoryLimits, PROCESS_BYTES } from '../../src/plan/memory.ts'

const MIB = 2 ** 20
const none = { limit: null, pages: null, fetch: null, epoch: null, dimensions: null }

test('whatever the file says, the parts fit into the limit, or the start ends with their sum', () => {
  const size = fc.option(fc.integer({ min: 0, max: 2 ** 31 }))
  const config = fc.record({ limit: size, pages: size, fetch: size, epoch: size, dimensions: size })
  fc.assert(
    fc.property(config, fc.integer({ min: MIB, max: 2 ** 33 }), (asked, available) => {
      try {
        const { limit, ...parts } = memoryLimits(asked, available)
        const sum = Object.values(parts).reduce((a, b) => a + b, PROCESS_BYTES)
        assert.ok(sum <= limit && limit <= available)
        for (const [name, bytes] of Object.entries({ limit, ...parts })) {
          const said = asked[name as keyof typeof asked]
          assert.ok(said === null || said === bytes)
          assert.ok(bytes >= 0)
        }
      } catch (error) {
        assert.match(String(error), /over the limit|machine has/)
      }
    }),
  )
})

test('a container of 256 MiB has room for dimensions without a word in the file', () => {
  const { pages, dimensions } = memoryLimits(none, 256 * MIB)
  assert.equal(pages, Math.floor(51.2 * MIB))
  assert.ok(dimensions > 16 * MIB)
})

test('an error names each part with its size, and the limit', () => {
  assert.throws(
    () => memoryLimits({ ...none, pages: 400 * MIB, dimensions: 100 * MIB }, 512 * MIB),
    /memory\.pages 400 MiB, .*memory\.dimensions 100 MiB and 160 MiB for the process are \d+ MiB, over the limit of 512 MiB/,
  )
  assert.throws(
    () => memoryLimits({ ...none, limit: 1024 * MIB }, 512 * MIB),
    /memory\.limit is 1024 MiB, but the container or machine has 512 MiB/,
  )
})

test('what all tasks hold of epochs, inputs and pages is no more than the limits', () => {
  const limits = memoryLimits(none, 4096 * MIB)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 128 }), (partitions) => {
      const shares = new MemoryShares(limits, partitions)
      shares.tasks = partitions
      assert.ok(2 * partitions * shares.epochBytes <= limits.epoch)
      const inputs = 2 * partitions
      assert.ok(inputs * (shares.inputBytes + shares.partitionFetchBytes) <= limits.fetch)
      assert.ok(partitions * shares.pageBytes <= limits.pages)
      assert.ok(3 * partitions * shares.storeBufferBytes <= PROCESS_BYTES)
    }),
  )
})
