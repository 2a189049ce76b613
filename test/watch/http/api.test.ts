import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv } from 'ajv'
import { createApp } from '../../../src/watch/http/http.ts'
import { admin, parts, queries, views } from '../parts.ts'

const TOKEN = 'a token of some length'
const bearer = { authorization: `Bearer ${TOKEN}` }

interface Operation {
  readonly operationId?: string
  readonly responses: Record<string, { content?: Record<string, { schema: object }> }>
  readonly security?: readonly object[]
}
type Paths = Record<string, Record<string, Operation>>

async function openapi(
  token: string | null,
  readToken: string | null = null,
): Promise<{ paths: Paths }> {
  const app = await createApp(parts({ token, readToken }))
  return (await app.inject('/openapi.json')).json()
}

test('the OpenAPI document is valid, whoever may see records', async () => {
  for (const readToken of [null, 'a token', 'off']) {
    const result = await new Validator().validate(await openapi(TOKEN, readToken))
    assert.deepEqual(result.errors ?? [], [])
    assert.ok(result.valid)
  }
})

test('every operation has a name of its own, for clients that are made from the document', async () => {
  const { paths } = await openapi(TOKEN)
  const names = Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .map(({ operationId = '' }) => operationId)
  assert.deepEqual(
    names.filter((name) => !/^[a-z]+[A-Za-z]*$/.test(name)),
    [],
  )
  assert.equal(new Set(names).size, names.length)
})

test('the OpenAPI document has every path, and says which need the token', async () => {
  const { paths } = await openapi(TOKEN)
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => {
      return `${method.toUpperCase()} ${path}${security === undefined ? '' : ' (token)'}`
    }),
  )
  assert.deepEqual(operations.sort(), [
    'GET /',
    'GET /admin/loggers (token)',
    'GET /docs',
    'GET /healthz',
    'GET /livez',
    'GET /metrics',
    'GET /readyz',
    'GET /runbook',
    'GET /startupz',
    'GET /v1/config',
    'GET /v1/dimensions',
    'GET /v1/group',
    'GET /v1/history',
    'GET /v1/lag',
    'GET /v1/members',
    'GET /v1/rejects',
    'GET /v1/status',
    'GET /v1/stores/dimensions/{name}/rows/{key}',
    'GET /v1/stores/window/{side}/{key}',
    'GET /v1/summary',
    'GET /v1/tasks',
    'GET /v1/topology',
    'POST /admin/drain (token)',
    'POST /admin/pause (token)',
    'POST /admin/resume (token)',
    'POST /admin/stores/{name}/rebuild (token)',
    'PUT /admin/loggers/{name} (token)',
  ])
})

test('each view is answered whole', async () => {
  const app = await createApp(parts())
  for (const view of [
    'summary',
    'group',
    'history',
    'topology',
    'tasks',
    'lag',
    'dimensions',
    'config',
    'members',
    'rejects',
  ] as const) {
    const answer = await app.inject(`/v1/${view}`)
    assert.equal(answer.statusCode, 200)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.deepEqual(answer.json(), JSON.parse(JSON.stringify(await views[view](true))))
  }
  const access = { records: 'all', shown: true, acts: false }
  assert.deepEqual((await app.inject('/v1/status')).json(), {
    ...(await views.status(true)),
    access,
  })
})

test('what is answered is what the OpenAPI document says', async () => {
  const app = await createApp(parts())
  const { paths } = await openapi(null)
  const asked = {
    '/readyz': '/readyz',
    '/v1/status': '/v1/status',
    '/v1/stores/dimensions/{name}/rows/{key}': '/v1/stores/dimensions/customer/rows/a%2Fb',
    '/v1/stores/window/{side}/{key}': '/v1/stores/window/left/7',
  }
  for (const [path, url] of Object.entries(asked)) {
    const schema = paths[path].get.responses[200].content!['application/json'].schema
    const validate = new Ajv({ strict: false }).compile(schema)
    assert.ok(
      validate((await app.inject(url)).json()),
      `${path}: ${JSON.stringify(validate.errors)}`,
    )
  }
})

