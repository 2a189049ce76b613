/** Brokers that ask who we are: the service end to end, what a start says where it is refused, and init. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningRegistry, startRegistry } from '../../support/registry.ts'
import { scrape } from '../../support/scrape.ts'
import { PASSWORDS, SCOPE, type SecureKafka, startSecureKafka } from '../../support/secure-kafka.ts'
import { CLIENT, startTokenServer, type TokenServer } from '../../support/token-server.ts'
import { FILE, Orders, ServiceProcess } from '../orders.ts'

const COUNT = 5000
const SCHEMAS = join(process.cwd(), 'examples/orders/schemas')
const REGISTRY_USER = 'registry-user:registry-secret'

let kafka: SecureKafka
let orders: Orders
let login: TokenServer

before(async () => {
  kafka = await startSecureKafka()
  const [tlsKey, cert] = ['broker.key', 'broker.pem'].map((name) =>
    readFileSync(join(kafka.certificates, name), 'utf8'),
  )
  login = await startTokenServer({ key: tlsKey, cert })
  orders = await Orders.create({ broker: kafka.address })
  await orders.send(0, COUNT)
  await orders.sendRest(COUNT)
})

after(async () => {
  await orders.close()
  await login.stop()
  await kafka.stop()
})

const pem = (name: string): string => `"\${file:${join(kafka.certificates, `${name}.pem`)}}"`
const key = (name: string): string => `"\${file:${join(kafka.certificates, `${name}.key`)}}"`
const sasl = (mechanism: string, username: string): string =>
  `  sasl: { mechanism: ${mechanism}, username: ${username}, password: "\${PASSWORD}" }\n`
const trusting = (ca: string): string => `  tls: { ca: ${pem(ca)} }\n`
const certified = (client: string): string =>
  `  tls: { ca: ${pem('ca')}, cert: ${pem(client)}, key: ${key(client)} }\n`
/** @param more of the section `kafka.tls` */
const locked = (more: string): string =>
  `  tls: { ca: ${pem('ca')}, cert: ${pem('client')}, key: ${key('locked')}${more} }\n`
const WITH_PASSPHRASE = ', passphrase: "${PASSWORD}"'

/** @param ca of the token endpoint */
const oauth = (scope: string, ca = 'ca', endpoint = login.url): string =>
  `  sasl: { mechanism: oauthbearer, tokenEndpoint: "${endpoint}", tokenEndpointCa: ${pem(ca)}, clientId: "${CLIENT.id}", clientSecret: "\${PASSWORD}", scope: "${scope}" }\n`
const SCOPES = `openid ${SCOPE}`

/** A service whose pipeline file has these lines in its section `kafka`. */
function start(name: string, address: string, lines: string, password = ''): ServiceProcess {
  const file = join(orders.folder, `${name}.yaml`)
  const text = readFileSync(FILE, 'utf8').replaceAll('./schemas', SCHEMAS)
  writeFileSync(file, text.replace('kafka:\n', `kafka:\n${lines}`))
  const more = {
    KAFKA_BROKERS: address,
    PASSWORD: password,
    NAME: `${orders.tag}-${name}`,
    OUTPUT_TOPIC: orders.topic(name),
    REJECTS_TOPIC: orders.topic(`${name}.rejects`),
    STATE_DIR: join(orders.folder, name),
  }
  return orders.start(more, file)
}

const ways: Record<string, () => ServiceProcess> = {
  'SCRAM-SHA-512 over TLS': () =>
    start('scram', kafka.sasl, trusting('ca') + sasl('scram-sha-512', 'alice'), PASSWORDS.scram),
  'PLAIN over TLS': () =>
    start('plain', kafka.sasl, trusting('ca') + sasl('plain', 'bob'), PASSWORDS.plain),
  'tokens over TLS': () =>
    start('tokens', kafka.bearer, trusting('ca') + oauth(SCOPES), CLIENT.secret),
  'client certificates': () => start('mutual', kafka.mutual, certified('client')),
  'an encrypted key': () => start('locked', kafka.mutual, locked(WITH_PASSPHRASE), PASSWORDS.key),
}

for (const [way, run] of Object.entries(ways)) {
  test(`the service runs end to end with ${way}`, async () => {
    const service = run()
    const name = {
      SCRAM: 'scram',
      token: 'tokens',
      PLAIN: 'plain',
      clien: 'mutual',
      'an en': 'locked',
    }[way.slice(0, 5)]!
    await orders.expect(COUNT, 'inner', 120, orders.topic(name))
    assert.equal(await service.stop(), 0, service.log)
  })
}

