/** Values that cannot be meant end the render with a sentence, instead of a release that does not work. */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CHART, helmTemplate, needsHelm, ofKind, render, type Values } from './chart.ts'

const PIPELINE = `name: orders
kafka: { brokers: "\${KAFKA_BROKERS}", instanceId: "\${POD_NAME}" }
facts: { topic: orders }
join: { topic: payments, on: order_id, within: 60s }
output: { topic: orders.enriched }
`
/** The pipeline with something else under `kafka`. */
const withKafka = (kafka: string): string => PIPELINE.replace(/kafka: .*/, `kafka: { ${kafka} }`)
const identity = 'instanceId: "${POD_NAME}"'
const secretFile = '"${file:/etc/stream-enricher/secrets/kafka/password}"'

/** No secrets of the chart's. */
const bare = {
  kafka: { brokers: '', sasl: { existingSecret: '' }, tls: { existingSecret: '' } },
  registry: { url: '', auth: { existingSecret: '' } },
}
const PASSWORD = '{ mechanism: plain, username: a, password: "${KAFKA_PASSWORD}" }'
const TOKEN =
  '{ mechanism: oauthbearer, tokenEndpoint: "https://id/token", clientId: a, clientSecret: "${CLIENT_SECRET}" }'

/** What is secret comes from the environment. */
const signingIn = (keda: object = {}, sasl = PASSWORD): Values => {
  const config = withKafka(`${identity}, brokers: "kafka:9093", sasl: ${sasl}`)
  return { ...bare, config, autoscaling: { keda } }
}

/** The default ports are let out to. */
const behindPolicy = (registry: string): Values => ({
  registry: { url: registry },
  networkPolicy: { enabled: true },
})