test('a row is found by its key, also where that has a slash; an absent one is 404', async () => {
  const app = await createApp(parts())
  const answer = await app.inject('/v1/stores/dimensions/customer/rows/a%2Fb')
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(answer.json(), queries.row('customer', 'a/b'))
  const absent = await app.inject('/v1/stores/dimensions/customer/rows/c')
  assert.equal(absent.statusCode, 404)
  assert.match(absent.json().error, /no row c/)
})

test('a dimension that is being read answers 503 and says when to ask again', async () => {
  const app = await createApp(parts())
  const answer = await app.inject('/v1/stores/dimensions/product/rows/1')
  assert.equal(answer.statusCode, 503)
  assert.equal(answer.headers['retry-after'], '2')
})

test('a key whose task is elsewhere is redirected once, with its partition', async () => {
  const app = await createApp(parts())
  const here = await app.inject('/v1/stores/window/right/o%201')
  assert.equal(here.statusCode, 200)
  assert.deepEqual(here.json(), await queries.window('right', 'o 1'))
  const there = await app.inject('/v1/stores/window/right/o%201?partition=1')
  assert.equal(there.statusCode, 307)
  const path = '/v1/stores/window/right/o%201?local=true&partition=1'
  assert.equal(there.headers.location, `http://other:8080${path}`)
  const local = await app.inject('/v1/stores/window/right/o%201?partition=1&local=true')
  assert.equal(local.statusCode, 421)
  assert.match(local.json().error, /other:8080/)
})

test('a side or partition that cannot be is refused with a sentence', async () => {
  const app = await createApp(parts())
  for (const url of ['/v1/stores/window/up/1', '/v1/stores/window/left/1?partition=-1']) {
    const answer = await app.inject(url)
    assert.equal(answer.statusCode, 400)
    assert.ok(answer.json().error.length > 10)
  }
})

test('whatever is asked in vain is answered with a sentence', async () => {
  const app = await createApp(parts({ token: TOKEN }))
  const asked: [string, number, RegExp][] = [
    ['/v1/nothing', 404, /no GET \/v1\/nothing; see \/openapi\.json/],
    ['/v1/stores/window/up/1', 400, /left, right/],
    ['/v1/stores/dimensions/customer/rows/%ZZ', 400, /%ZZ/],
    [`/v1/stores/dimensions/customer/rows/${'x'.repeat(5000)}`, 414, /length/],
  ]
  for (const [url, status, error] of asked) {
    const answer = await app.inject(url)
    assert.equal(answer.statusCode, status, url)
    assert.deepEqual(Object.keys(answer.json()), ['error'])
    assert.match(answer.json().error, error)
  }
  const head = await app.inject({ method: 'HEAD', url: '/v1/status' })
  assert.deepEqual([head.statusCode, head.body], [200, ''])
})

test('an admin request’s body is JSON or nothing, whatever the client calls it', async () => {
  const done: string[] = []
  const app = await createApp(parts({ token: TOKEN, admin: admin(done) }))
  for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain']) {
    const headers = { ...bearer, 'content-type': type }
    const paused = await app.inject({ method: 'POST', url: '/admin/pause', headers })
    assert.equal(paused.statusCode, 200, type)
    const put = (payload: string) =>
      app.inject({ method: 'PUT', url: '/admin/loggers/root', headers, payload })
    assert.deepEqual((await put('{"level":"warn"}')).json(), { level: 'warn' }, type)
    for (const bad of ['', '{', '[]', '{}', '{"level":"loud"}']) {
      const refused = await put(bad)
      assert.equal(refused.statusCode, 400, bad)
      assert.ok(refused.json().error.length > 10)
    }
  }
  assert.deepEqual(done, ['pause', 'pause', 'pause'])
})