test('connections outlive the tokens that they began with, and an outage of the token endpoint', async () => {
  // Over sooner than a connection waits for: it signs in anew every two seconds.
  login.life = 12
  const service = start('renewed', kafka.bearer, trusting('ca') + oauth(SCOPES), CLIENT.secret)
  await orders.expect(COUNT, 'inner', 120, orders.topic('renewed'))
  const errors = async () => (await scrape(service))('kafka_request_errors_total')
  const before = await errors()
  const asked = login.asked.length
  for (let tries = 0; login.asked.length <= asked + 3; tries++) {
    assert.ok(tries < 120, service.log)
    await sleep(1000)
  }
  assert.deepEqual(await errors(), before)

  login.failing = { status: 503, body: '' }
  await service.logged('broker_failing', 30)
  assert.match(service.log, /The token endpoint https:\S+ gives no token now \(503\)/)
  login.failing = undefined
  await service.logged('broker_works', 30)
  login.life = 3600
  assert.equal(await service.stop(), 0, service.log)
})

/** What is wrong, by how the start is made; and the sentence that it ends with. */
const refusals: Record<string, [() => ServiceProcess, RegExp]> = {
  'a wrong password': [
    () => start('wrong', kafka.sasl, trusting('ca') + sasl('scram-sha-512', 'alice'), 'x'),
    /refuses the user alice .*; check kafka\.sasl\.username and kafka\.sasl\.password/,
  ],
  'a wrong password of PLAIN': [
    () => start('wrong', kafka.sasl, trusting('ca') + sasl('plain', 'bob'), 'x'),
    /refuses the user bob .*; check kafka\.sasl\.username and kafka\.sasl\.password/,
  ],
  'a mechanism that the broker does not have': [
    () => start('wrong', kafka.sasl, trusting('ca') + sasl('scram-sha-256', 'alice'), 'x'),
    /does not offer scram-sha-256; set kafka\.sasl\.mechanism/,
  ],
  'a wrong secret of a client': [
    () => start('wrong', kafka.bearer, trusting('ca') + oauth(SCOPES), 'x'),
    /The token endpoint https:\S+ refuses the client stream enricher \(401 invalid_client No such client\); check kafka\.sasl\.clientId/,
  ],
  'a token that the broker refuses': [
    () => start('wrong', kafka.bearer, trusting('ca') + oauth('else'), CLIENT.secret),
    /refuses the token of the client stream enricher \(.*scope.*\); check kafka\.sasl\.scope/,
  ],
  'a token endpoint that is not trusted': [
    () => start('wrong', kafka.bearer, trusting('ca') + oauth(SCOPES, 'other-ca'), CLIENT.secret),
    /The token endpoint https:\S+ does not answer \(.*\); set kafka\.sasl\.tokenEndpointCa/,
  ],
  'a token endpoint that is away': [
    () =>
      start(
        'wrong',
        kafka.bearer,
        trusting('ca') + oauth(SCOPES, 'ca', 'https://127.0.0.1:1/token'),
        CLIENT.secret,
      ),
    /BROKER_UNREACHABLE.*The token endpoint https:\S+ does not answer \(.*ECONNREFUSED.*\); check kafka\.sasl\.tokenEndpoint/,
  ],
  'tokens where the broker does not take them': [
    () => start('wrong', kafka.sasl, trusting('ca') + oauth(SCOPES), CLIENT.secret),
    /does not offer oauthbearer; set kafka\.sasl\.mechanism/,
  ],
  'a broker’s certificate that is not trusted': [
    () => start('wrong', kafka.sasl, trusting('other-ca') + sasl('plain', 'bob'), PASSWORDS.plain),
    /certificate of the broker .* is not trusted .*; set kafka\.tls\.ca/,
  ],
  'no certificate of ours': [
    () => start('wrong', kafka.mutual, trusting('ca')),
    /asks for our certificate .*; set kafka\.tls\.cert and kafka\.tls\.key/,
  ],
  'a certificate of ours that is not trusted': [
    () => start('wrong', kafka.mutual, certified('other-client')),
    /refuses our certificate .*; set kafka\.tls\.cert and kafka\.tls\.key/,
  ],
  'a wrong passphrase of our key': [
    () => start('wrong', kafka.mutual, locked(WITH_PASSPHRASE), 'x'),
    /kafka\.tls cannot be used .* passphrase/,
  ],
  'an encrypted key without its passphrase': [
    () => start('wrong', kafka.mutual, locked('')),
    /kafka\.tls cannot be used .* passphrase/,
  ],
  'no TLS where the port wants it': [
    () => start('wrong', kafka.mutual, ''),
    /No Kafka broker answers .*; check .*whether this port wants TLS \(kafka\.tls\)/,
  ],
}

