/** Who sees keys and contents of records: `http.readToken`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp } from '../../../src/watch/http/http.ts'
import { parts } from '../parts.ts'

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const GUARDED = [
  '/v1/rejects',
  '/v1/stores/dimensions/customer/rows/a%2Fb',
  '/v1/stores/window/left/7',
]
const OPEN = ['/livez', '/readyz', '/metrics', '/', '/docs', '/runbook', '/openapi.json']
const STATE = ['status', 'summary', 'group', 'history', 'topology', 'tasks', 'lag', 'dimensions']

test('with http.readToken records are for who has it, or the token that may do more', async () => {
  const app = await createApp(parts({ token: 'may-all', readToken: 'may-read' }))
  for (const url of GUARDED) {
    const status = async (headers = {}) => (await app.inject({ url, headers })).statusCode
    assert.equal(await status(), 401, url)
    assert.equal(await status(bearer('guess')), 401, url)
    assert.equal(await status(bearer('may-read')), 200, url)
    assert.equal(await status(bearer('may-all')), 200, url)
    const { headers, body } = await app.inject(url)
    assert.equal(headers['www-authenticate'], 'Bearer')
    assert.match(body, /http\.readToken/)
  }
  const post = { method: 'POST', url: '/admin/pause' } as const
  const acts = await app.inject({ ...post, headers: bearer('may-read') })
  assert.equal(acts.statusCode, 401, 'Who may read may do nothing')
})

test('with http.readToken: off records are shown to nobody, whatever token comes', async () => {
  const app = await createApp(parts({ token: 'may-all', readToken: 'off' }))
  for (const url of GUARDED) {
    for (const headers of [{}, bearer('may-all'), bearer('off')]) {
      assert.equal((await app.inject({ url, headers })).statusCode, 403, url)
    }
  }
})

test('health, metrics, state and pages are open whatever http.readToken says', async () => {
  for (const readToken of ['may-read', 'off']) {
    const app = await createApp(parts({ readToken }))
    for (const url of [...OPEN, ...STATE.map((view) => `/v1/${view}`)]) {
      assert.equal((await app.inject(url)).statusCode, 200, url)
    }
  }
})

test('status and dimensions have keys and contents only for who may see them, and say so', async () => {
  const shown = async (readToken: string | null, headers = {}) => {
    const app = await createApp(parts({ token: 'may-all', readToken }))
    const { records, access } = (await app.inject({ url: '/v1/status', headers })).json()
    const [dimension] = (await app.inject({ url: '/v1/dimensions', headers })).json()
    assert.equal(dimension.records, records)
    assert.equal(access.shown, records)
    return [access.records, records]
  }
  assert.deepEqual(await shown(null), ['all', true])
  assert.deepEqual(await shown('may-read'), ['token', false])
  assert.deepEqual(await shown('may-read', bearer('guess')), ['token', false])
  assert.deepEqual(await shown('may-read', bearer('may-read')), ['token', true])
  assert.deepEqual(await shown('may-read', bearer('may-all')), ['token', true])
  assert.deepEqual(await shown('off', bearer('may-all')), ['nobody', false])
})
