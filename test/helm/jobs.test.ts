/** What Helm renders of `check`, `reset` and `replay` as jobs. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import {
  containerOf,
  type KubernetesObject,
  needsHelm,
  notes,
  ofKind,
  podOf,
  render,
  type Values,
} from './chart.ts'

const ENABLED = {
  replicaCount: 0,
  jobs: {
    check: { enabled: true },
    reset: { enabled: true },
    replay: { enabled: true, args: ['--output', 'again'] },
  },
}
const hookOf = ({ metadata }: KubernetesObject): string | undefined =>
  metadata.annotations?.['helm.sh/hook']

/** The jobs by their commands. */
function jobsOf(objects: readonly KubernetesObject[]): Record<string, KubernetesObject> {
  const jobs = ofKind(objects, 'Job').map((job) => [
    job.spec.template.spec.containers[0].args[0],
    job,
  ])
  return Object.fromEntries(jobs)
}

test('a job has the settings, files and rights of an instance', needsHelm, () => {
  for (const feature of ['secrets-values.yaml', 'extras-values.yaml', 'files-values.yaml']) {
    const objects = render(feature, ENABLED)
    const { ports, startupProbe, livenessProbe, readinessProbe, lifecycle, ...instance } =
      containerOf(objects)
    const { topologySpreadConstraints, ...pod } = podOf(objects).spec
    for (const [command, { spec }] of Object.entries(jobsOf(objects))) {
      const { restartPolicy, ...same } = spec.template.spec
      const [{ terminationMessagePolicy, ...container }, ...more] = same.containers
      assert.deepEqual(more, [])
      const args = [command, ...container.args.slice(1)]
      const env = [container.env[0], ...instance.env.slice(1)]
      assert.deepEqual(container, { ...instance, args, env })
      const [config, tmp, state, ...others] = same.volumes
      assert.deepEqual(
        [config.projected.sources.slice(1), tmp, ...others],
        [pod.volumes[0].projected.sources.slice(1), ...pod.volumes.slice(1)],
      )
      assert.equal(state.name, 'state')
      const { serviceAccountName } = command === 'check' ? same : pod
      const { containers, volumes } = same
      assert.deepEqual(same, { ...pod, containers, volumes, serviceAccountName })
    }
  }
})

test('a job’s command is one of the service’s, on the same file', needsHelm, () => {
  const objects = render('jobs-values.yaml')
  const [, file] = containerOf(objects).args
  const args = Object.values(jobsOf(objects)).map(
    ({ spec }) => spec.template.spec.containers[0].args,
  )
  assert.deepEqual(args.sort(), [
    ['check', file],
    ['replay', file, '--output', 'orders.again', '--from', '2025-01-31T10:00:00Z'],
    ['reset', file, '--yes'],
  ])
  for (const [command] of args) assert.ok(existsSync(`src/cli/${command}.ts`), command)
})

test('a job has the identity of the first instance, which has its rights', needsHelm, () => {
  const objects = render('jobs-values.yaml')
  const [{ metadata }] = ofKind(objects, 'StatefulSet')
  for (const { spec } of ofKind(objects, 'Job')) {
    const [identity] = spec.template.spec.containers[0].env
    assert.deepEqual(identity, { name: 'POD_NAME', value: `${metadata.name}-0` })
  }
})

test('a job has a state folder as large as an instance’s, which goes with it', needsHelm, () => {
  const volumesOf = (values: Values): KubernetesObject[] =>
    ofKind(render('persistence-values.yaml', { ...ENABLED, ...values }), 'Job').map(({ spec }) =>
      spec.template.spec.volumes.find(({ name }: KubernetesObject) => name === 'state'),
    )
  const [{ spec }] = ofKind(render('persistence-values.yaml'), 'StatefulSet')
  for (const { ephemeral } of volumesOf({})) {
    assert.deepEqual(ephemeral.volumeClaimTemplate.spec, spec.volumeClaimTemplates[0].spec)
  }
  for (const { emptyDir } of volumesOf({ persistence: { enabled: false } })) {
    assert.deepEqual(emptyDir, { sizeLimit: '50Gi' })
  }
})

