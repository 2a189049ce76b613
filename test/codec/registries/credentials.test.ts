/** Where credentials of AWS come from: what each source is asked, and what is said where there are none. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { NoAccess, Renewed } from '../../../src/codec/registry/access.ts'
import { findCredentials } from '../../../src/codec/registry/glue/credentials.ts'
import { type Asked, type Reply, serve } from '../../support/registries/serve.ts'

const EXPIRATION = '2099-01-01T00:00:00Z'
const GIVEN = { AccessKeyId: 'ASIA1', SecretAccessKey: 's', Token: 't', Expiration: EXPIRATION }
/** The instance is not asked: this machine may be one. */
const ALONE = { AWS_EC2_METADATA_DISABLED: 'true' }

async function serving(t: TestContext, answer: (asked: Asked) => Reply) {
  const asked: Asked[] = []
  const served = await serve((one) => {
    asked.push(one)
    return answer(one)
  })
  t.after(() => served.stop())
  return { url: served.url, asked }
}

function fileOf(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-token-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'token')
  writeFileSync(file, text)
  return file
}

const find = (env: Record<string, string>) => findCredentials({ ...ALONE, ...env }, 'eu-central-1')

test('keys of the environment go before all else, with the token of their session', async () => {
  const keys = { AWS_ACCESS_KEY_ID: 'AKIA1', AWS_SECRET_ACCESS_KEY: 's' }
  const other = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/' }
  const { ends, accessKeyId, sessionToken } = await find({ ...keys, ...other })
  assert.deepEqual([ends, accessKeyId, sessionToken], [Number.POSITIVE_INFINITY, 'AKIA1', null])
  assert.equal((await find({ ...keys, AWS_SESSION_TOKEN: 't' })).sessionToken, 't')
})

test('a service account of EKS (IRSA) changes its token for a role’s credentials at STS', async (t) => {
  const body = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
    <Credentials><AccessKeyId>ASIA2</AccessKeyId><SecretAccessKey>s/+=</SecretAccessKey>
    <SessionToken>long</SessionToken><Expiration>${EXPIRATION}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`
  const { url, asked } = await serving(t, () => ({ status: 200, body }))
  const file = fileOf(t, 'jwt\n')
  const role = 'arn:aws:iam::111122223333:role/enricher'
  const env = { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: role, AWS_ENDPOINT_URL_STS: url }
  const { accessKeyId, secretAccessKey, sessionToken } = await find(env)
  assert.deepEqual([accessKeyId, secretAccessKey, sessionToken], ['ASIA2', 's/+=', 'long'])
  assert.deepEqual(Object.fromEntries(new URLSearchParams(asked[0].body)), {
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: 'stream-enricher',
    WebIdentityToken: 'jwt',
  })
  assert.equal(asked[0].headers.authorization, undefined)
})

test('a role that STS does not give is told with what STS says, and not asked for again', async (t) => {
  const body =
    '<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>'
  const { url } = await serving(t, () => ({ status: 403, body }))
  const env = { AWS_WEB_IDENTITY_TOKEN_FILE: fileOf(t, 'jwt'), AWS_ROLE_ARN: 'arn:role' }
  await assert.rejects(find({ ...env, AWS_ENDPOINT_URL_STS: url }), (error: NoAccess) => {
    assert.match(
      error.message,
      /does not give credentials of the role arn:role .*\(403 AccessDenied Not auth/,
    )
    return error.isSettled
  })
  const missing = { ...env, AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere' }
  await assert.rejects(find(missing), /the file of AWS_WEB_IDENTITY_TOKEN_FILE cannot be read/)
})

test('a container (ECS, EKS Pod Identity) is given credentials by the token of a file, which is read each time', async (t) => {
  const { url, asked } = await serving(t, () => ({ status: 200, body: GIVEN }))
  const file = fileOf(t, 'first')
  const env = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/v1/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
  }
  assert.equal((await find(env)).accessKeyId, 'ASIA1')
  writeFileSync(file, 'second')
  await find(env)
  assert.deepEqual(
    asked.map(({ path, headers }) => [path, headers.authorization]),
    ['first', 'second'].map((token) => ['/v1/credentials', token]),
  )
})

test('a container’s credentials are not asked for in the clear at another host', async () => {
  const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1.example.com/creds' }
  await assert.rejects(find(env), /neither https nor on this host/)
})

test('an instance with a role is asked by version 2 of its metadata', async (t) => {
  const { url, asked } = await serving(t, ({ method, path, headers }) => {
    if (method === 'PUT') return { status: 200, body: 'session' }
    if (headers['x-aws-ec2-metadata-token'] !== 'session') return { status: 401 }
    return { status: 200, body: path.endsWith('/') ? 'enricher' : GIVEN }
  })
  const env = { AWS_EC2_METADATA_DISABLED: '', AWS_EC2_METADATA_SERVICE_ENDPOINT: url }
  assert.equal((await find(env)).sessionToken, 't')
  assert.equal(asked.at(-1)!.path, '/latest/meta-data/iam/security-credentials/enricher')
})

test('where there are none, all is told that was tried', async (t) => {
  await assert.rejects(find({}), (error: NoAccess) => {
    assert.equal(
      error.message,
      'there are no credentials of AWS: AWS_ACCESS_KEY_ID is not set; AWS_WEB_IDENTITY_TOKEN_FILE is not set; neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set; AWS_EC2_METADATA_DISABLED has the instance not asked',
    )
    return error.isSettled
  })
  const { url } = await serving(t, () => ({ status: 404, body: 'no' }))
  const env = { AWS_EC2_METADATA_DISABLED: '', AWS_EC2_METADATA_SERVICE_ENDPOINT: url }
  await assert.rejects(find(env), /does not give the credentials of the instance \(404 no\)$/)
})

test('credentials are held until shortly before they end, others are asked for once, and old ones go on while there are none', async (t) => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  let asked = 0
  let isAway = false
  const renewed = new Renewed(async () => {
    asked++
    if (isAway) throw new NoAccess('away', false)
    return { ends: now + 3_600_000, from: '', value: asked }
  })
  const values = await Promise.all([renewed.value(), renewed.value()])
  assert.deepEqual(
    values.map(({ value }) => value),
    [1, 1],
  )
  now = 3_600_000 - 300_001
  assert.equal((await renewed.value()).value, 1)
  now = 3_600_000 - 300_000
  assert.equal((await renewed.value()).value, 2)
  isAway = true
  now += 3_600_000 - 1
  assert.equal((await renewed.value()).value, 2)
  now += 2
  await assert.rejects(renewed.value(), /away/)
  isAway = false
  renewed.forget()
  assert.equal((await renewed.value()).value, 5)
})
