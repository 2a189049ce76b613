/** AWS Glue's registry, by a server that has schemas, rights and signatures as Glue has them. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Registry } from '../../../src/codec/registry/registry.ts'
import { WriterSchemas } from '../../../src/codec/registry/writer-schemas.ts'
import { codeOf } from '../../../src/errors.ts'
import { GLUE_ENV, type GlueServer, REGION, startGlue } from '../../support/registries/glue.ts'
import { REGISTRY } from '../../support/registry-config.ts'

const SCHEMA = JSON.stringify({
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [{ name: 'id', type: 'long' }],
})
const NEWER = SCHEMA.replace(']', ',{"name":"note","type":"string","default":""}]')

async function started(t: TestContext, env: Record<string, string> = GLUE_ENV) {
  const glue = await startGlue()
  const registry = registryAt(t, glue.url, env)
  t.after(() => glue.stop())
  return { glue, registry }
}

function registryAt(t: TestContext, url: string, env: Record<string, string>): Registry {
  const config = { ...REGISTRY, type: 'glue', url, region: REGION } as const
  const alone = { AWS_EC2_METADATA_DISABLED: 'true', ...env }
  const registry = new Registry(config, { event() {} } as never, alone)
  t.after(() => registry.close())
  return registry
}

const register = (registry: Registry, schema = SCHEMA) => registry.register('orders', schema)

test('schemas are read by the UUID of their version, signed, and an unknown one is none', async (t) => {
  const { glue, registry } = await started(t)
  const uuid = glue.add('orders', SCHEMA)
  assert.deepEqual(await registry.byId(`version ${uuid}`), JSON.parse(SCHEMA))
  assert.equal(await registry.byId(`version ${uuid.replace(/.$/, 'x')}`), undefined)
  assert.deepEqual(registry.requests, { ok: 1, refused: 1, failed: 0 })
})

test('keys of a session are signed with its token', async (t) => {
  const { glue, registry } = await started(t, { ...GLUE_ENV, AWS_SESSION_TOKEN: 'session' })
  glue.secrets.set(GLUE_ENV.AWS_ACCESS_KEY_ID, {
    secret: GLUE_ENV.AWS_SECRET_ACCESS_KEY,
    token: 'session',
  })
  const uuid = glue.add('orders', SCHEMA)
  assert.ok(await registry.byId(`version ${uuid}`))
})

test('a topic’s schema has its name, and a version that failed is not its latest', async (t) => {
  const { glue, registry } = await started(t)
  assert.equal(await registry.latest('orders'), undefined)
  const uuid = glue.add(registry.subjectOf('orders'), SCHEMA)
  glue.add('orders', NEWER)
  glue.schemas.get('orders')!.versions[1].status = 'FAILURE'
  const latest = await registry.latest('orders')
  assert.deepEqual([latest?.id, latest?.named], [1, `version ${uuid}`])
  assert.deepEqual(await registry.recorded('orders', null, 1), JSON.parse(SCHEMA))
  assert.equal(await registry.recorded('orders', null, 3), undefined)
  assert.deepEqual(await registry.subjects(), ['orders'])
})

test('an output’s schema that is there is found by its text, by who may only read', async (t) => {
  const { glue, registry } = await started(t)
  const uuid = glue.add('orders', SCHEMA)
  glue.denied.add('RegisterSchemaVersion').add('CreateSchema')
  assert.equal(
    await register(registry, JSON.stringify(JSON.parse(SCHEMA), null, 2)),
    `version ${uuid}`,
  )
  assert.deepEqual(glue.asked, ['GetSchemaByDefinition'])
  await assert.rejects(register(registry, NEWER), (error: Error) => {
    assert.equal(codeOf(error), 'REGISTRY_READ_ONLY')
    assert.match(error.message, /not authorized to perform: glue:RegisterSchemaVersion/)
    return true
  })
})

test('the first version makes the schema, the next waits until Glue has compared it', async (t) => {
  const { glue, registry } = await started(t)
  const first = await register(registry)
  assert.equal(glue.schemas.get('orders')!.compatibility, 'BACKWARD')
  glue.pending = 2
  const second = await register(registry, NEWER)
  const { versions } = glue.schemas.get('orders')!
  assert.deepEqual(
    [first, second],
    versions.map(({ uuid }) => `version ${uuid}`),
  )
  assert.equal(glue.asked.filter((action) => action === 'GetSchemaVersion').length, 3)
  assert.equal(await register(registry, NEWER), second)
})

test('a version that Glue does not take is a refusal, as another registry’s', async (t) => {
  const { glue, registry } = await started(t)
  glue.add('orders', NEWER)
  glue.verdict = 'FAILURE'
  // It is there with its fault the second time.
  for (let times = 0; times < 2; times++) {
    await assert.rejects(register(registry), (error: Error) => {
      assert.equal(codeOf(error), 'SCHEMA_INVALID')
      assert.match(
        error.message,
        /refuses the output's schema for orders .*status FAILURE, as it is not compatible/,
      )
      return true
    })
  }
})

test('what a start would do is told as far as Glue says it', async (t) => {
  const { glue, registry } = await started(t)
  const compared = async () => {
    const { state, level, changes } = {
      level: '',
      changes: [],
      ...(await registry.compare('orders', NEWER)),
    }
    return [state, level, ...changes]
  }
  assert.deepEqual(await compared(), ['new', ''])
  glue.add('orders', SCHEMA)
  assert.deepEqual(await compared(), ['unjudged', 'BACKWARD', 'note is new'])
  glue.denied.add('GetSchema')
  assert.deepEqual(await compared(), ['unjudged', null, 'note is new'])
  glue.denied.clear()
  const of = (compatibility: string) =>
    glue.schemas.set('orders', { ...glue.schemas.get('orders')!, compatibility })
  of('DISABLED')
  assert.deepEqual(await compared(), ['incompatible', 'DISABLED', 'note is new'])
  of('NONE')
  assert.deepEqual(await compared(), ['compatible', 'NONE', 'note is new'])
  glue.add('orders', NEWER)
  assert.deepEqual(await compared(), ['registered', ''])
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

test('who asks in vain is told whose credentials, which right, or what was tried', async (t) => {
  const { glue, registry } = await started(t)
  glue.denied.add('GetSchemaVersion')
  assert.match(
    await fault(registry),
    /lets our role not read \(403 AccessDeniedException: User: arn:.* its policy has to allow glue:GetSchemaVersion/,
  )
  glue.secrets.clear()
  assert.match(
    await fault(registry),
    /refuses our credentials of AWS \(401 UnrecognizedClientException: .*, with AWS_ACCESS_KEY_ID \(AKIDEXAMPLE\)\)/,
  )
  assert.match(
    await fault(registryAt(t, glue.url, {})),
    /cannot be asked: there are no credentials of AWS: AWS_ACCESS_KEY_ID is not set; /,
  )
  glue.failing = { status: 200, body: '<html>' }
  assert.match(
    await fault(registry),
    /does answer, but not as a schema registry .*; set registry.endpoint to/,
  )
  await glue.stop()
  assert.match(
    await fault(registry),
    /does not answer .*; check registry.region and registry.endpoint/,
  )
})

test('Glue that has too much to do, or fails, is asked again', async (t) => {
  const { glue, registry } = await started(t)
  glue.add('orders', SCHEMA)
  for (const [status, __type] of [
    [400, 'ThrottlingException'],
    [500, 'InternalServiceException'],
  ] as const) {
    glue.failing = { status, body: { __type, Message: 'Later' } }
    const answer = registry.latest('orders')
    while (!registry.isAway) await new Promise(setImmediate)
    glue.failing = undefined
    assert.equal((await answer)?.id, 1)
  }
})

test('a version that Glue does not know yet is asked for again before a record is rejected', async (t) => {
  const { glue, registry } = await started(t)
  const uuid = glue.add('orders', SCHEMA)
  const [version] = glue.schemas.get('orders')!.versions.splice(0)
  const loaded = new WriterSchemas(registry).load(`version ${uuid}`, 'The schema')
  while (glue.asked.length < 2) await new Promise(setImmediate)
  glue.schemas.get('orders')!.versions.push(version)
  assert.deepEqual(await loaded, { schema: JSON.parse(SCHEMA) })
})

test('another registry of the account is asked by its name', async (t) => {
  const glue: GlueServer = await startGlue('shop')
  t.after(() => glue.stop())
  const uuid = glue.add('orders', SCHEMA)
  const config = { ...REGISTRY, type: 'glue', url: glue.url, region: REGION } as const
  const of = (registryName: string | null) =>
    new Registry({ ...config, registryName }, { event() {} } as never, GLUE_ENV)
  assert.equal((await of('shop').latest('orders'))?.named, `version ${uuid}`)
  assert.equal(await of(null).latest('orders'), undefined)
})

test('a version that was deleted behind one that failed is looked past', async (t) => {
  const { glue, registry } = await started(t)
  const uuid = glue.add('orders', SCHEMA)
  for (let i = 0; i < 2; i++) glue.add('orders', NEWER)
  const { versions } = glue.schemas.get('orders')!
  versions[2].status = 'FAILURE'
  delete versions[1]
  assert.equal((await registry.latest('orders'))?.named, `version ${uuid}`)
})

test('a version that failed before is registered again: what it is compared with may be another now', async (t) => {
  const { glue, registry } = await started(t)
  glue.add('orders', SCHEMA)
  glue.schemas.get('orders')!.versions[0].status = 'FAILURE'
  assert.equal((await registry.compare('orders', SCHEMA)).state, 'new')
  assert.equal(await register(registry), `version ${glue.schemas.get('orders')!.versions[1].uuid}`)
})
