/** What Helm renders, for each feature of the chart. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parse } from 'yaml'
import { parsePipeline } from '../../src/config/load.ts'
import { alerts } from '../monitoring/rules.ts'
import {
  containerOf,
  features,
  type KubernetesObject,
  needsHelm,
  notes,
  ofKind,
  podOf,
  RELEASE,
  render,
  statefulSet,
} from './chart.ts'

const CONFIG = '/etc/stream-enricher'
const selects = (selector: KubernetesObject, labels: KubernetesObject): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value)

/** The package that has a kind's model, and its path there. */
function modelOf(apiVersion: string): string {
  if (apiVersion.startsWith('monitoring.coreos.com'))
    return `@kubernetes-models/prometheus-operator/${apiVersion}`
  if (apiVersion.startsWith('keda.sh')) return `@kubernetes-models/keda/${apiVersion}`
  return `kubernetes-models/${apiVersion}`
}

/** Lays the volume of the pipeline file into a folder; secrets that exist elsewhere have made-up values. */
function layConfig(t: TestContext, objects: readonly KubernetesObject[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'pod-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [{ projected }] = podOf(objects).spec.volumes
  for (const { configMap, secret } of projected.sources) {
    const { name, items } = configMap ?? secret
    const kind = secret === undefined ? 'ConfigMap' : 'Secret'
    const found = ofKind(objects, kind).find((object) => object.metadata.name === name)
    const data = found?.data ?? found?.stringData
    assert.ok(data !== undefined || secret !== undefined, `${kind} ${name} is rendered`)
    const all = Object.keys(data ?? {}).map((key) => ({ key, path: key }))
    for (const { key, path } of items ?? all) {
      const file = join(folder, path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, data === undefined ? `${name}:${key}` : data[key])
    }
  }
  return folder
}

/** The pipeline as the first pod reads it. */
function pipelineOf(t: TestContext, objects: readonly KubernetesObject[]) {
  const folder = layConfig(t, objects)
  const POD_NAME = `${statefulSet(objects).metadata.name}-0`
  const env = Object.fromEntries(
    containerOf(objects).env.map(({ name, value }: KubernetesObject) => [
      name,
      value?.replace('$(POD_NAME)', POD_NAME),
    ]),
  )
  const file = join(folder, 'pipeline.yaml')
  const text = readFileSync(file, 'utf8').replaceAll(CONFIG, folder)
  return parsePipeline(text, file, { ...env, POD_NAME })
}

for (const feature of features) {
  test(`${feature} renders objects that fit their models`, needsHelm, async () => {
    for (const object of render(feature)) {
      const models = await import(modelOf(object.apiVersion))
      new models[object.kind](object).validate()
    }
  })

  test(`${feature}: what is selected is there, and the test pod is not`, needsHelm, () => {
    const objects = render(feature)
    const { labels } = podOf(objects).metadata
    const [probe] = ofKind(objects, 'Pod')
    const selectors = [
      statefulSet(objects).spec.selector.matchLabels,
      ...ofKind(objects, 'Service').map(({ spec }) => spec.selector),
      ...ofKind(objects, 'PodDisruptionBudget').map(({ spec }) => spec.selector.matchLabels),
      ...ofKind(objects, 'PodMonitor').map(({ spec }) => spec.selector.matchLabels),
    ]
    for (const selector of selectors) {
      assert.ok(selects(selector, labels))
      assert.ok(!selects(selector, probe.metadata.labels))
    }
    for (const { spec } of ofKind(objects, 'NetworkPolicy')) {
      const { matchLabels, matchExpressions } = spec.podSelector
      assert.ok(selects(matchLabels, labels))
      assert.deepEqual(matchExpressions[0].values, [probe.metadata.labels[matchExpressions[0].key]])
    }
    for (const { spec } of ofKind(objects, 'ServiceMonitor')) {
      const services = ofKind(objects, 'Service').filter(({ metadata }) =>
        selects(spec.selector.matchLabels, metadata.labels),
      )
      assert.deepEqual(
        services.map((service) => service.spec.publishNotReadyAddresses),
        [true],
      )
    }
    const names = ofKind(objects, 'Service').map(({ metadata }) => metadata.name)
    assert.ok(names.includes(statefulSet(objects).spec.serviceName))
  })

  if (!/existing/.test(feature)) {
    test(`${feature}: the pod finds a sound pipeline file`, needsHelm, (t) => {
      const objects = render(feature)
      const pipeline = pipelineOf(t, objects)
      const container = containerOf(objects)
      assert.equal(pipeline.kafka.instanceId, `${statefulSet(objects).metadata.name}-0`)
      assert.equal(pipeline.http.port, container.ports[0].containerPort)
      const mounts = container.volumeMounts.map((mount: KubernetesObject) => mount.mountPath)
      assert.ok(mounts.includes(pipeline.state.dir), pipeline.state.dir)
      const claims = statefulSet(objects).spec.volumeClaimTemplates ?? []
      const volumes = [
        ...podOf(objects).spec.volumes,
        ...claims.map(({ metadata }: KubernetesObject) => metadata),
      ]
      for (const { name } of container.volumeMounts) {
        assert.equal(volumes.filter((volume) => volume.name === name).length, 1, name)
      }
    })
  }
}

test(
  'the pipeline file keeps the order of its keys, which is that of the output',
  needsHelm,
  (t) => {
    const { dimensions } = pipelineOf(t, render('default-values.yaml'))
    assert.deepEqual(
      dimensions.map(({ name }) => name),
      ['product', 'customer'],
    )
  },
)

test(
  'a pod tells the others the name that the headless service gives it, or what the file says of itself',
  needsHelm,
  (t) => {
    const objects = render('default-values.yaml')
    const { serviceName } = statefulSet(objects).spec
    const { value } = containerOf(objects).env.find(
      ({ name }: KubernetesObject) => name === 'POD_HOST',
    )
    assert.equal(value, `$(POD_NAME).${serviceName}.default.svc`)
    assert.equal(pipelineOf(t, objects).http.advertise, null)
    for (const own of ['${POD_HOST}:8080', '${POD_NAME}.example.org:443']) {
      const [{ data }] = ofKind(objects, 'ConfigMap')
      const config = `${data['pipeline.yaml']}\nhttp: { advertise: "${own}" }`
      assert.ok(pipelineOf(t, render('default-values.yaml', { config })).http.advertise, own)
    }
  },
)

test(
  'every alert links its section of the runbook where the values say that it is, or none does',
  needsHelm,
  () => {
    const linked = (runbookUrl: string) => {
      const values = { metrics: { prometheusRule: { runbookUrl } } }
      const [{ spec }] = ofKind(render('monitoring-values.yaml', values), 'PrometheusRule')
      return spec.groups
        .flatMap(({ rules }: KubernetesObject) => rules)
        .map(({ alert, annotations }: KubernetesObject) => [alert, annotations.runbook_url])
    }
    const url = 'https://wiki.example.org/RUNBOOK.md'
    const wanted = alerts.map(({ alert }) => [alert, `${url}#${alert.toLowerCase()}`])
    assert.deepEqual(linked(url), wanted)
    assert.deepEqual(
      linked(''),
      alerts.map(({ alert }) => [alert, undefined]),
    )
  },
)

test('probes and arguments name what the service has', needsHelm, () => {
  const objects = render('default-values.yaml')
  const health = readFileSync('src/watch/http/health.ts', 'utf8')
  const { startupProbe, livenessProbe, readinessProbe } = containerOf(objects)
  for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) {
    assert.ok(health.includes(`'${httpGet.path}'`), httpGet.path)
  }
  const [probe] = ofKind(objects, 'Pod')
  for (const { args } of [containerOf(objects), ...probe.spec.containers]) {
    assert.ok(existsSync(`src/cli/${args[0]}.ts`), args[0])
  }
})