test('the check is given what the release is going to have, before it has it', needsHelm, () => {
  const objects = render('jobs-values.yaml')
  const { check } = jobsOf(objects)
  assert.equal(hookOf(check), 'pre-install,pre-upgrade')
  const { serviceAccountName, volumes } = check.spec.template.spec
  assert.equal(serviceAccountName, 'default')
  const given = volumes[0].projected.sources.map(
    ({ configMap, secret }: KubernetesObject) => (configMap ?? secret).name,
  )
  assert.ok(given.length > 1)
  for (const name of given) {
    const copy = objects.find(({ kind, metadata }) => kind !== 'Job' && metadata.name === name)
    assert.equal(hookOf(copy), hookOf(check))
    assert.ok(Number(copy.metadata.annotations['helm.sh/hook-weight']) < 0)
    const own = objects.find(
      ({ kind, metadata }) => kind === copy.kind && metadata.name === name.replace('-check', ''),
    )
    assert.equal(hookOf(own), undefined)
    assert.deepEqual([copy.data, copy.stringData], [own.data, own.stringData])
  }
})

test('what exists already is given to the check as it is', needsHelm, () => {
  const serviceAccount = { create: false, name: 'streams' }
  const values = { ...ENABLED, serviceAccount }
  const objects = render('existing-configmap-values.yaml', values)
  const { check, reset } = jobsOf(objects)
  assert.deepEqual(check.spec.template.spec, {
    ...reset.spec.template.spec,
    containers: check.spec.template.spec.containers,
  })
  assert.equal(check.spec.template.spec.serviceAccountName, 'streams')
})

test('a reset comes after the upgrade that has stopped the instances', needsHelm, () => {
  const { reset } = jobsOf(render('jobs-values.yaml'))
  assert.equal(hookOf(reset), 'post-install,post-upgrade')
})

test('a job that the command ends fails at once, with what it has said', needsHelm, () => {
  for (const { spec } of ofKind(render('jobs-values.yaml'), 'Job')) {
    assert.equal(spec.backoffLimit, 0)
    const { restartPolicy, containers } = spec.template.spec
    assert.equal(restartPolicy, 'Never')
    assert.equal(containers[0].terminationMessagePolicy, 'FallbackToLogsOnError')
    const [{ action, onPodConditions }] = spec.podFailurePolicy.rules
    assert.deepEqual([action, onPodConditions[0].type], ['Ignore', 'DisruptionTarget'])
  }
})

test(
  'a replay goes on over upgrades that leave it as it is, and is another one else',
  needsHelm,
  () => {
    const nameOf = (values: Values = {}): string => {
      const { replay } = jobsOf(render('jobs-values.yaml', values))
      assert.equal(hookOf(replay), undefined)
      return replay.metadata.name
    }
    const before = nameOf()
    assert.equal(nameOf({ podDisruptionBudget: { enabled: false } }), before)
    assert.notEqual(nameOf({ jobs: { replay: { args: ['--output', 'another'] } } }), before)
    assert.notEqual(nameOf({ image: { tag: '9' } }), before)
    assert.ok(nameOf({ fullnameOverride: 'n'.repeat(80) }).length <= 63)
    assert.match(notes('jobs-values.yaml'), /logs .*component=replay/)
  },
)

test('jobs are let out as instances are, and nothing else takes them for one', needsHelm, () => {
  const objects = render('jobs-values.yaml')
  const [{ spec }] = ofKind(objects, 'NetworkPolicy')
  const [{ key, operator, values }] = spec.podSelector.matchExpressions
  assert.equal(operator, 'NotIn')
  for (const job of ofKind(objects, 'Job')) {
    const { labels } = job.spec.template.metadata
    assert.ok(!values.includes(labels[key]))
    for (const [name, value] of Object.entries(spec.podSelector.matchLabels)) {
      assert.equal(labels[name], value)
    }
    assert.notEqual(labels[key], podOf(objects).metadata.labels[key])
  }
})
