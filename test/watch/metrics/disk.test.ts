import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { storeSizes } from '../../../src/watch/metrics/disk.ts'

test('the windows’ bytes on disk are one sum, whichever tasks have left their stores there', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  assert.deepEqual(await storeSizes(folder, true), { window: 0 })
  assert.deepEqual(await storeSizes(folder, false), {})
  const stores = ['dimension/customer', 'window/0', 'window/2', 'window/2.damaged']
  for (const [i, store] of stores.entries()) {
    mkdirSync(join(folder, store), { recursive: true })
    writeFileSync(join(folder, store, '000001.ldb'), Buffer.alloc(10 ** i))
  }
  for (const joins of [true, false]) {
    const sizes = await storeSizes(folder, joins)
    assert.deepEqual(sizes, { 'dimension/customer': 1, window: 1110 })
  }
})
