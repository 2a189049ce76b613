/** Azure's registry, by a server that has schemas, rights and tokens as its specification has them. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { findToken } from '../../../src/codec/registry/azure/tokens.ts'
import { Registry } from '../../../src/codec/registry/registry.ts'
import { codeOf } from '../../../src/errors.ts'
import { azureEnv, GROUP, startAzure } from '../../support/registries/azure.ts'
import { serve } from '../../support/registries/serve.ts'
import { REGISTRY } from '../../support/registry-config.ts'

const SCHEMA = JSON.stringify({
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [{ name: 'id', type: 'long' }],
})
const NEWER = SCHEMA.replace(']', ',{"name":"note","type":"string","default":""}]')

async function started(t: TestContext) {
  const azure = await startAzure()
  t.after(() => azure.stop())
  const of = (env: Record<string, string>, token: string | null = null): Registry => {
    const config = { ...REGISTRY, type: 'azure', url: azure.url, group: GROUP, token } as const
    const registry = new Registry(config, { event() {} } as never, env)
    t.after(() => registry.close())
    return registry
  }
  return { azure, of, registry: of(azureEnv(azure)) }
}

test('schemas are read by their ids, with one token for all of them, and an unknown one is none', async (t) => {
  const { azure, registry } = await started(t)
  const id = azure.add('shop.Order', SCHEMA)
  assert.deepEqual(await registry.byId(`Azure id ${id}`), JSON.parse(SCHEMA))
  assert.equal(await registry.byId('Azure id 00000000000000000000000000000000'), undefined)
  assert.equal(azure.grants.length, 1)
  assert.deepEqual(Object.fromEntries(azure.grants[0]), {
    grant_type: 'client_credentials',
    client_id: 'client',
    scope: 'https://eventhubs.azure.net/.default',
    client_secret: 'secret',
  })
})

test('a topic’s schema has its name, the latest has the greatest number, and former ones are found', async (t) => {
  const { azure, registry } = await started(t)
  assert.equal(await registry.latest('orders'), undefined)
  azure.add(registry.subjectOf('orders'), SCHEMA)
  const id = azure.add('orders', NEWER)
  const latest = await registry.latest('orders')
  assert.deepEqual([latest?.id, latest?.named], [2, `Azure id ${id}`])
  assert.deepEqual(await registry.recorded('orders', null, 1), JSON.parse(SCHEMA))
  assert.equal(await registry.recorded('orders', 'shop.Order', 3), undefined)
  assert.deepEqual(await registry.subjects(), ['orders'])
})

test('an output’s schema that is there is found by its text, by who may only read; else it is registered', async (t) => {
  const { azure, registry } = await started(t)
  const id = azure.add('orders', SCHEMA)
  azure.denied.add('PUT')
  assert.equal(await registry.register('orders', SCHEMA), `Azure id ${id}`)
  const isReadOnly = (error: Error) => codeOf(error) === 'REGISTRY_READ_ONLY'
  await assert.rejects(registry.register('orders', NEWER), isReadOnly)
  azure.denied.clear()
  const made = await registry.register('orders', NEWER)
  assert.equal(made, `Azure id ${azure.schemas.get('orders')![1].id}`)
  assert.equal(azure.asked.at(-1), 'PUT /$schemaGroups/shop/schemas/orders')
})

test('a version that Azure does not take is a refusal, as another registry’s', async (t) => {
  const { azure, registry } = await started(t)
  azure.refusal = 'Schema is not compatible'
  await assert.rejects(registry.register('orders', SCHEMA), (error: Error) => {
    assert.equal(codeOf(error), 'SCHEMA_INVALID')
    assert.match(
      error.message,
      /refuses the output's schema for orders \(400 InvalidRequest Schema is not/,
    )
    return true
  })
})

test('what a start would do is told as far as Azure says it', async (t) => {
  const { azure, registry } = await started(t)
  const compared = async () => (await registry.compare('orders', NEWER)).state
  assert.equal(await compared(), 'new')
  azure.add('orders', SCHEMA)
  assert.equal(await compared(), 'unjudged')
  azure.add('orders', NEWER)
  assert.equal(await compared(), 'registered')
})

/** What a start says that waits for no long. */
async function fault(registry: Registry): Promise<string> {
  const error = await registry
    .withPatience(0, () => registry.latest('orders'))
    .then(
      () => undefined,
      (caught: Error) => caught,
    )
  assert.equal(codeOf(error), 'REGISTRY_UNAVAILABLE')
  return error!.message
}

