/** The window's pages in LevelDB: written at a commit, read for a match, read back at a restart. */
import { join } from 'node:path'
import { openStore, type Store } from '../src/state/level.ts'
import type { Page } from '../src/state/page.ts'
import { PageStore } from '../src/state/page-store.ts'
import { printHeader } from './machine.ts'
import { measure, ownFlags } from './micro.ts'
import { readOptions } from './options.ts'
import { temporaryFolder } from './process.ts'
import { describeRuns } from './spread.ts'
import { LEFT, NumberedWindow, RIGHT } from './window-keys.ts'

const USAGE = `npm run bench -- page-store [options]

  --records N     records in the store (300000)
  --runs N        runs of each (7)
  --flags "..."   V8 flags`

/** Records of a commit: a tenth of a second at 100,000 a second. */
const EPOCH = 10_000
const PROBES = 10_000
const CHECKPOINT = {
  changelogOffset: 0,
  offsets: [0, 0],
  streamTime: 0,
  closedBefore: [],
  nextPage: 0,
  heads: [],
}

const { records, runs } = readOptions(USAGE, { records: 300_000, runs: 7 })
const folder = temporaryFolder()
let stores = 0

interface Open {
  readonly level: Store
  readonly pages: PageStore
}

async function open(): Promise<Open> {
  const level = await openStore(join(folder, String(stores++)))
  return { level, pages: new PageStore(level, 'layout') }
}

/** The pages of a full window, by epochs. */
function epochs(window: NumberedWindow): Page[][] {
  const list: Page[][] = []
  for (let i = 0; i < records; i++) {
    window.take(LEFT, i)
    if (i % EPOCH === EPOCH - 1 || i === records - 1) list.push(window.drain())
  }
  return list
}

async function write(store: Open, list: readonly (readonly Page[])[]): Promise<void> {
  for (const pages of list) {
    const nextPage = pages[pages.length - 1].number + 1
    await store.pages.write(pages, { ...CHECKPOINT, nextPage })
  }
}

printHeader(`Window pages in LevelDB, ${records.toLocaleString('en-US')} records`)
console.log(`  CPU time per record, ${describeRuns(runs, ownFlags())}`)
const inMemory = epochs(new NumberedWindow())
let last = await open()
await measure(
  {
    name: 'written, a page of 4 KiB at a time',
    records,
    async prepare() {
      await last.level.close()
      last = await open()
      return last
    },
    work: (store) => write(store, inMemory),
  },
  runs,
)

await measure(
  {
    name: 'read back into the index, as at a restart',
    records,
    prepare: () => new NumberedWindow(),
    async work({ window }) {
      for await (const page of last.pages.pages()) window.restore(page!)
      if (window.segments.entries(LEFT) !== records) throw new Error('Records are missing')
    },
  },
  runs,
)

const cold = new NumberedWindow(0, (pages) => last.pages.read(pages))
for await (const page of last.pages.pages()) cold.window.restore(page!)
cold.log.nextPage = records
/** Keys in no order, so that each match is on another page. */
let probe = 0
await measure(
  {
    name: 'match whose page has to be read, 2,048 at a time',
    records: PROBES,
    prepare: () => {},
    async work() {
      for (let i = 0; i < PROBES; i++) {
        cold.take(RIGHT, (Math.imul(probe++, 0x9e3779b1) >>> 0) % records)
        if (i % 2048 === 2047) await cold.window.resolveCold()
      }
      await cold.window.resolveCold()
      cold.dropOutputs()
      cold.commit()
    },
  },
  runs,
)
await last.level.close()
