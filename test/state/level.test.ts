import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, messageOf } from '../../src/errors.ts'
import { type Store, timed } from '../../src/state/level.ts'

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
