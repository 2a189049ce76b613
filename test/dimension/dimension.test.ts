/** A dimension that is started again: what it takes from its store, and when it reads its topic from the head. */
import assert from 'node:assert/strict'
import { readdir, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStore } from '../../src/state/level.ts'
import { caughtUp, FakeTopic, inTurn, startOn } from './fake-topic.ts'
import { rowsOf } from './rows-of.ts'
import { temporaryFolder } from './temporary-folder.ts'

const DAY = 86_400_000

interface Topic {
  readonly records: readonly [string, string | null][]
  readonly head?: number
  readonly partitions?: number
  readonly layout?: string
  readonly laterMs?: number
  readonly id?: string
}

/** Starts a dimension on the topic, waits until it has all of it, closes it; tells the rows and where it began. */
async function runDimension(
  folder: string,
  { records, head = 0, partitions = 1, layout = 'layout', id = 'first' }: Topic,
) {
  const topic = new FakeTopic(partitions)
  topic.id = id
  topic.head = head
  for (let offset = 0; offset < head; offset++) topic.write(0, 'gone', 'row', 0)
  for (const [key, value] of records) topic.write(0, key, value, 0)
  const running = await startOn(topic, folder, inTurn, { layout })
  await caughtUp(running, topic)
  const { dimension } = running
  await dimension.close()
  const end = head + records.length
  return { rows: rowsOf(dimension.table), began: end - dimension.read.records }
}

const first: Topic['records'] = [
  ['ada', '1'],
  ['bob', '2'],
  ['ada', '3'],
]
const more: Topic['records'] = [...first, ['bob', null], ['cyd', '4'], ['nobody', null]]
const whole = new Map(Object.entries({ ada: '3', cyd: '4' }))

test('a restarted dimension reads the tail only, and tombstones in it delete stored rows', async (t) => {
  const folder = await temporaryFolder(t)
  assert.equal((await runDimension(folder, { records: first })).began, 0)
  assert.deepEqual(await runDimension(folder, { records: more }), { rows: whole, began: 3 })
  assert.deepEqual(await runDimension(folder, { records: more }), { rows: whole, began: 6 })
})

for (const [why, topic] of [
  ['has another layout', { records: more, layout: 'another' }],
  ['was written for another number of partitions', { records: more, partitions: 2 }],
  ['ends before the head of the topic', { records: more, head: 4 }],
  ['is older than the topic keeps its tombstones', { records: more, laterMs: DAY }],
  ['is of a topic that was made anew', { records: more, id: 'second' }],
  ['is ahead of the end of the topic', { records: more.slice(-2) }],
] as [string, Topic][]) {
  test(`a store that ${why} is rebuilt from the head`, async (t) => {
    const folder = await temporaryFolder(t)
    await runDimension(folder, { records: [['stale', 'row'], ...first.slice(1)] })
    const { head = 0, records, laterMs = 0 } = topic
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + laterMs })
    const rebuilt = await runDimension(folder, topic)
    const alive = [...new Map(records)].filter(([, v]) => v !== null)
    assert.deepEqual(rebuilt, { rows: new Map(alive), began: head })
    assert.deepEqual(await runDimension(folder, topic), {
      rows: rebuilt.rows,
      began: head + records.length,
    })
  })
}

const damages: Record<string, (folder: string) => Promise<void>> = {
  async 'a byte has changed'(folder) {
    const store = await openStore(folder)
    const [[key, page]] = await store.iterator({ limit: 1 }).all()
    page[page.length >> 1] ^= 1
    await store.put(key, page)
    await store.close()
  },
  async 'a file is too short'(folder) {
    // Moves what it holds from its log to tables.
    await (await openStore(folder)).close()
    const tables = (await readdir(folder)).filter((file) => file.endsWith('.ldb'))
    assert.ok(tables.length > 0)
    for (const table of tables) await truncate(join(folder, table), 10)
  },
}
for (const [what, damage] of Object.entries(damages)) {
  test(`a store of which ${what} is rebuilt, and nothing of it stays`, async (t) => {
    const folder = await temporaryFolder(t)
    await runDimension(folder, { records: [['stale', 'row'], ...first.slice(1)] })
    await damage(folder)
    assert.deepEqual(await runDimension(folder, { records: more }), { rows: whole, began: 0 })
  })
}
