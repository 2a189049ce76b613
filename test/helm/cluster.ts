/** A release's life on a real API server: `npm run helm-cluster`. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  CHART,
  completeChart,
  features,
  type KubernetesObject,
  ownKinds,
  RELEASE,
  type Values,
} from './chart.ts'
import { startControlPlane, until } from './control-plane.ts'
import { tool } from './tools.ts'

const NAMESPACE = 'streams'
const NAME = `${RELEASE}-stream-enricher`
const plane = await startControlPlane()
after(() => plane.stop())
plane.kubectl(['apply', '-f', '-'], surroundings())

const get = (...names: string[]): KubernetesObject =>
  JSON.parse(plane.kubectl(['get', '-n', NAMESPACE, '-o', 'json', ...names]))
const statefulSet = (): KubernetesObject => get(`statefulset/${NAME}`)
const pods = (): KubernetesObject[] => get('pods').items

function helm(command: string, ...args: string[]): string {
  const all = [command, ...args, '-n', NAMESPACE, '--kubeconfig', plane.kubeconfig]
  const { status, stdout, stderr } = spawnSync(tool('helm')!, all, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout
}

/** Installs or upgrades the release; quick, so that rollouts do not wait for what kwok's pods are at once. */
function put(command: 'install' | 'upgrade', values: Values = {}): string {
  const all = { replicaCount: 3, minReadySeconds: 0, ...values }
  const set = Object.entries(all).flatMap(([key, value]) => [
    '--set-json',
    `${key}=${JSON.stringify(value)}`,
  ])
  const file = join(CHART, 'ci/secrets-values.yaml')
  return helm(command, RELEASE, completeChart(), '-f', file, ...set, '--wait', '--timeout', '90s')
}

/** When every pod is of the newest revision, and ready. */
const rolledOut = (): Promise<string> =>
  until(() =>
    plane.kubectl(['rollout', 'status', '-n', NAMESPACE, `statefulset/${NAME}`, '--timeout=90s']),
  )

const checksum = (): string => statefulSet().spec.template.metadata.annotations['checksum/secrets']

for (const feature of features) {
  test(`the API server takes every field of ${feature}`, () => {
    const strictly = ['apply', '-n', NAMESPACE, '--dry-run=server', '--validate=strict', '-f', '-']
    const text = ownKinds(feature).replaceAll(/namespace: "\w+"/g, `namespace: ${NAMESPACE}`)
    plane.kubectl(strictly, text)
  })
}

const headlessPorts = (): number[] =>
  get(`service/${NAME}-headless`).spec.ports.map(({ port }: KubernetesObject) => port)

test('the notes warn of what one may not have meant', () => {
  const notes = (feature: string, ...more: string[]): string =>
    helm('install', 'x', CHART, '-f', join(CHART, 'ci', feature), '--dry-run=server', ...more)
  const ephemeral = notes('ephemeral-values.yaml')
  assert.match(ephemeral, /persistence is off/)
  assert.match(ephemeral, /3 instances, but the facts have 2 partitions: 1 of them will stand idle/)
  assert.match(notes('existing-configmap-values.yaml'), /orders-pipeline does not roll the pods/)
  assert.match(notes('default-values.yaml'), /names no registry/)
  const pushed = ['--set', 'image.repository=registry.example/stream-enricher']
  assert.doesNotMatch(notes('default-values.yaml', ...pushed), /WARNING/)
})

test('it installs where Pod Security restricted is enforced, with a claim for each pod', async () => {
  const notes = put('install')
  assert.match(notes, /consumer group +orders/)
  await rolledOut()
  assert.deepEqual(
    pods().map(({ metadata }) => metadata.name),
    [0, 1, 2].map((i) => `${NAME}-${i}`),
  )
  const claims = get('pvc').items.map(({ metadata, status }: KubernetesObject) => [
    metadata.name,
    status.phase,
  ])
  assert.deepEqual(
    claims,
    [0, 1, 2].map((i) => [`state-${NAME}-${i}`, 'Bound']),
  )
})

test('helm test makes pods that are admitted', () => {
  assert.match(helm('test', RELEASE, '--timeout', '60s'), /Phase: +Succeeded/)
})

test('the disruption budget counts the pods', async () => {
  await until(() => {
    const { status } = get(`pdb/${NAME}`)
    assert.deepEqual([status.expectedPods, status.disruptionsAllowed], [3, 1])
  })
})

test('a changed pipeline file rolls the pods, and a rollback brings the old one back', async () => {
  const before = statefulSet().status.currentRevision
  const config = get(`configmap/${NAME}`).data['pipeline.yaml']
  put('upgrade', { config: `${config}http: { port: 9090 }\n` })
  await rolledOut()
  assert.notEqual(statefulSet().status.currentRevision, before)
  assert.deepEqual(headlessPorts(), [9090])
  helm('rollback', RELEASE, '1', '--wait')
  await rolledOut()
  assert.equal(get(`configmap/${NAME}`).data['pipeline.yaml'], config)
  assert.equal(statefulSet().status.currentRevision, before)
  assert.deepEqual(headlessPorts(), [8080])
})

