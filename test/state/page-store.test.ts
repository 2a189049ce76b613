import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { Heads } from '../../src/state/heads.ts'
import { openStore } from '../../src/state/level.ts'
import {
  PAGE_HEADER,
  type Page,
  pageBytes,
  readPageHeader,
  writePageHeader,
} from '../../src/state/page.ts'
import { type Checkpoint, PageStore } from '../../src/state/page-store.ts'

function pageOf(number: number, segment: number, bytes: number): Page {
  const end = PAGE_HEADER + bytes
  const buffer = bytesOf(Buffer.alloc(end, number))
  const page = { number, store: 3, kind: 0, segment, buffer, start: 0, end, limit: end, count: 1 }
  writePageHeader(page)
  return readPageHeader(buffer, 0)!
}

const checkpointAt = (nextPage: number, left: number): Checkpoint => ({
  changelogOffset: left * 2,
  offsets: [left, -1],
  streamTime: left === 0 ? Number.NEGATIVE_INFINITY : left,
  closedBefore: [Number.NEGATIVE_INFINITY],
  nextPage,
  heads: [[0, 60_000, 1, 0]],
})

type Step = { kind: 'write'; pages: number } | { kind: 'clear'; share: number } | { kind: 'reopen' }
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('write' as const), pages: fc.nat(5) }),
    fc.record({
      kind: fc.constant('clear' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    fc.record({ kind: fc.constant('reopen' as const) }),
  ),
  { maxLength: 20 },
)

test('the store has the pages that were written and not cleared, and the last checkpoint', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-window-'))
  let run = 0
  try {
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const place = join(folder, String(run++))
        let level = await openStore(place)
        let store = new PageStore(level, 'layout')
        const model = new Map<number, Buffer>()
        // Numbers grow beyond 32 bits within weeks.
        let next = 2 ** 32 - 5
        let last: Checkpoint | undefined
        for (const [i, step] of list.entries()) {
          if (step.kind === 'write') {
            const pages = Array.from({ length: step.pages }, () => pageOf(next++, 60_000, i))
            for (const page of pages) model.set(page.number, pageBytes(page))
            last = checkpointAt(next, i)
            await store.write(pages, last)
          } else if (step.kind === 'clear') {
            const page = 1 + Math.floor(step.share * (next - 1))
            for (const number of model.keys()) if (number < page) model.delete(number)
            await store.clearBefore(page)
          } else {
            await level.close()
            level = await openStore(place)
            store = new PageStore(level, 'layout')
          }
          const found = await store.checkpoint()
          if (last !== undefined) {
            assert.deepEqual(found, { ...last, layouts: [[0, 'layout', []]] })
          }
          const pages: Page[] = []
          for await (const page of store.pages()) pages.push(page!)
          assert.deepEqual(
            pages.map((page) => [page.number, pageBytes(page)]),
            [...model],
          )
        }
        await level.close()
      }),
      { numRuns: 60 },
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a store of another layout, and one without a checkpoint, are told apart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-window-'))
  const level = await openStore(folder)
  const store = new PageStore(level, 'one')
  assert.equal(await store.checkpoint(), undefined)
  await store.write([pageOf(1, 0, 10)], checkpointAt(2, 5))
  const found = await new PageStore(level, 'another').checkpoint()
  assert.ok(found !== undefined && found !== 'other')
  assert.deepEqual(found.layouts, [[0, 'one', []]])
  await store.clear()
  assert.equal(await store.checkpoint(), undefined)
  await level.close()
  rmSync(folder, { recursive: true, force: true })
})

test('one byte that has changed on disk is found, of a page or of the checkpoint', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-window-'))
  const level = await openStore(folder)
  const store = new PageStore(level, 'layout')
  await store.write([pageOf(1, 0, 10), pageOf(2, 0, 300)], checkpointAt(3, 5))
  for (const [key, value] of await level.iterator().all()) {
    for (let at = 0; at < value.length; at++) {
      const changed = Buffer.from(value)
      changed[at] ^= 1 << (at % 8)
      await level.put(key, changed)
      const number = key.readUIntBE(0, 6)
      const pages: (Page | undefined)[] = []
      for await (const page of store.pages()) pages.push(page)
      if (key.length > 6) assert.equal(await store.checkpoint(), 'other')
      else {
        assert.equal(pages[number - 1], undefined)
        assert.deepEqual(await store.read([number]), [undefined])
      }
    }
    await level.put(key, value)
  }
  const layouts = [[0, 'layout', []]]
  assert.deepEqual(await store.checkpoint(), { ...checkpointAt(3, 5), layouts })
  await level.close()
  rmSync(folder, { recursive: true, force: true })
})

test('heads are the first page and record of any live segment; without one, of the last epoch', () => {
  const heads = new Heads()
  heads.add([{ store: 0, segment: 0, number: 1 }], 100)
  heads.add([{ store: 0, segment: 60, number: 3 }], 101)
  heads.add([{ store: 0, segment: 0, number: 4 }], 102)
  heads.add([{ store: 1, segment: 0, number: 5 }], 103)
  assert.deepEqual([heads.page(9), heads.offset(109)], [1, 100])
  heads.expire([[0, 0]])
  assert.deepEqual([heads.page(9), heads.offset(109)], [3, 101])
  const again = new Heads()
  again.load(heads.entries)
  assert.deepEqual(again.entries, heads.entries)
  heads.expire([[0, 60]])
  assert.deepEqual([heads.page(9), heads.offset(109)], [5, 103])
  heads.expire([[1, 0]])
  assert.deepEqual([heads.page(9), heads.offset(109)], [9, 109])
})