test('who asks in vain is told whose token, which role, or what was tried', async (t) => {
  const { azure, of, registry } = await started(t)
  azure.denied.add('GET')
  assert.match(
    await fault(registry),
    /lets our identity not read \(403 Forbidden .*Schema Registry Reader/,
  )
  assert.match(
    await fault(of({}, 'another')),
    /refuses our token \(401 .*, with registry\.token\); check registry\.token/,
  )
  const env = azureEnv(azure)
  assert.match(
    await fault(of({ ...env, AZURE_CLIENT_SECRET: 'other' })),
    /cannot be asked: .*\/tenant\/oauth2\/v2\.0\/token does not give a token for the client client by AZURE_CLIENT_SECRET \(401 invalid_client AADSTS7000215: Invalid client secret provided\.\)/,
  )
  const nowhere = await serve(() => ({ status: 404, body: 'no' }))
  t.after(() => nowhere.stop())
  assert.match(
    await fault(of({ AZURE_TENANT_ID: 'tenant', AZURE_POD_IDENTITY_AUTHORITY_HOST: nowhere.url })),
    /there is no token of Azure: AZURE_CLIENT_ID is not set; neither AZURE_CLIENT_SECRET nor AZURE_FEDERATED_TOKEN_FILE is set; .*managed identity \(404\)/,
  )
  azure.denied.clear()
  azure.failing = { status: 404, body: '<html>' }
  assert.match(
    await fault(registry),
    /not as a schema registry .*; set registry\.url to the Event Hubs namespace/,
  )
})

test('a token that is refused is not shown again', async (t) => {
  const { azure, registry } = await started(t)
  azure.add('orders', SCHEMA)
  await registry.latest('orders')
  azure.failing = { status: 401, body: { error: { code: 'Unauthorized', message: 'expired' } } }
  const answer = registry.latest('orders')
  while (!registry.isAway) await new Promise(setImmediate)
  azure.failing = undefined
  assert.equal((await answer)?.id, 1)
  assert.equal(azure.grants.length, 2)
})

test('a service account of AKS (workload identity) gets a token by the one in its file', async (t) => {
  const { azure } = await started(t)
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-token-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'token')
  writeFileSync(file, 'proof\n')
  const { AZURE_CLIENT_SECRET: _, ...env } = azureEnv(azure)
  const { from } = await findToken({ ...env, AZURE_FEDERATED_TOKEN_FILE: file })
  assert.equal(from, 'a token for the client client by AZURE_FEDERATED_TOKEN_FILE')
  assert.equal(
    azure.grants[0].get('client_assertion_type'),
    'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  )
})

test('a virtual machine’s managed identity is asked for where nothing else is set up', async (t) => {
  const asked: string[] = []
  const machine = await serve(({ path, headers }) => {
    asked.push(path)
    // As texts, as the metadata service has it.
    const body = { access_token: 'token', expires_in: '3599' }
    return headers.metadata === 'true' ? { status: 200, body } : { status: 400 }
  })
  t.after(() => machine.stop())
  const { value } = await findToken({ AZURE_POD_IDENTITY_AUTHORITY_HOST: machine.url })
  assert.equal(value, 'token')
  assert.equal(
    asked[0],
    '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Feventhubs.azure.net',
  )
})
