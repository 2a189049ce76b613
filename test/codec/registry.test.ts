/** What the registry's answers, and none, are taken for. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Registry } from '../../src/codec/registry/registry.ts'
import { WriterSchemas } from '../../src/codec/registry/writer-schemas.ts'
import type { RegistryConfig } from '../../src/config/pipeline.ts'
import { codeOf } from '../../src/errors.ts'
import { createCertificates } from '../support/certificates.ts'
import { REGISTRY } from '../support/registry-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-registry-'))
createCertificates(folder, 'key-secret')
after(() => rmSync(folder, { recursive: true }))
const pem = (name: string): string => readFileSync(join(folder, name), 'utf8')

type Reply = [status: number, body: object | string, headers?: Record<string, string>]

const LONG = '"long"'
const NOT_THERE: Reply = [404, { error_code: 40403, message: 'Schema 7 not found' }]
const SCHEMA: Reply = [200, { id: 7, schema: LONG }]

/** @param reply to `METHOD path`, the request's number from 0, and its body */
async function serving(
  t: TestContext,
  reply: (request: string, n: number, body: string) => Reply | undefined,
  tls?: ServerOptions,
) {
  const requests: string[] = []
  const answer: RequestListener = async (request, response) => {
    const name = `${request.method} ${request.url}`
    const n = requests.push(name) - 1
    let sent = ''
    for await (const part of request) sent += part
    const replied = reply(name, n, sent)
    if (replied === undefined) return
    const [status, body, headers] = replied
    const type = typeof body === 'string' ? 'text/html; charset=utf-8' : 'application/json'
    response.writeHead(status, { 'content-type': type, ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
  const server: Server = tls ? createTlsServer(tls, answer) : createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, requests }
}

function registryOf(t: TestContext, config: Partial<RegistryConfig> & { url: string }) {
  const events: string[] = []
  const registry = new Registry({ ...REGISTRY, ...config }, {
    event: (name: string) => events.push(name),
  } as never)
  t.after(() => registry.close())
  return { registry, events }
}

test('a registry that is behind is asked again before a record is rejected', async (t) => {
  const { url, requests } = await serving(t, (_, n) => (n < 4 ? NOT_THERE : SCHEMA))
  const schemas = new WriterSchemas(registryOf(t, { url }).registry)
  assert.deepEqual(await schemas.load(7, 'The schema 7'), { schema: 'long' })
  assert.equal(requests.length, 5)
  assert.equal(schemas.fault(7), undefined)
})

test('three ids that nobody has are waited for, and the others of a topic of garbage are not', async (t) => {
  let now = performance.now()
  t.mock.method(performance, 'now', () => now)
  const registry = {
    url: 'http://registry',
    byId: (_: number, ms: number) => waited.push(ms) && undefined,
  }
  const waited: number[] = []
  const schemas = new WriterSchemas(registry as unknown as Registry)
  for (let id = 0; id < 50; id++) await schemas.load(id, '')
  assert.deepEqual(waited.slice(0, 5), [5000, 5000, 5000, 0, 0])
  assert.match(schemas.fault(3)!, /registry http:\/\/registry has no schema with the id 3$/)
  now += 60_000
  await schemas.load(50, '')
  await schemas.load(51, '')
  assert.deepEqual(waited.slice(-2), [5000, 0])
})

test('of a subject without versions nothing is compatible: the first one is new, whatever the registry says', async (t) => {
  // Apicurio 3.0.9.
  const missing: Reply = [404, { error_code: 40401, message: 'Subject not found' }]
  const { url } = await serving(t, (request) =>
    request.includes('/compatibility/') ? [200, { is_compatible: true }] : missing,
  )
  const { registry } = registryOf(t, { url })
  assert.deepEqual(await registry.compare('X-value', '"long"'), {
    state: 'new',
    subject: 'X-value',
  })
})

test('where the compatibility may not be asked for, or there is no such path, a schema is compared without it', async (t) => {
  for (const config of [
    [403, { error_code: 40301, message: 'Forbidden' }],
    [404, { error_code: 40408, message: 'No such subject' }],
    [404, 'no such page'],
  ] as Reply[]) {
    const { url } = await serving(t, (request) => {
      if (request.includes('/config')) return config
      if (request.includes('/compatibility/')) return [200, { is_compatible: true }]
      return request.includes('/latest') ? SCHEMA : [404, { error_code: 40401, message: 'None' }]
    })
    const { registry } = registryOf(t, { url })
    const verdict = { level: null, changes: [], reason: '' }
    assert.deepEqual(await registry.compare('X-value', '"int"'), {
      state: 'compatible',
      subject: 'X-value',
      ...verdict,
    })
  }
})

test('an empty object is no answer, and waited out', async (t) => {
  const { url, requests } = await serving(t, (_, n) => (n < 2 ? [200, {}] : SCHEMA))
  const { registry } = registryOf(t, { url })
  assert.equal(await registry.byId(7), 'long')
  assert.equal(requests.length, 3)
})

test('a page of an ingress without a backend, and a path that is no registry’s, are an outage and no verdict', async (t) => {
  const replies: Reply[] = [
    [404, '<html>default backend - 404</html>'],
    [404, { error_code: 404, message: 'HTTP 404 Not Found' }],
    [404, { status: 404, error: 'Not Found' }],
    [200, '<html>Sign in</html>'],
  ]
  const { url, requests } = await serving(t, (_, n) => replies[n] ?? SCHEMA)
  const { registry, events } = registryOf(t, { url })
  assert.equal(await registry.byId(7), 'long')
  assert.equal(requests.length, replies.length + 1)
  assert.deepEqual(events, ['registry_failing', 'registry_works'])
  assert.deepEqual(registry.requests, { ok: 1, refused: 0, failed: 4 })
})

test('what answers and is no registry is told apart from what does not answer', async (t) => {
  const said = async (url: string): Promise<string> => {
    const { registry } = registryOf(t, { url })
    let message = ''
    await assert.rejects(
      registry.withPatience(0, () => registry.byId(7)),
      (error: Error) => {
        message = error.message.replace(url, 'URL')
        return codeOf(error) === 'REGISTRY_UNAVAILABLE'
      },
    )
    return message
  }
  const { url } = await serving(t, () => [404, '<html>Not found</html>'])
  assert.equal(
    await said(url),
    "The schema registry URL does answer, but not as a schema registry (404 with text/html, which is no answer of a schema registry); set registry.url to where its API is: Confluent's at the root, Apicurio's at /apis/ccompat/v7",
  )
  const away = await serving(t, () => [503, '<html>Unavailable</html>'])
  assert.match(await said(away.url), /URL does not answer \(503 with text\/html/)
})

test('who may only read finds the schema that somebody else has registered', async (t) => {
  const { url, requests } = await serving(t, (request, _, body) =>
    request === 'POST /subjects/out-value' && JSON.parse(body).schema === LONG
      ? SCHEMA
      : [403, { error_code: 40301, message: 'User is denied operation Write' }],
  )
  const { registry } = registryOf(t, { url })
  assert.equal(await registry.register('out-value', LONG), 7)
  assert.deepEqual(requests, ['POST /subjects/out-value'])
})

test('a schema that is not there, and may not be registered, ends with what to do, at once', async (t) => {
  const refusals: Reply[] = [
    [403, { error_code: 40301, message: 'User is denied operation Write' }],
    [422, { error_code: 42205, message: 'Subject is in read-only mode' }],
  ]
  for (const refusal of refusals) {
    const { url, requests } = await serving(t, (request) =>
      request.endsWith('/versions') ? refusal : NOT_THERE,
    )
    const { registry, events } = registryOf(t, { url })
    await assert.rejects(registry.register('out-value', LONG), {
      code: 'REGISTRY_READ_ONLY',
      message:
        /^The registry .* lets us register nothing under out-value \(4.. .*\), and .*output-schema/,
    })
    assert.equal(requests.length, 2)
    assert.deepEqual(events, [])
  }
})

test('who may register, and not look at what is there, registers', async (t) => {
  const { url, requests } = await serving(t, (request) =>
    request.endsWith('/versions')
      ? SCHEMA
      : [403, { error_code: 40301, message: 'No right to read' }],
  )
  const { registry } = registryOf(t, { url })
  assert.equal(await registry.register('out-value', LONG), 7)
  assert.equal(requests.length, 2)
})

test('a schema that the registry finds wrong at the look-up is a refusal with its subject', async (t) => {
  const { url } = await serving(t, () => [422, { error_code: 42201, message: 'Invalid schema' }])
  const { registry } = registryOf(t, { url })
  await assert.rejects(registry.register('out-value', LONG), {
    code: 'SCHEMA_INVALID',
    message: /refuses the output's schema for out-value \(422 Invalid schema\)/,
  })
})

test('an id that may not be read is a verdict, unless what could be read before may not be, either', async (t) => {
  const denied: Reply = [403, { error_code: 40301, message: 'No right to read other-value' }]
  let isOpen = true
  const { url } = await serving(t, (request) =>
    isOpen && !request.endsWith('/100') ? SCHEMA : denied,
  )
  const { registry } = registryOf(t, { url })
  assert.equal(await registry.byId(7), 'long')
  await assert.rejects(registry.byId(100), { message: '403 No right to read other-value' })
  assert.equal(await registry.byId(8), 'long')
  isOpen = false
  let isOver = false
  const waiting = registry.byId(9).then((schema) => {
    isOver = true
    return schema
  })
  await sleep(300)
  assert.ok(!isOver)
  isOpen = true
  assert.equal(await waiting, 'long')
})

test('a request that is not answered ends, whatever the garbage collector does meanwhile', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { url } = await serving(t, () => undefined)
  const { registry } = registryOf(t, { url })
  const timer = setInterval(collect, 200)
  t.after(() => clearInterval(timer))
  const begun = performance.now()
  await assert.rejects(
    registry.withPatience(1, () => registry.byId(7)),
    {
      code: 'REGISTRY_UNAVAILABLE',
      message: /no answer within 5 s/,
    },
  )
  assert.ok(performance.now() - begun < 20_000)
})

test('a redirection is not followed, and says which address to set', async (t) => {
  const { url } = await serving(t, () => [
    301,
    {},
    { location: 'https://registry.example/subjects' },
  ])
  const { registry } = registryOf(t, { url })
  await assert.rejects(
    registry.withPatience(5000, () => registry.byId(7)),
    {
      code: 'REGISTRY_UNAVAILABLE',
      message:
        /sends us elsewhere \(301, to https:\/\/registry\.example\/subjects\); set registry\.url/,
    },
  )
})

test('a start that the registry refuses the user of ends at once, and says whom it refuses', async (t) => {
  const denied: Reply = [401, { error_code: 401, message: 'Unauthorized' }]
  const { url, requests } = await serving(t, () => denied)
  const said = async (config: Partial<RegistryConfig>): Promise<string> => {
    const { registry } = registryOf(t, { url, ...config })
    return registry
      .withPatience(60_000, () => registry.byId(7))
      .then(String, (error) => error.message)
  }
  assert.match(
    await said({ username: 'ann', password: 'x' }),
    /refuses the user ann \(401 Unauthorized\); check registry\.username, registry\.password/,
  )
  assert.match(await said({}), /refuses us, who name no user/)
  assert.equal(requests.length, 2)
})

test('a service that runs waits until its user is let in again', async (t) => {
  const denied: Reply = [401, { error_code: 401, message: 'Unauthorized' }]
  const hasty: Reply = [429, { error_code: 42901, message: 'Too many requests' }]
  const { url } = await serving(t, (_, n) => [denied, hasty][n] ?? SCHEMA)
  const { registry, events } = registryOf(t, { url })
  assert.equal(await registry.byId(7), 'long')
  assert.deepEqual(events, ['registry_failing', 'registry_works'])
})

test('a registry with a certificate of one’s own authority is asked, and one that wants a certificate gets it', async (t) => {
  const server = { key: pem('broker.key'), cert: pem('broker.pem') }
  const open = await serving(t, () => SCHEMA, server)
  const mutual = await serving(t, () => SCHEMA, {
    ...server,
    ca: pem('ca.pem'),
    requestCert: true,
    rejectUnauthorized: true,
  })
  const ca = { ca: pem('ca.pem'), rejectUnauthorized: true }
  const client = { cert: pem('client.pem'), key: pem('locked.key'), passphrase: 'key-secret' }
  const ask = async (url: string, tls: RegistryConfig['tls']): Promise<string> => {
    const { registry } = registryOf(t, { url, tls })
    return registry.withPatience(0, () => registry.byId(7)).then(String, (error) => error.message)
  }
  assert.equal(await ask(open.url, ca), 'long')
  assert.equal(await ask(open.url, { rejectUnauthorized: false }), 'long')
  assert.match(await ask(open.url, null), /is not trusted .*; set registry\.tls\.ca/)
  assert.match(
    await ask(open.url.replace('127.0.0.1', 'localhost'), ca),
    /does not fit .*; name the host in registry\.url/,
  )
  assert.equal(await ask(mutual.url, { ...ca, ...client }), 'long')
  assert.match(await ask(mutual.url, ca), /asks for our certificate .*; set registry\.tls\.cert/)
  const other = { cert: pem('other-client.pem'), key: pem('other-client.key') }
  // The alert may come after the end of the connection.
  const refused = await ask(mutual.url, { ...ca, ...other })
  assert.match(refused, /refuses our certificate|does not answer .*registry\.tls\.cert/)
  assert.match(
    await ask(mutual.url, { ...ca, ...client, key: other.key }),
    /cannot be asked with the certificates of registry\.tls/,
  )
})
