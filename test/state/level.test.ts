import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openStore } from '../../src/state/level.ts'

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-level-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

test('a store makes the folders above it', async (t) => {
  const folder = join(scratch(t), 'a', 'b', 'c')
  const store = await openStore(folder)
  await store.close()
  assert.ok(existsSync(folder))
})

test('a folder that cannot be made is an error at once, where Node tries for ever', {
  skip: existsSync('/proc/self') ? false : 'needs /proc',
  timeout: 10_000,
}, async () => {
  await assert.rejects(openStore('/proc/nope/dimension/customer'), {
    code: 'STATE_UNWRITABLE',
    message:
      /^Cannot write the state folder \/proc\/nope\/dimension\/customer \(ENOENT: .*mkdir '\/proc\/nope'\); make state\.dir a folder/,
  })
})

test('a file where the state folder has to be is named, and nothing is said of containers', async (t) => {
  const file = join(scratch(t), 'state')
  writeFileSync(file, '')
  for (const folder of [file, join(file, 'dimension', 'customer')]) {
    await assert.rejects(openStore(folder), {
      code: 'STATE_UNWRITABLE',
      message: `The state folder ${folder} cannot be made: ${file} is a file; name a folder in state.dir`,
    })
  }
})
