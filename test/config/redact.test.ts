import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePipeline } from '../../src/config/load.ts'
import { redacted } from '../../src/config/redact.ts'

const secrets = ['PassA', 'KeyB', 'PhraseC', 'PassD', 'TokenE', 'KeyF']
const pipeline = parsePipeline(
  `
name: job
kafka:
  brokers: broker:9092
  sasl: { mechanism: plain, username: ann, password: PassA }
  tls: { ca: TheAuthority, cert: Ours, key: KeyB, passphrase: PhraseC }
registry: { url: "https://registry:8081", username: bob, password: PassD, tls: { key: KeyF } }
facts: { topic: orders }
join: { topic: payments, on: id, within: 1s }
output: { topic: out }
http: { token: TokenE }
`,
  'pipeline.yaml',
  {},
)

test('no secret of the pipeline file is shown, and all else is', () => {
  const shown = JSON.stringify(redacted(pipeline))
  for (const secret of secrets) {
    assert.ok(JSON.stringify(pipeline).includes(secret), `${secret} is in the file`)
    assert.ok(!shown.includes(secret), `${secret} is hidden`)
  }
  for (const open of ['ann', 'TheAuthority', 'registry:8081', 'broker:9092', 'payments']) {
    assert.ok(shown.includes(open), `${open} is shown`)
  }
})

test('that there is no secret is shown', () => {
  const { http, kafka } = redacted({ ...pipeline, http: { ...pipeline.http, token: null } })
  assert.equal(http.token, null)
  assert.deepEqual(kafka.sasl, { mechanism: 'plain', username: 'ann', password: '<redacted>' })
})

test('the secret of a client that signs in with tokens is hidden, and the client is shown', () => {
  const sasl = {
    mechanism: 'oauthbearer',
    tokenEndpoint: 'https://login/token',
    tokenEndpointCa: null,
    clientId: 'enricher',
    clientSecret: 'SecretG',
    scope: null,
  } as const
  const { kafka } = redacted({ ...pipeline, kafka: { ...pipeline.kafka, sasl } })
  assert.deepEqual(kafka.sasl, { ...sasl, clientSecret: '<redacted>' })
})