test('a secret’s new content rolls the pods at the next upgrade', () => {
  const before = checksum()
  put('upgrade')
  assert.equal(checksum(), before)
  const password = Buffer.from('new').toString('base64')
  plane.kubectl([
    'patch',
    '-n',
    NAMESPACE,
    'secret/kafka-user',
    '-p',
    JSON.stringify({ data: { password } }),
  ])
  put('upgrade')
  assert.notEqual(checksum(), before)
})

test('what is scaled away takes its claim along', async () => {
  put('upgrade', { replicaCount: 2 })
  await until(() => assert.equal(get('pvc').items.length, 2))
})

test('a new size is refused, and taken once the StatefulSet has let go of its pods', async () => {
  const values = { replicaCount: 2, persistence: { size: '20Gi' } }
  assert.throws(() => put('upgrade', values), /updates to statefulset spec/)
  const kept = pods().map(({ metadata }) => metadata.uid)
  plane.kubectl(['delete', '-n', NAMESPACE, `statefulset/${NAME}`, '--cascade=orphan'])
  put('upgrade', values)
  assert.deepEqual(
    pods().map(({ metadata }) => metadata.uid),
    kept,
  )
})

test('an autoscaler takes over, from as many replicas as there are', async () => {
  const autoscaling = { hpa: { enabled: true }, minReplicas: 3 }
  put('upgrade', { partitions: 12, autoscaling, persistence: { size: '20Gi' } })
  assert.equal(statefulSet().spec.replicas, 2)
  await until(() => assert.equal(statefulSet().spec.replicas, 3))
})

test('monitoring objects fail loudly where the cluster does not know them', () => {
  const metrics = { podMonitor: { enabled: true } }
  assert.throws(() => put('upgrade', { metrics }), /no matches for kind "PodMonitor"/)
})

test('uninstalling leaves the claims, and nothing else', async () => {
  helm('uninstall', RELEASE, '--wait')
  await until(() => assert.deepEqual(pods(), []))
  const mine = ['-l', `app.kubernetes.io/instance=${RELEASE}`]
  assert.deepEqual(get('all,configmap,secret,pdb,networkpolicy,serviceaccount', ...mine).items, [])
  assert.equal(get('pvc', ...mine).items.length, 3)
})

/** How the hooks of a release have ended, by their objects' names. */
function hooksOf(release: string): Record<string, string> {
  const { hooks } = JSON.parse(helm('status', release, '-o', 'json'))
  return Object.fromEntries(
    hooks.map(({ name, last_run }: KubernetesObject) => [name, last_run.phase]),
  )
}

const jobs = (): KubernetesObject[] => get('jobs').items

test('jobs come when they are wanted, and leave nothing of what they are given', async () => {
  const more = ['--wait', '--timeout', '90s']
  const values = (feature: string): string[] => ['-f', join(CHART, 'ci', feature), ...more]
  helm('install', 'j', completeChart(), ...values('jobs-values.yaml'))
  assert.equal(hooksOf('j')['j-stream-enricher-check'], 'Succeeded')
  const [replay, ...others] = jobs()
  assert.match(replay.metadata.name, /^j-stream-enricher-replay-/)
  assert.deepEqual(others, [])
  assert.doesNotMatch(plane.kubectl(['get', '-n', NAMESPACE, 'configmap,secret']), /-check/)
  helm('upgrade', 'j', completeChart(), ...values('jobs-values.yaml'))
  assert.equal(jobs()[0].metadata.uid, replay.metadata.uid)
  helm('upgrade', 'j', completeChart(), ...values('reset-values.yaml'))
  assert.equal(hooksOf('j')['j-stream-enricher-reset'], 'Succeeded')
  await until(() => assert.deepEqual(jobs(), []))
})

test('nothing is changed where the check fails, and its job stays to be read', () => {
  const before = get('statefulset/j-stream-enricher').metadata.generation
  const set = ['--set', 'podAnnotations.fails=yes']
  const file = join(CHART, 'ci/jobs-values.yaml')
  assert.throws(
    () => helm('upgrade', 'j', completeChart(), '-f', file, ...set, '--timeout', '60s'),
    /pre-upgrade hooks failed/,
  )
  assert.equal(get('statefulset/j-stream-enricher').metadata.generation, before)
  const [check] = jobs()
  assert.equal(check.metadata.name, 'j-stream-enricher-check')
  assert.equal(check.status.failed, 1)
  helm('uninstall', 'j')
})

/** What is there before the release. */
function surroundings(): string {
  const secret = (name: string, keys: string): string => `
apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: ${NAMESPACE} }
stringData: { ${keys} }
---`
  const volume = (i: number): string => `
apiVersion: v1
kind: PersistentVolume
metadata: { name: disk-${i} }
spec: { capacity: { storage: 20Gi }, accessModes: [ReadWriteOnce], hostPath: { path: /disk-${i} } }
---`
  return `
apiVersion: v1
kind: Namespace
metadata: { name: ${NAMESPACE}, labels: { pod-security.kubernetes.io/enforce: restricted } }
---
${secret('kafka-user', 'user: x, password: x')}
${secret('kafka-client', 'ca.crt: x, tls.crt: x, tls.key: x')}
${secret('admin', 'bearer: x')}
${secret('registry-user', 'username: x, token: x')}
${Array.from({ length: 12 }, (_, i) => volume(i)).join('')}
`
}