test('a probe has the settings that the values give, and otherwise its own', needsHelm, () => {
  const { startupProbe, livenessProbe, readinessProbe } = containerOf(render('extras-values.yaml'))
  const usual = containerOf(render('default-values.yaml'))
  const { httpGet, ...startup } = startupProbe
  assert.deepEqual(startup, { periodSeconds: 7, timeoutSeconds: 10, failureThreshold: 1029 })
  assert.deepEqual(livenessProbe, { ...usual.livenessProbe, failureThreshold: 12 })
  const readiness = { periodSeconds: 10, timeoutSeconds: 2, failureThreshold: 6 }
  assert.deepEqual(readinessProbe, { ...usual.readinessProbe, ...readiness })
})

test('lifecycle hooks and names to look up are where Kubernetes has them', needsHelm, () => {
  const objects = render('extras-values.yaml')
  assert.equal(containerOf(objects).lifecycle.preStop.exec.command[0], 'node')
  const { dnsPolicy, dnsConfig, hostAliases } = podOf(objects).spec
  assert.equal(dnsPolicy, 'None')
  assert.deepEqual(dnsConfig.nameservers, ['10.0.0.10'])
  assert.deepEqual(hostAliases, [{ ip: '10.0.0.11', hostnames: ['kafka-0.kafka'] }])
})