const cases: readonly (readonly [says: RegExp, values: Values, feature?: string])[] = [
  [/There is no pipeline file/, { config: '' }],
  [/existingConfigMap is in place of config/, { existingConfigMap: 'x' }],
  [/config is not YAML/, { config: 'a: [' }],
  [/files has pipeline.yaml/, { files: { 'pipeline.yaml': 'x' } }],
  [/There are no brokers: .* set the value kafka.brokers/, { kafka: { brokers: '' } }],
  [/config has no kafka.brokers/, { config: withKafka(identity) }],
  [/kafka.brokers is not used/, { config: withKafka(`${identity}, brokers: "a:1"`) }],
  [/registry.url is not used/, { config: PIPELINE }],
  [
    /each pod its own identity.*instanceId: \$\{POD_NAME\}/,
    { registry: { url: '' }, config: withKafka('brokers: "${KAFKA_BROKERS}", instanceId: a') },
  ],
  [
    /existingSecret already has the password/,
    { kafka: { sasl: { existingSecret: 'x', username: 'y', password: 'z' } } },
  ],
  [/needs both username and password/, { registry: { auth: { password: 'y' } } }],
  [
    /kafka.sasl gives a secret that config does not read: .*secrets\/kafka\/password/,
    { kafka: { sasl: { existingSecret: 'x' } } },
  ],
  [
    /registry.auth gives a secret that config does not read/,
    { registry: { auth: { existingSecret: 'x' } } },
  ],
  [
    /config reads .*secrets\/kafka\/password, which kafka.sasl has to give/,
    {
      registry: { url: '' },
      config: withKafka(
        `${identity}, brokers: "\${KAFKA_BROKERS}", sasl: { password: ${secretFile} }`,
      ),
    },
  ],
  [
    /kafka.sasl.password in plain/,
    {
      registry: { url: '' },
      config: withKafka(
        `${identity}, brokers: "\${KAFKA_BROKERS}", sasl: { mechanism: plain, username: a, password: b }`,
      ),
    },
  ],
  [
    /kafka.sasl.clientSecret in plain/,
    signingIn({}, '{ mechanism: oauthbearer, tokenEndpoint: a, clientId: a, clientSecret: b }'),
  ],
  [
    /kafka.sasl.password in plain/,
    signingIn({}, '{ mechanism: plain, username: a, password: 1234 }'),
  ],
  [
    /kafka.tls.passphrase in plain/,
    {
      ...bare,
      config: withKafka(
        `${identity}, brokers: "kafka:9093", tls: { cert: "\${C}", key: "\${K}", passphrase: a }`,
      ),
    },
  ],
  [
    /registry.tls.key in plain/,
    {
      registry: { url: '' },
      config: `${PIPELINE}registry: { url: "https://r", tls: { key: a } }\n`,
    },
  ],
  [
    /http.token gives a secret that config does not read: its token is .*secrets\/http\/token/,
    { http: { token: { existingSecret: 'x' } } },
  ],
  [
    /config reads .*secrets\/http\/token, which http.token has to give/,
    { http: { token: { existingSecret: '' } } },
    'secrets-values.yaml',
  ],
  [
    /http.readToken in plain/,
    { registry: { url: '' }, config: `${PIPELINE}http: { readToken: abc }` },
  ],
  [/http.token in plain/, { registry: { url: '' }, config: `${PIPELINE}http: { token: abc }` }],
  [/kafka.tls.existingSecret gives a secret/, { kafka: { tls: { existingSecret: 'x' } } }],
  [
    /name tls.crt in kafka.tls.keys/,
    { kafka: { tls: { keys: ['ca.crt'] } } },
    'secrets-values.yaml',
  ],
  [
    /set kafka.tls.existingSecret/,
    { kafka: { tls: { existingSecret: '' } } },
    'secrets-values.yaml',
  ],
  [
    /kafka.sasl.username is not used: in config, write `username: .*secrets\/kafka\/username/,
    {
      registry: { url: '' },
      kafka: { sasl: { existingSecret: 'x', username: 'y' } },
      config: withKafka(
        `${identity}, brokers: "\${KAFKA_BROKERS}", sasl: { mechanism: plain, username: y, password: ${secretFile} }`,
      ),
    },
  ],
  [
    /existingClientSecret has the client certificate: name only ca.crt/,
    { kafka: { tls: { existingClientSecret: 'x' } } },
    'secrets-values.yaml',
  ],
  [
    /kafka.tls.existingClientSecret gives a secret that config does not read/,
    { kafka: { tls: { existingClientSecret: 'x' } } },
    'strimzi-scram-values.yaml',
  ],
  [/http.port 80:/, { config: `${PIPELINE}http: { port: 80 }`, registry: { url: '' } }],
  [
    /http.advertise orders:8080, one address for all pods/,
    { config: `${PIPELINE}http: { advertise: "orders:8080" }`, registry: { url: '' } },
  ],
  [
    /http.host 127.0.0.1, where only the pod itself reaches it/,
    { config: `${PIPELINE}http: { host: 127.0.0.1 }`, registry: { url: '' } },
  ],
  [/state.dir/, { config: `${PIPELINE}state: { dir: "\${DIR}" }`, registry: { url: '' } }],
  [/ingress needs a host/, { ingress: { host: '' } }, 'ingress-values.yaml'],
  [
    /would not let the ingress controller in/,
    { networkPolicy: { extraIngress: [] } },
    'ingress-values.yaml',
  ],
  [
    /jobs.reset needs all instances stopped: set replicaCount to 0/,
    { jobs: { reset: { enabled: true } } },
  ],
  [
    /jobs.reset needs all instances stopped: .*without an autoscaler/,
    { replicaCount: 0, jobs: { reset: { enabled: true } } },
    'hpa-values.yaml',
  ],
  [
    /jobs.replay has to be told where to write/,
    { jobs: { replay: { enabled: true, args: ['--from', '0'] } } },
  ],
  [/would both set the replicas/, { autoscaling: { keda: { enabled: true } } }, 'hpa-values.yaml'],
  [/needs the value partitions/, { partitions: 0 }, 'hpa-values.yaml'],
  [/maxReplicas is 12, but the facts have 6/, { partitions: 6 }, 'hpa-values.yaml'],
  [/minReplicas is more/, { autoscaling: { minReplicas: 13 } }, 'hpa-values.yaml'],
  [/lagPerReplica is 6/, { autoscaling: { lagPerReplica: 6 } }, 'keda-values.yaml'],
  [
    /activationLagThreshold is 6/,
    { autoscaling: { keda: { activationLagThreshold: 6 } } },
    'keda-values.yaml',
  ],
  [/minReplicas/, { autoscaling: { minReplicas: 0 } }, 'keda-values.yaml'],
  [
    /KEDA needs the consumer group/,
    { autoscaling: { keda: { consumerGroup: '' } } },
    'keda-existing-values.yaml',
  ],
  [
    /KEDA needs the input topics/,
    { autoscaling: { keda: { topics: [] } } },
    'keda-existing-values.yaml',
  ],
  [/KEDA needs the brokers/, { kafka: { brokers: '' } }, 'keda-existing-values.yaml'],
  [
    /KEDA needs the SASL mechanism/,
    {
      kafka: { sasl: { existingSecret: 'x' } },
      autoscaling: { keda: { authenticationRef: null } },
    },
    'keda-existing-values.yaml',
  ],
  [/KEDA would ask the brokers without user and password/, signingIn(), 'keda-values.yaml'],
  [/KEDA asks a token endpoint only as/, signingIn({}, TOKEN), 'keda-values.yaml'],
  [
    /KEDA would ask the brokers without the certificates/,
    { ...bare, config: withKafka(`${identity}, brokers: "kafka:9093", tls: { ca: "\${CA}" }`) },
    'keda-values.yaml',
  ],
  [
    /scrape every pod twice/,
    { metrics: { podMonitor: { enabled: true } } },
    'servicemonitor-values.yaml',
  ],
  [
    /disabled names StreamEnricherSkew, which is no alert/,
    { metrics: { prometheusRule: { disabled: ['StreamEnricherSkew'] } } },
    'alerts-values.yaml',
  ],
  [
    /reach the broker kafka-0.kafka:9092: add 9092/,
    { networkPolicy: { kafka: { ports: [9093] } } },
    'networkpolicy-values.yaml',
  ],
  [
    /reach the broker kafka:9093: add 9093/,
    { networkPolicy: { enabled: true } },
    'existing-configmap-values.yaml',
  ],
  [
    /reach the registry https:\/\/registry:8443: add 8443/,
    { networkPolicy: { registry: { ports: [8081] } } },
    'secrets-values.yaml',
  ],
  [/registry https:\/\/r.example.org\/api: add 443/, behindPolicy('https://r.example.org/api')],
  [/registry http:\/\/\[2001:db8::1\]: add 80/, behindPolicy('http://[2001:db8::1]')],
]

for (const [says, values, feature = 'default-values.yaml'] of cases) {
  test(`refused: ${says.source}`, needsHelm, () => {
    assert.throws(() => render(feature, values), says)
  })
}

test('refused: a release of whose name no service can be called', needsHelm, () => {
  for (const release of ['1st', 'orders.v2']) {
    assert.throws(
      () => render('default-values.yaml', {}, [], release),
      /would be called .*: set fullnameOverride/,
    )
  }
  render('default-values.yaml', { fullnameOverride: 'orders' }, [], 'orders.v2')
})

test('KEDA may have credentials of its own', needsHelm, () => {
  const own = { name: 'kafka' }
  const objects = render('keda-values.yaml', signingIn({ authenticationRef: own }))
  const [{ spec }] = ofKind(objects, 'ScaledObject')
  for (const { metadata, authenticationRef } of spec.triggers) {
    assert.equal(metadata.sasl, 'plaintext')
    assert.deepEqual(authenticationRef, own)
  }
})

test('a chart without alerts or dashboard says so when they are wanted', needsHelm, (t) => {
  const chart = mkdtempSync(join(tmpdir(), 'chart-'))
  t.after(() => rmSync(chart, { recursive: true }))
  cpSync(CHART, chart, { recursive: true })
  rmSync(join(chart, 'files'), { recursive: true, force: true })
  for (const [part, says] of [
    ['prometheusRule', /files\/rules.yaml is missing/],
    ['dashboard', /files\/dashboard.json is missing/],
  ] as const) {
    const values = { metrics: { [part]: { enabled: true } } }
    assert.throws(() => helmTemplate(chart, 'default-values.yaml', values), says)
  }
})
