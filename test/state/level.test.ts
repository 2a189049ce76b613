import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { codeOf, messageOf } from '../../src/errors.ts'
import { openStore, type Store, timed } from '../../src/state/level.ts'

function failing(message: string): Store {
  const fail = () => Promise.reject(Object.assign(new Error(message), { code: 'LEVEL_IO_ERROR' }))
  return {
    location: '/state/window/2',
    batch: fail,
    getMany: fail,
    clear: fail,
  } as unknown as Store
}

test('a write that finds no room says so, and what to do; any other fault is as it was', async () => {
  const times: string[] = []
  const write = (message: string): Promise<unknown> =>
    timed(failing(message), (op) => times.push(op)).batch([])
  const full = 'IO error: /state/window/2/000006.log: No space left on device'
  await assert.rejects(write(full), (error) => {
    assert.equal(codeOf(error), 'STATE_FULL')
    assert.match(messageOf(error), /\/state\/window\/2 \(IO error.* larger volume/)
    return true
  })
  const other = 'IO error: /state/window/2/000006.log: Input/output error'
  await assert.rejects(write(other), { code: 'LEVEL_IO_ERROR', message: other })
  assert.deepEqual(times, ['write', 'write'])
})

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