test('an ingress leads to the service of ready pods, by a port that it has', needsHelm, () => {
  const objects = render('ingress-values.yaml')
  const [{ metadata, spec }] = ofKind(objects, 'Ingress')
  assert.deepEqual(metadata.annotations, { 'cert-manager.io/cluster-issuer': 'internal' })
  assert.equal(spec.ingressClassName, 'nginx')
  const [{ host, http }] = spec.rules
  assert.deepEqual(spec.tls, [{ hosts: [host], secretName: 'orders-tls' }])
  const { name, port } = http.paths[0].backend.service
  const service = ofKind(objects, 'Service').find((object) => object.metadata.name === name)
  assert.equal(service.spec.publishNotReadyAddresses, undefined)
  assert.ok(service.spec.ports.some((one: KubernetesObject) => one.name === port.name))
})

test(
  'the notes warn of an ingress, for it shows records, and of one without a certificate',
  needsHelm,
  () => {
    const [said, plain] = ['orders-tls', ''].map((tlsSecret) =>
      notes('ingress-values.yaml', { ingress: { tlsSecret } }),
    )
    assert.match(said, /https:\/\/orders.example.com\/\n/)
    assert.match(said, /show records to whoever reaches orders.example.com/)
    assert.doesNotMatch(said, /in plain/)
    assert.match(plain, /http:\/\/orders.example.com\/\n/)
    assert.match(plain, /in plain/)
    assert.doesNotMatch(notes('default-values.yaml'), /from outside|show records|in plain/)
  },
)

