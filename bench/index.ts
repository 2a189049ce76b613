/** The window's index: what a record costs, and that very frequent keys cost the others nothing. */
import { SegmentIndex } from '../src/window/segment-index.ts'
import { printHeader } from './machine.ts'
import { measure, ownFlags } from './micro.ts'
import { readOptions } from './options.ts'
import { describeRuns, showSpread, spreadOf } from './spread.ts'
import { LEFT, NumberedWindow, RIGHT } from './window-keys.ts'

const USAGE = `npm run bench -- index [options]

  --records N     records in the window of each of 3 keys (100000)
  --runs N        runs of each (7)
  --flags "..."   V8 flags`

const HOT_KEYS = 3
const PROBES = 200_000
const ENTRIES = 1_000_000

const options = readOptions(USAGE, { records: 100_000, runs: 7 })
const { runs } = options
const records = HOT_KEYS * options.records

/** Spread over 32 bits, as the hashes of keys are. */
const hashOf = (i: number): number => Math.imul(i, 0x9e3779b1)

async function alone(): Promise<void> {
  const fill = (): SegmentIndex => {
    const index = new SegmentIndex(0, 0)
    for (let i = 0; i < ENTRIES; i++) index.add(LEFT, hashOf(i), i, 20)
    return index
  }
  await measure(
    { name: 'index: entry added', records: ENTRIES, prepare: () => {}, work: () => void fill() },
    runs,
  )
  const full = fill()
  const look = (name: string, first: number) =>
    measure(
      {
        name,
        records: ENTRIES,
        prepare: () => {},
        work() {
          let found = 0
          for (let i = 0; i < ENTRIES; i++) if (full.first(LEFT, hashOf(first + i)) >= 0) found++
          if (found !== (first === 0 ? ENTRIES : 0)) throw new Error(`${found} keys found`)
        },
      },
      runs,
    )
  await look('index: key found', 0)
  await look('index: key not found', ENTRIES)
}

/** A window that is full on its left side. */
function full(keys: number): NumberedWindow {
  const window = new NumberedWindow()
  for (let i = 0; i < records; i++) window.take(LEFT, i % keys)
  return window
}

async function withKeys(
  title: string,
  keys: number,
): Promise<{ inserts: number[]; misses: number[] }> {
  const inserts = await measure(
    {
      name: `${title}: record inserted and probed`,
      records,
      prepare: () => {},
      work: () => void full(keys),
    },
    runs,
  )
  const misses = await measure(
    {
      name: `${title}: record of another key, which matches nothing`,
      records: PROBES,
      prepare: () => full(keys),
      work(window) {
        for (let i = 0; i < PROBES; i++) window.take(RIGHT, records + i)
      },
    },
    runs,
  )
  return { inserts, misses }
}

async function outputs(title: string, keys: number, probes: number): Promise<void> {
  const each = records / keys
  await measure(
    {
      name: `${title}: output written, ${each === 1 ? 'one' : each.toLocaleString('en-US')} per record`,
      records: probes * each,
      prepare: () => full(keys),
      work(window) {
        for (let i = 0; i < probes; i++) window.take(RIGHT, i % keys)
        window.dropOutputs()
        if (window.outputs !== probes * each) throw new Error(`${window.outputs} outputs`)
      },
    },
    runs,
  )
}

printHeader(`Window index, ${records.toLocaleString('en-US')} records in the window`)
console.log(`  CPU time per record, ${describeRuns(runs, ownFlags())}`)
await alone()
const unique = await withKeys('unique keys', records)
const hot = await withKeys(`${HOT_KEYS} keys`, HOT_KEYS)
await outputs('unique keys', records, PROBES)
await outputs(`${HOT_KEYS} keys`, HOT_KEYS, HOT_KEYS)
const ratio = (a: number[], b: number[]): string =>
  showSpread([spreadOf(a).median / spreadOf(b).median])
console.log(
  `  ${HOT_KEYS} keys : unique keys = ${ratio(hot.inserts, unique.inserts)} per record inserted, ${ratio(hot.misses, unique.misses)} per record that matches nothing`,
)
