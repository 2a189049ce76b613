import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import type { DimensionCheckpoint } from '../../src/dimension/checkpoint.ts'
import { DimensionStore } from '../../src/dimension/dimension-store.ts'
import { DimensionTable } from '../../src/dimension/table.ts'
import { openStore, type Store } from '../../src/state/level.ts'
import { rowsOf } from './rows-of.ts'
import { temporaryFolder } from './temporary-folder.ts'

const PAGE = 64 * 1024
const checkpoint = (offsets: readonly number[]): DimensionCheckpoint => ({
  layout: 'layout',
  offsets,
  currentAt: 1_700_000_000_000,
})

/** A table and its store, kept alike as a dimension does it. */
class Kept {
  readonly table = new DimensionTable()
  readonly store: DimensionStore
  readonly #level: Store

  constructor(level: Store) {
    this.#level = level
    this.store = new DimensionStore(level)
  }

  static async open(folder: string): Promise<Kept> {
    const kept = new Kept(await openStore(folder))
    assert.ok(await kept.store.load(kept.table))
    return kept
  }

  /** A flush that the disk has no room for. */
  async failToFlush(written: DimensionCheckpoint): Promise<void> {
    Object.assign(this.#level, { batch: () => Promise.reject(new Error('No space left')) })
    await assert.rejects(this.store.flush(written, this.table), /No space left/)
    Reflect.deleteProperty(this.#level, 'batch')
  }

  put(key: Buffer, row: Buffer): void {
    this.table.put(bytesOf(key), 0, key.length, bytesOf(row), 0, row.length)
    this.store.put(key, 0, key.length, row, 0, row.length)
  }

  delete(key: Buffer): void {
    this.table.delete(bytesOf(key), 0, key.length)
    this.store.delete(key, 0, key.length)
  }
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array))
const key = fc.oneof(fc.constantFrom('a', 'b', 'c', '').map(Buffer.from), bytes(12))
const row = fc.oneof(
  { weight: 6, arbitrary: bytes(40) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 3 * PAGE }).map((n) => Buffer.alloc(n, n)) },
)
type Step = { key: Buffer; row: Buffer | null } | 'flush' | 'flush in vain' | 'reopen'
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ key, row: fc.option(row, { freq: 3 }) }) },
    { weight: 2, arbitrary: fc.constantFrom('flush', 'flush in vain', 'reopen') },
  ),
  { maxLength: 60 },
)

test('after a reopen the rows and offsets are those of the last flush', async (t) => {
  const folder = await temporaryFolder(t)
  let run = 0
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const path = join(folder, String(run++))
      let kept = await Kept.open(path)
      let flushed = new Map<string, string>()
      let written: DimensionCheckpoint | undefined
      let offset = 0
      for (const step of [...list, 'reopen' as const]) {
        if (step === 'flush') {
          written = checkpoint([offset, 7])
          await kept.store.flush(written, kept.table)
          flushed = rowsOf(kept.table)
        } else if (step === 'flush in vain') {
          await kept.failToFlush(checkpoint([offset, 7]))
        } else if (step === 'reopen') {
          await kept.store.close()
          kept = await Kept.open(path)
          assert.deepEqual(rowsOf(kept.table), flushed)
          assert.deepEqual(await kept.store.checkpoint(), written)
        } else {
          offset++
          if (step.row === null) kept.delete(step.key)
          else kept.put(step.key, step.row)
        }
      }
      await kept.store.close()
    }),
    {
      numRuns: 40,
      examples: [[[{ key: Buffer.from('a'), row: Buffer.from('b') }, 'flush in vain', 'flush']]],
    },
  )
})

test('a store that is written over and over is bounded by what is alive', async (t) => {
  const folder = await temporaryFolder(t)
  const level = await openStore(folder)
  const kept = new Kept(level)
  for (let round = 0; round < 60; round++) {
    for (let k = 0; k < 10; k++) kept.put(Buffer.from(`key ${k}`), Buffer.alloc(50_000, round))
    kept.delete(Buffer.from(`key ${round % 10}`))
    await kept.store.flush(checkpoint([round]), kept.table)
    let stored = 0
    for await (const value of level.values()) stored += value.length
    assert.ok(stored <= 2 * kept.table.bytes + 64 * PAGE + 10 * 2 * PAGE)
  }
  await kept.store.close()
  const again = await Kept.open(folder)
  assert.deepEqual(rowsOf(again.table), rowsOf(kept.table))
  assert.deepEqual((await again.store.checkpoint())?.offsets, [59])
  await again.store.close()
})

test('a rewrite that ends at any of its writes leaves a store that is gone on with', async (t) => {
  const folder = await temporaryFolder(t)
  const ROWS = 60
  for (let written = 0, isDone = false; !isDone; written++) {
    const path = join(folder, String(written))
    const level = await openStore(path)
    const kept = new Kept(level)
    const name = (i: number): Buffer => Buffer.from(`key ${i}`)
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < ROWS; i++) kept.put(name(i), Buffer.alloc(200_000, round))
      await kept.store.flush(checkpoint([round]), kept.table)
    }
    for (let i = 0; i < ROWS; i += 2) kept.delete(name(i))
    kept.put(name(ROWS), Buffer.from('new'))

    let left = written
    const operations = { batch: level.batch.bind(level), clear: level.clear.bind(level) }
    for (const [method, run] of Object.entries(operations)) {
      Object.assign(level, {
        [method]: (...args: unknown[]) =>
          left-- > 0
            ? (run as (...args: unknown[]) => Promise<void>)(...args)
            : Promise.reject(new Error('No space left')),
      })
    }
    isDone = await kept.store.flush(checkpoint([4]), kept.table).then(
      () => true,
      () => false,
    )
    const expected = rowsOf(kept.table)
    Object.assign(level, operations)
    // One that goes on, and one that begins anew and reads what was put since the checkpoint.
    if (!isDone && written % 2 === 0) await kept.store.flush(checkpoint([4]), kept.table)
    await kept.store.close()

    const again = await Kept.open(path)
    const [offset] = (await again.store.checkpoint())!.offsets
    if (offset < 4) {
      for (let i = 0; i < ROWS; i += 2) again.delete(name(i))
      again.put(name(ROWS), Buffer.from('new'))
    }
    assert.deepEqual(rowsOf(again.table), expected, `after ${written} writes`)
    await again.store.close()
    assert.ok(written < 20)
    if (isDone) assert.ok(written > 3, `a rewrite takes several writes, not ${written}`)
  }
})

test('a page of any bytes is loaded or refused, and a shortened one is refused', async (t) => {
  const level = await openStore(await temporaryFolder(t))
  const first = Buffer.alloc(4)
  const loads = async (page: Buffer): Promise<boolean> => {
    await level.put(first, page)
    return new DimensionStore(level).load(new DimensionTable())
  }
  await fc.assert(
    fc.asyncProperty(bytes(60), async (page) => {
      assert.equal(typeof (await loads(page)), 'boolean')
    }),
  )
  const kept = new Kept(level)
  kept.put(Buffer.from('key'), Buffer.from('row'))
  await kept.store.flush(checkpoint([1]), kept.table)
  const page = (await level.get(first))!
  assert.ok(await loads(page))
  for (let end = 1; end < page.length; end++) assert.ok(!(await loads(page.subarray(0, end))))
  await level.close()
})