test('without a token in the pipeline file there is nothing to tell the instance', async () => {
  const done: string[] = []
  const app = await createApp(parts({ admin: admin(done) }))
  const answer = await app.inject({ method: 'POST', url: '/admin/pause', headers: bearer })
  assert.equal(answer.statusCode, 404)
  assert.match(answer.json().error, /http\.token is not set/)
  assert.deepEqual(done, [])
})

test('no token, a wrong one, or one that only begins well is refused', async () => {
  const done: string[] = []
  const app = await createApp(parts({ token: TOKEN, admin: admin(done) }))
  const wrong = [
    undefined,
    'Bearer',
    'Bearer no',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    `Basic ${TOKEN}`,
  ]
  const routes = [
    ['POST', '/admin/pause'],
    ['POST', '/admin/drain'],
    ['POST', '/admin/stores/customer/rebuild'],
    ['PUT', '/admin/loggers/root'],
    ['GET', '/admin/loggers'],
  ] as const
  for (const [method, url] of routes) {
    for (const authorization of wrong) {
      const headers = authorization === undefined ? {} : { authorization }
      const answer = await app.inject({ method, url, headers })
      assert.equal(answer.statusCode, 401, `${method} ${url} ${authorization}`)
      assert.equal(answer.headers['www-authenticate'], 'Bearer')
    }
  }
  assert.deepEqual(done, [])
})

test('with the token each request does its work, once', async () => {
  const done: string[] = []
  const app = await createApp(parts({ token: TOKEN, admin: admin(done) }))
  const post = async (url: string): Promise<number> =>
    (await app.inject({ method: 'POST', url, headers: bearer })).statusCode
  assert.equal(await post('/admin/pause'), 200)
  assert.equal(await post('/admin/resume'), 200)
  assert.equal(await post('/admin/stores/window-3/rebuild'), 202)
  assert.equal(await post('/admin/drain'), 202)
  assert.deepEqual(done, ['pause', 'resume', 'rebuild window-3', 'drain'])
})

test('a logger’s level is set as Kafka Connect has it', async () => {
  const app = await createApp(parts({ token: TOKEN }))
  const put = (name: string, payload: object) =>
    app.inject({ method: 'PUT', url: `/admin/loggers/${name}`, headers: bearer, payload })
  assert.deepEqual((await put('root', { level: 'debug' })).json(), { level: 'debug' })
  assert.equal((await put('root', { level: 'loud' })).statusCode, 400)
  assert.equal((await put('other', { level: 'debug' })).statusCode, 404)
  const all = await app.inject({ url: '/admin/loggers', headers: bearer })
  assert.deepEqual(all.json(), { root: { level: 'debug' } })
})

test('the page and its files ask nobody else, and its policy lets only its own server’s scripts run', async () => {
  const app = await createApp(parts())
  const { body, headers } = await app.inject('/')
  assert.match(headers['content-type'] as string, /^text\/html/)
  const policy = headers['content-security-policy'] as string
  assert.match(policy, /default-src 'none'.*script-src 'self'/)
  assert.doesNotMatch(policy, /unsafe|\*/)
  assert.match(body, /<html lang="en">/)
  const files = [...body.matchAll(/(?:src|href)="(\/page\/[^"]+)"/g)].map(([, file]) => file)
  const all = [body]
  for (let file = files.pop(); file !== undefined; file = files.pop()) {
    const answer = await app.inject(file)
    assert.equal(answer.statusCode, 200, file)
    const type = file.endsWith('.css') ? /^text\/css/ : /^text\/javascript/
    assert.match(answer.headers['content-type'] as string, type)
    all.push(answer.body)
    for (const [, name] of answer.body.matchAll(/from '\.\/([a-z]+\.js)'/g)) {
      if (file === '/page/main.js') files.push(`/page/${name}`)
    }
  }
  for (const text of all) {
    assert.doesNotMatch(text, /(src|href)="(https?:)?\/\/|url\(|@import/)
    assert.doesNotMatch(text, /\sstyle="|\son[a-z]+="|innerHTML|eval\(/)
  }
})