for (const [what, [run, sentence]] of Object.entries(refusals)) {
  test(`a start with ${what} ends at once, and says what to do`, async () => {
    const service = run()
    const timer = setTimeout(() => service.kill(), 60_000)
    assert.equal(await service.ended, 1, service.log)
    clearTimeout(timer)
    assert.match(service.log, sentence)
    assert.equal(service.log.match(/"level":"fatal"/g)?.length, 1, 'one fatal line')
  })
}

/** The registry, behind a door that asks for a user. */
async function guarded(registry: RunningRegistry): Promise<{ url: string; server: Server }> {
  const expected = `Basic ${Buffer.from(REGISTRY_USER).toString('base64')}`
  const server = createServer(async (request, response) => {
    if (request.headers.authorization !== expected) {
      response.writeHead(401).end('{"message":"Unauthorized"}')
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const answer = await fetch(registry.url + request.url, {
      method: request.method ?? 'GET',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    })
    response.writeHead(answer.status).end(await answer.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}`, server }
}

async function cli(env: Record<string, string>, ...args: string[]) {
  const child = spawn(process.execPath, ['dist/main.js', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const command = new ServiceProcess(child)
  const timer = setTimeout(() => command.kill(), 60_000)
  const code = await command.ended
  clearTimeout(timer)
  return { code, said: command.log }
}

test('init signs in at brokers and registry, and writes a file without a secret', async () => {
  const registry = await startRegistry()
  const { url, server } = await guarded(registry)
  try {
    const schemas = { order: 'orders', payment: 'payments', customer: 'customers' }
    for (const [schema, name] of Object.entries(schemas)) {
      const parsed = JSON.parse(readFileSync(join(SCHEMAS, `${schema}.avsc`), 'utf8'))
      await registry.register(`${orders.topic(name)}-value`, parsed)
    }
    const out = join(orders.folder, 'first.yaml')
    const topics = ['--facts', orders.topic('orders'), '--join', orders.topic('payments')]
    const dimension = ['--dimension', `customer=${orders.topic('customers')}`]
    const to = ['--brokers', kafka.sasl, '--tls-ca', join(kafka.certificates, 'ca.pem')]
    const user = ['--sasl-mechanism', 'scram-sha-512', '--sasl-username', 'alice']
    const args = ['init', ...to, ...user, '--registry', url, ...topics, ...dimension, '--out', out]
    const [registryUser, registryPassword] = REGISTRY_USER.split(':')
    const env = {
      KAFKA_SASL_PASSWORD: PASSWORDS.scram,
      SCHEMA_REGISTRY_USERNAME: registryUser,
      SCHEMA_REGISTRY_PASSWORD: registryPassword,
    }
    const unknown = await cli({ ...env, KAFKA_SASL_PASSWORD: '' }, ...args)
    assert.equal(unknown.code, 1)
    assert.match(unknown.said, /^KAFKA_SASL_PASSWORD is not set; put it into the environment\n$/)
    const wrong = await cli({ ...env, KAFKA_SASL_PASSWORD: 'x' }, ...args)
    assert.equal(wrong.code, 1)
    assert.match(wrong.said, /refuses the user alice .*; check kafka\.sasl\.username/)
    const refused = await cli({ ...env, SCHEMA_REGISTRY_PASSWORD: 'x' }, ...args)
    assert.equal(refused.code, 1)
    assert.match(
      refused.said,
      /refuses the user registry-user \(401 Unauthorized\); check registry\.username, registry\.password/,
    )

    const done = await cli(env, ...args)
    assert.equal(done.code, 0, done.said)
    const text = readFileSync(out, 'utf8')
    for (const secret of Object.values(PASSWORDS)) assert.ok(!text.includes(secret))
    assert.ok(!text.includes('registry-secret') && !text.includes('PRIVATE KEY'))
    const password = '$' + '{KAFKA_SASL_PASSWORD}'
    assert.ok(text.includes(`    password: "${password}"\n`), text)
    const valid = await cli(env, 'validate', out)
    assert.equal(valid.code, 0, valid.said)
    const checked = await cli(env, 'check', out)
    assert.match(checked.said, /✓ brokers/)
    assert.match(checked.said, /✓ schemas/)
    const without = await cli({}, 'validate', out)
    assert.equal(without.code, 78)
    assert.match(without.said, /KAFKA_SASL_PASSWORD\} is not set/)
  } finally {
    server.close()
    await registry.stop()
  }
})

/** The topics to begin with, their schemas as files beside the pipeline file. */
function topicsWithSchemas(): string[] {
  for (const topic of ['orders', 'payments']) {
    const schema = readFileSync(join(SCHEMAS, `${topic.slice(0, -1)}.avsc`), 'utf8')
    writeFileSync(join(orders.folder, `${orders.topic(topic)}.avsc`), schema)
  }
  return ['--facts', orders.topic('orders'), '--join', orders.topic('payments')]
}

const certificate = (file: string): string => join(kafka.certificates, file)

test('init with a client certificate names the files, and holds neither key nor passphrase', async () => {
  const out = join(orders.folder, 'mutual-first.yaml')
  const topics = topicsWithSchemas()
  const ours = ['--tls-cert', certificate('client.pem'), '--tls-key', certificate('client.key')]
  const to = ['--brokers', kafka.mutual, '--tls-ca', certificate('ca.pem')]
  const half = await cli({}, 'init', ...to, ...ours.slice(0, 2), ...topics, '--out', out)
  assert.match(half.said, /needs both --tls-cert and --tls-key/)
  const done = await cli({}, 'init', ...to, ...ours, ...topics, '--out', out)
  assert.equal(done.code, 0, done.said)
  const text = readFileSync(out, 'utf8')
  assert.ok(text.includes(`    key: ${key('client')}\n`), text)
  assert.ok(!text.includes('PRIVATE KEY'))
  assert.equal((await cli({}, 'validate', out)).code, 0)
})

test('init with an encrypted key takes its passphrase from the environment, as the service then does', async () => {
  const out = join(orders.folder, 'locked-first.yaml')
  const ours = ['--tls-cert', certificate('client.pem'), '--tls-key', certificate('locked.key')]
  const to = ['--brokers', kafka.mutual, '--tls-ca', certificate('ca.pem')]
  const args = ['init', ...to, ...ours, ...topicsWithSchemas(), '--out', out]
  const without = await cli({}, ...args)
  assert.equal(without.code, 1)
  assert.match(without.said, /kafka\.tls cannot be used .* passphrase/)
  const env = { KAFKA_TLS_PASSPHRASE: PASSWORDS.key }
  const done = await cli(env, ...args)
  assert.equal(done.code, 0, done.said)
  const text = readFileSync(out, 'utf8')
  assert.ok(text.includes('    passphrase: "${KAFKA_TLS_PASSPHRASE}"\n'), text)
  assert.ok(!text.includes(PASSWORDS.key) && !text.includes('PRIVATE KEY'))
  const checked = await cli(env, 'check', out)
  assert.match(checked.said, /✓ brokers/)
  await runs(out, { ...env, KAFKA_BROKERS: kafka.mutual })
})

test('init signs in with tokens, and writes a file without the client’s secret', async () => {
  const out = join(orders.folder, 'tokens-first.yaml')
  const to = ['--brokers', kafka.bearer, '--tls-ca', certificate('ca.pem')]
  const endpoint = ['--sasl-token-endpoint', login.url]
  const trust = ['--sasl-token-endpoint-ca', certificate('ca.pem')]
  const client = ['--sasl-mechanism', 'oauthbearer', '--sasl-client-id', CLIENT.id]
  const scope = ['--sasl-scope', SCOPES]
  const args = ['init', ...to, ...client, ...endpoint, ...trust, ...topicsWithSchemas()]
  const unknown = await cli({}, ...args)
  assert.match(unknown.said, /^KAFKA_SASL_CLIENT_SECRET is not set; put it into the environment\n$/)
  const env = { KAFKA_SASL_CLIENT_SECRET: CLIENT.secret }
  const refused = await cli(env, ...args)
  assert.match(refused.said, /refuses the token of the client stream enricher/)
  const done = await cli(env, ...args, ...scope, '--out', out)
  assert.equal(done.code, 0, done.said)
  assert.ok(!readFileSync(out, 'utf8').includes(CLIENT.secret))
  const checked = await cli(env, 'check', out)
  assert.match(checked.said, /✓ brokers/)
  const printed = await cli(env, 'config', 'print', '--effective', out)
  assert.match(printed.said, /clientSecret: <redacted>/)
  await runs(out, { ...env, KAFKA_BROKERS: kafka.bearer })
})

/** The service, with a pipeline file that `init` has written. */
async function runs(file: string, env: Record<string, string>): Promise<void> {
  const text = readFileSync(file, 'utf8')
  const state = join(orders.folder, `${basename(file)}.state`)
  writeFileSync(file, `${text}state: { dir: ${state} }\nhttp: { port: 0 }\n`)
  const service = orders.start(env, file)
  await service.logged('Task running')
  assert.equal(await service.stop(), 0, service.log)
}
