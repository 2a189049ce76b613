import assert from 'node:assert/strict'
import { mock, type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { OauthTokens, TokenError } from '../../src/broker/oauth-tokens.ts'
import type { OauthSasl } from '../../src/config/pipeline.ts'
import { freePort } from '../support/kafka.ts'
import { CLIENT, startTokenServer, type TokenServer } from '../support/token-server.ts'

async function withTokens(
  t: TestContext,
  more: Partial<OauthSasl> = {},
): Promise<{ server: TokenServer; tokens: OauthTokens }> {
  const server = await startTokenServer()
  const tokens = new OauthTokens({
    mechanism: 'oauthbearer',
    tokenEndpoint: server.url,
    tokenEndpointCa: null,
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    scope: null,
    ...more,
  })
  t.after(async () => {
    tokens.close()
    await server.stop()
  })
  return { server, tokens }
}

/** Waits for what mocked clocks do not stop. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let turns = 0; !(await isSo()); turns++) {
    assert.ok(turns < 100_000)
    await turn()
  }
}

test('a token is asked for with the client’s credentials, whatever characters they have, and its scope', async (t) => {
  const { server, tokens } = await withTokens(t, { scope: 'read write' })
  const [, claims] = (await tokens.value()).split('.')
  assert.equal(JSON.parse(Buffer.from(claims, 'base64url').toString()).sub, CLIENT.id)
  const form = Object.fromEntries(server.asked[0])
  assert.deepEqual(form, { grant_type: 'client_credentials', scope: 'read write' })
})

test('all connections have one token, until it is soon over', async (t) => {
  let now = 1000
  const clock = mock.method(performance, 'now', () => now)
  t.after(() => clock.mock.restore())
  const { server, tokens } = await withTokens(t)
  const values = await Promise.all(Array.from({ length: 10 }, () => tokens.value()))
  assert.equal(new Set([...values, await tokens.value()]).size, 1)
  assert.equal(server.asked.length, 1)
  now += 3600_000 - 16_000
  await tokens.value()
  assert.equal(server.asked.length, 1)
  now += 2000
  await tokens.value()
  assert.equal(server.asked.length, 2)
})

test('a token without a time, or of a short life, is for one connection', async (t) => {
  const { server, tokens } = await withTokens(t)
  server.life = 15
  await tokens.value()
  server.failing = { status: 200, body: '{"access_token":"t"}' }
  assert.equal(await tokens.value(), 't')
  await tokens.value()
  assert.equal(server.asked.length, 3)
})

test('a token is renewed before it is over, also where the endpoint is away for a while', async (t) => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: Date.now() })
  t.after(() => mock.timers.reset())
  const { server, tokens } = await withTokens(t)
  const first = await tokens.value()
  server.failing = { status: 503, body: '' }
  mock.timers.tick(2880_000)
  await until(() => server.asked.length === 2)
  assert.equal(await tokens.value(), first)
  server.failing = undefined
  // The failure may not have arrived yet, which sets the next attempt.
  await until(() => {
    mock.timers.tick(100)
    return server.asked.length === 3
  })
  await until(async () => (await tokens.value()) !== first)
  assert.equal(server.asked.length, 3)
})

const failures: Record<string, [{ status: number; body: string }, boolean, RegExp]> = {
  'an unknown client': [
    { status: 401, body: '{"error":"invalid_client"}' },
    false,
    /^The token endpoint http:\S+ refuses the client stream enricher \(401 invalid_client\); check kafka\.sasl\.clientId, kafka\.sasl\.clientSecret/,
  ],
  'an endpoint that is not there': [
    { status: 404, body: '<html>' },
    false,
    /answers with something else than a token \(404\); check kafka\.sasl\.tokenEndpoint$/,
  ],
  'a page in place of a token': [
    { status: 200, body: 'null' },
    false,
    /answers with something else than a token \(200\)/,
  ],
  'an endpoint that is overloaded': [
    { status: 503, body: '' },
    true,
    /gives no token now \(503\)$/,
  ],
}

for (const [what, [failing, retriable, sentence]] of Object.entries(failures)) {
  test(`${what} is an error that names the endpoint and ${retriable ? 'may' : 'will not'} pass`, async (t) => {
    const { server, tokens } = await withTokens(t)
    server.failing = failing
    await assert.rejects(tokens.value(), (error) => {
      assert.ok(error instanceof TokenError)
      assert.match(error.message, sentence)
      assert.doesNotMatch(error.message, /client\/secret/)
      assert.equal(error.retriable, retriable)
      return true
    })
    server.failing = undefined
    assert.ok(await tokens.value(), 'asked again')
  })
}

test('an endpoint that does not answer is an error that may pass', async (t) => {
  const tokenEndpoint = `http://127.0.0.1:${await freePort()}/token`
  const { tokens } = await withTokens(t, { tokenEndpoint })
  await assert.rejects(tokens.value(), {
    message: new RegExp(`^The token endpoint ${tokenEndpoint} does not answer \\(.*ECONNREFUSED`),
    retriable: true,
  })
})