test('user, password and token come from files, and are in no ConfigMap', needsHelm, (t) => {
  const objects = render('inline-secrets-values.yaml')
  const { sasl } = pipelineOf(t, objects).kafka
  assert.deepEqual(sasl, { ...sasl, password: 'p"ss: #1' })
  assert.doesNotMatch(JSON.stringify(ofKind(objects, 'ConfigMap')), /ss: #1/)
  const existing = pipelineOf(t, render('secrets-values.yaml'))
  assert.deepEqual(existing.kafka.sasl, { ...existing.kafka.sasl, username: 'kafka-user:user' })
  assert.equal(existing.registry?.password, 'registry-user:token')
  assert.equal(existing.http.token, 'admin:bearer')
})

test('Strimzi’s secrets are read as they are, each from where it is', needsHelm, (t) => {
  const { sasl, tls } = pipelineOf(t, render('strimzi-scram-values.yaml')).kafka
  const user = { username: 'orders-enricher', password: 'orders-enricher:password' }
  assert.deepEqual(sasl, { mechanism: 'scram-sha-512', ...user })
  assert.equal(tls?.ca, 'prod-cluster-ca-cert:ca.crt')
  const client = pipelineOf(t, render('strimzi-tls-values.yaml')).kafka.tls
  assert.deepEqual(
    [client?.ca, client?.cert, client?.key],
    ['prod-cluster-ca-cert:ca.crt', 'orders-enricher:user.crt', 'orders-enricher:user.key'],
  )
})

test(
  'the secret that the chart makes for a user beside a password has no password',
  needsHelm,
  () => {
    const [{ metadata, stringData }] = ofKind(render('strimzi-scram-values.yaml'), 'Secret')
    assert.equal(metadata.name, `${RELEASE}-stream-enricher-kafka`)
    assert.deepEqual(stringData, { username: 'orders-enricher' })
  },
)

test('KEDA reads each of the files from the secret that the pods read it from', needsHelm, () => {
  const files = { ca: 'ca.crt', cert: 'tls.crt', key: 'tls.key' }
  const keda = { partitions: 6, autoscaling: { keda: { enabled: true } } }
  for (const feature of features.filter((name) => /^(secrets|strimzi)/.test(name))) {
    const objects = render(feature, keda)
    const [{ spec }] = ofKind(objects, 'TriggerAuthentication')
    const read = spec.secretTargetRef.map(({ parameter, name, key }: KubernetesObject) => [
      files[parameter as keyof typeof files] ?? parameter,
      name,
      key,
    ])
    const mounted = podOf(objects)
      .spec.volumes[0].projected.sources.flatMap(({ secret }: KubernetesObject) =>
        (secret?.items ?? []).map((item: KubernetesObject) => ({ ...item, name: secret.name })),
      )
      .filter(({ path }: KubernetesObject) => path.startsWith('secrets/kafka'))
      .map(({ path, name, key }: KubernetesObject) => [basename(path), name, key])
    assert.ok(read.length > 0)
    assert.deepEqual(read.sort(), mounted.sort(), feature)
  }
})

test(
  'a changed pipeline file rolls the pods, a changed limit of replicas does not',
  needsHelm,
  () => {
    const before = podOf(render('files-values.yaml'))
    assert.deepEqual(podOf(render('files-values.yaml', { replicaCount: 5 })), before)
    const files = { 'schemas/order.avsc': '{}' }
    assert.notDeepEqual(podOf(render('files-values.yaml', { files })), before)
  },
)

test(
  'what a StatefulSet cannot change stays as it is under other labels, images and pipelines',
  needsHelm,
  () => {
    const fixed = (objects: readonly KubernetesObject[]) => {
      const { selector, serviceName, podManagementPolicy, volumeClaimTemplates } =
        statefulSet(objects).spec
      return { selector, serviceName, podManagementPolicy, volumeClaimTemplates }
    }
    const changed = {
      commonLabels: { a: 'b' },
      podLabels: { c: 'd' },
      image: { tag: '9' },
      replicaCount: 4,
    }
    assert.deepEqual(
      fixed(render('default-values.yaml', changed)),
      fixed(render('default-values.yaml')),
    )
  },
)

test('an autoscaler owns the replicas', needsHelm, () => {
  for (const feature of features) {
    const scaled = /^(hpa|keda)/.test(feature)
    assert.equal('replicas' in statefulSet(render(feature)).spec, !scaled, feature)
  }
})

test('KEDA watches both inputs, with a lag above what commit markers leave', needsHelm, () => {
  const [scaled] = ofKind(render('keda-values.yaml'), 'ScaledObject')
  assert.equal(scaled.spec.minReplicaCount, 1)
  assert.deepEqual(
    scaled.spec.triggers.map(({ metadata }: KubernetesObject) => metadata.topic),
    ['orders', 'payments'],
  )
  for (const { metadata } of scaled.spec.triggers) {
    assert.equal(metadata.consumerGroup, 'orders')
    assert.ok(Number(metadata.activationLagThreshold) > 6)
    assert.equal(metadata.sasl, 'scram_sha512')
  }
})

test('millions of records are written as digits', needsHelm, () => {
  const autoscaling = { lagPerReplica: 5_000_000, keda: { activationLagThreshold: 1_000_000 } }
  const [keda] = ofKind(render('keda-values.yaml', { autoscaling }), 'ScaledObject')
  assert.equal(keda.spec.triggers[0].metadata.lagThreshold, '5000000')
  assert.equal(keda.spec.triggers[0].metadata.activationLagThreshold, '1000000')
  const hpa = ofKind(render('hpa-values.yaml', { autoscaling }), 'HorizontalPodAutoscaler')[0]
  assert.equal(hpa.spec.metrics[0].pods.target.averageValue, '5000000')
})

test('names fit the labels that Kubernetes makes of them', needsHelm, () => {
  const fullnameOverride = 'n'.repeat(80)
  const objects = render('extras-values.yaml', { fullnameOverride })
  assert.ok(`${statefulSet(objects).metadata.name}-0123456789`.length <= 63)
  for (const { metadata } of ofKind(objects, 'Service')) assert.ok(metadata.name.length <= 63)
})

test('the objects of a release have its name', needsHelm, () => {
  for (const { kind, metadata } of render('monitoring-values.yaml')) {
    assert.match(metadata.name, new RegExp(`^${RELEASE}-stream-enricher`), kind)
  }
})

test('names that YAML would take for numbers or truth values stay names', needsHelm, async () => {
  const secret = { existingSecret: '1', usernameKey: '1', passwordKey: 'null' }
  const values = {
    nameOverride: '1e3',
    fullnameOverride: 'true',
    kafka: { sasl: secret, tls: { existingSecret: '3' } },
    registry: { auth: { ...secret, existingSecret: '4' } },
    serviceAccount: { name: 'on' },
    persistence: { storageClass: '5' },
    priorityClassName: '6',
    files: { '7': '{}', no: '{}' },
    ingress: { enabled: true, className: '10', host: '11', tlsSecret: '12' },
    networkPolicy: { extraIngress: [{}] },
    jobs: { check: { enabled: true }, replay: { enabled: true, args: ['--output', '13'] } },
  }
  for (const feature of ['keda-values.yaml', 'secrets-values.yaml', 'inline-secrets-values.yaml']) {
    const inline = feature.startsWith('inline')
    const own = inline ? { kafka: { sasl: { username: '14' } }, registry: {} } : {}
    for (const object of render(feature, { ...values, ...own }, ['--namespace', '8'], '9')) {
      const models = await import(modelOf(object.apiVersion))
      new models[object.kind](object).validate()
    }
  }
})

test('a value with quotes is read in the pipeline file as it is', needsHelm, () => {
  const [{ data }] = ofKind(render('default-values.yaml'), 'ConfigMap')
  const config = `${data['pipeline.yaml']}\nstate: { dir: "\${DIR}" }`
  const extraEnv = [{ name: 'DIR', value: '/a"b\\c' }]
  const { volumeMounts } = containerOf(render('default-values.yaml', { config, extraEnv }))
  assert.ok(volumeMounts.some(({ mountPath }: KubernetesObject) => mountPath === '/a"b\\c'))
})

test('the notes warn of a session that ends before a pod is back', needsHelm, (t) => {
  const objects = render('default-values.yaml')
  assert.equal(pipelineOf(t, objects).kafka.sessionTimeoutMs, 45_000)
  const [{ data }] = ofKind(objects, 'ConfigMap')
  const warns = (line: string): boolean => {
    const config = data['pipeline.yaml'].replace(/ *sessionTimeout: 45s\n/, line)
    return /sessionTimeout/.test(notes('default-values.yaml', { config }))
  }
  for (const line of ['', '  sessionTimeout: 10s\n', '  sessionTimeout: 29999ms\n']) {
    assert.ok(warns(line), line)
  }
  for (const duration of ['30s', '45s', '100s', '30000ms', '1m', '${SESSION}']) {
    assert.ok(!warns(`  sessionTimeout: ${duration}\n`), duration)
  }
})

test(
  'a pipeline file that the chart does not read may leave out port and state folder, and the notes say the rest',
  needsHelm,
  () => {
    const least =
      '{ name: a, kafka: { brokers: "b:9092" }, registry: { url: http://r }, facts: { topic: f }, join: { topic: j, on: id, within: 1s }, output: { topic: o } }'
    const { http, state } = parsePipeline(least, 'pipeline.yaml', {})
    const objects = render('existing-configmap-values.yaml')
    const { ports, volumeMounts } = containerOf(objects)
    assert.equal(ports[0].containerPort, http.port)
    assert.ok(volumeMounts.some(({ mountPath }: KubernetesObject) => mountPath === state.dir))
    const said = notes('existing-configmap-values.yaml')
    for (const line of [
      'instanceId: ${POD_NAME}',
      `http.port: ${http.port}`,
      `state.dir: ${state.dir}`,
    ]) {
      assert.ok(said.includes(line), line)
    }
    assert.doesNotMatch(notes('default-values.yaml'), /does not read/)
  },
)

test('the notes warn of an image that is in no registry', needsHelm, () => {
  const warns = (repository: string): boolean =>
    /names no registry/.test(notes('default-values.yaml', { image: { repository } }))
  const { image } = containerOf(render('default-values.yaml'))
  assert.ok(warns(image.split(':')[0]), 'that by default')
  assert.ok(warns('team/stream-enricher'))
  for (const host of ['registry.example.com', 'registry.example.com/a', 'r:5000', 'localhost']) {
    assert.ok(!warns(`${host}/stream-enricher`), host)
  }
})

test('the README’s values for OpenShift leave user and group to the cluster', needsHelm, () => {
  const readme = readFileSync('helm/stream-enricher/README.md', 'utf8')
  const [, , values] = /## OpenShift(.*?)```yaml\n(.*?)```/s.exec(readme) ?? []
  const objects = render('networkpolicy-values.yaml', parse(values))
  const { runAsUser, runAsGroup, fsGroup, runAsNonRoot } = podOf(objects).spec.securityContext
  assert.deepEqual(
    [runAsUser, runAsGroup, fsGroup, runAsNonRoot],
    [undefined, undefined, undefined, true],
  )
  const [{ spec }] = ofKind(objects, 'NetworkPolicy')
  assert.match(JSON.stringify(spec.egress), /5353/)
})

test('a comma between brokers is written as the README does', needsHelm, () => {
  const readme = readFileSync('helm/stream-enricher/README.md', 'utf8')
  const [, set] = /--set '(kafka.brokers=[^']+)'/.exec(readme) ?? []
  const { env } = containerOf(render('default-values.yaml', {}, ['--set', set]))
  const { value } = env.find(({ name }: KubernetesObject) => name === 'KAFKA_BROKERS')
  assert.equal(value, 'kafka-0:9092,kafka-1:9092')
})
