import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Heads } from '../../src/state/heads.ts'
import { LEFT, PAGE_BYTES, type PageRef, pageBytes } from '../../src/state/page.ts'
import { PageLog } from '../../src/state/page-log.ts'
import type { Checkpoint } from '../../src/state/page-store.ts'
import { PageWriter } from '../../src/state/page-writer.ts'
import { WriteBack } from '../../src/state/write-back.ts'

interface Epoch {
  /** Segments of its pages. */
  readonly segments: readonly number[]
  /** Segments before this one expire with it, counted back from the latest. */
  readonly kept: number
  /** Bytes that the memory may have from now on. */
  readonly limit: number
}

const GROUP_BYTES = 1024 * 1024
const SLABS = 2 * 64 * 1024

/** One task's pages over a map in place of LevelDB, and a list in place of the changelog. */
class Pages {
  limit = 0
  readonly #log = new PageLog(
    () => this.limit,
    async () => [],
  )
  readonly recent = this.#log.recent
  readonly stored = new Map<number, string>()
  checkpoint: Checkpoint | undefined
  readonly live = new Map<number, { segment: number; bytes: string; offset: number }>()
  written = 0
  readonly heads = new Heads()
  readonly #writer = new PageWriter(this.#log, 0)
  #offset = 0
  #latest = 0
  readonly writeBack = new WriteBack(
    {
      write: async (pages, checkpoint) => {
        for (const page of pages) this.stored.set(page.number, bytesOf(page))
        this.written += pages.length
        this.checkpoint = checkpoint
      },
      clearBefore: async (page) => {
        for (const number of this.stored.keys()) if (number < page) this.stored.delete(number)
      },
    },
    this.recent,
  )

  async commit({ segments, kept, limit }: Epoch): Promise<void> {
    this.limit = limit
    for (const [i, ahead] of segments.entries()) {
      const segment = this.#latest + ahead
      const page = this.#writer.pageFor(LEFT, { start: segment }, PAGE_BYTES - 30)
      const text = `${this.#offset} ${i} `
      page.buffer.write(text, page.end)
      page.end += PAGE_BYTES - 30
    }
    this.#latest += Math.max(0, ...segments)
    this.#writer.seal()
    const pages = this.#log.drain()
    const offset = this.#offset++
    for (const page of pages) {
      this.live.set(page.number, { segment: page.segment, bytes: bytesOf(page), offset })
    }
    this.heads.add(pages, offset)
    const gone = new Set<number>()
    for (const [number, { segment }] of this.live) {
      if (segment >= this.#latest - kept) continue
      gone.add(segment)
      this.live.delete(number)
    }
    this.heads.expire([...gone].map((segment) => [0, segment]))
    const { nextPage } = this.#log
    await this.writeBack.add(pages, {
      changelogOffset: offset + 1,
      offsets: [0, 0],
      streamTime: 0,
      closedBefore: [0],
      nextPage,
      heads: this.heads.entries,
    })
    if (gone.size > 0) this.writeBack.expire(this.heads.page(nextPage))
  }

  /** What a restore would find: the store, and the changelog from the checkpoint's offset on. */
  restored(): Map<number, string> {
    const found = new Map(this.stored)
    const from = this.checkpoint?.changelogOffset ?? 0
    for (const [number, { bytes, offset }] of this.live)
      if (offset >= from) found.set(number, bytes)
    return found
  }
}

const bytesOf = (page: PageRef): string => pageBytes(page).toString('latin1')

const epochs = fc.array(
  fc.record({
    segments: fc.array(fc.integer({ min: -2, max: 1 }), { maxLength: 300 }),
    kept: fc.integer({ min: 1, max: 4 }),
    limit: fc.constantFrom(0, 256 * 1024, 4 * 1024 * 1024, 1 << 30),
  }),
  { maxLength: 12 },
)

test('a live page can be read at any time, and a restore at any time finds all of them', async () => {
  await fc.assert(
    fc.asyncProperty(epochs, async (list) => {
      const pages = new Pages()
      for (const epoch of list) {
        await pages.commit(epoch)
        const restored = pages.restored()
        for (const [number, { bytes }] of pages.live) {
          const { recent, stored } = pages
          const [page] = recent.has(number) ? recent.between(number, number + 1) : []
          assert.equal(page ? bytesOf(page) : stored.get(number), bytes)
          assert.equal(restored.get(number), bytes)
        }
        assert.ok(pages.recent.bytes <= Math.max(epoch.limit, GROUP_BYTES) + SLABS)
      }
      await pages.writeBack.flush()
      for (const [number, { bytes }] of pages.live) assert.equal(pages.stored.get(number), bytes)
    }),
    { numRuns: 200 },
  )
})

test('a flush that runs out of time leaves the rest to the changelog', async (t) => {
  const pages = new Pages()
  for (let epoch = 0; epoch < 500; epoch++) {
    await pages.commit({ segments: [0, 0, 0], kept: 2, limit: 1 << 30 })
  }
  t.mock.method(performance, 'now', () => (pages.written === 0 ? 0 : 2000))
  const left = await pages.writeBack.flush(2000)
  assert.ok(pages.written > 0 && pages.written < pages.live.size)
  const bytes = [...pages.live.values()].reduce((sum, page) => sum + page.bytes.length, 0)
  const stored = [...pages.stored.values()].reduce((sum, text) => sum + text.length, 0)
  assert.equal(left, bytes - stored)
  assert.deepEqual(
    [...pages.restored().keys()].sort((a, b) => a - b),
    [...pages.live.keys()],
  )
  assert.equal(await pages.writeBack.flush(), 0)
  assert.equal(pages.stored.size, pages.live.size)
})

test('pages that expire while they are in memory are never written', async () => {
  const pages = new Pages()
  for (let epoch = 0; epoch < 2000; epoch++) {
    await pages.commit({ segments: [0, 0, 0, epoch % 10 === 0 ? 1 : 0], kept: 2, limit: 1 << 30 })
  }
  assert.equal(pages.written, 0)
  assert.ok(pages.recent.bytes < 3 * GROUP_BYTES)
  await pages.writeBack.flush()
  assert.deepEqual([...pages.stored.keys()].sort(), [...pages.live.keys()].sort())
})
