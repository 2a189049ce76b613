import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Counts } from '../../src/counts/counts.ts'
import { TaskStores } from '../../src/state/stores.ts'

test('a condemned store is put aside once, is empty when it is opened again, and counts by the reason', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-stores-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const counts = new Counts([])
  const stores = new TaskStores(folder, 1, 1 << 20, counts, { event: () => {} })
  const [key, value] = [Buffer.from('key'), Buffer.from('value')]

  for (const reason of ['damaged', 'asked', 'damaged'] as const) {
    const first = await stores.open(3)
    await first.put(key, value)
    await first.close()
    stores.condemn(3, reason)
    const second = await stores.open(3)
    assert.equal(await second.get(key), undefined)
    await second.put(key, value)
    await second.close()
    assert.ok(existsSync(join(folder, 'window', '3.damaged')))
    const third = await stores.open(3)
    assert.deepEqual(await third.get(key), value)
    await third.close()
  }
  assert.deepEqual([...counts.quarantined].sort(), [
    ['window asked', 1],
    ['window damaged', 2],
  ])
})
