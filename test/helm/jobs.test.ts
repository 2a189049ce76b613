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
  statefulSet,
  type Values,
} from './chart.ts'

const hookOf = ({ metadata }: KubernetesObject): string | undefined =>
  metadata.annotations?.['helm.sh/hook']

/** The jobs by their commands. */
const byCommand = (objects: readonly KubernetesObject[]): Record<string, KubernetesObject> =>
  Object.fromEntries(
    ofKind(objects, 'Job').map((job) => [job.spec.template.spec.containers[0].args[0], job]),
  )

/** Those of a release with instances, and of one without. */
function allJobs(feature: string, values: Values = {}): Record<string, KubernetesObject> {
  const replay = { enabled: true, args: ['--output', 'again'] }
  const running = { jobs: { check: { enabled: true }, replay } }
  const stopped = { jobs: { reset: { enabled: true } }, replicaCount: 0 }
  const jobs = [running, stopped].map((more) => byCommand(render(feature, { ...values, ...more })))
  const all = Object.assign({}, ...jobs)
  assert.deepEqual(Object.keys(all).sort(), ['check', 'replay', 'reset'])
  return all
}

test('a job has the settings, files and rights of an instance', needsHelm, () => {
  for (const feature of ['secrets-values.yaml', 'extras-values.yaml', 'files-values.yaml']) {
    const objects = render(feature)
    const { ports, startupProbe, livenessProbe, readinessProbe, lifecycle, ...instance } =
      containerOf(objects)
    const { topologySpreadConstraints, ...pod } = podOf(objects).spec
    for (const [command, { spec }] of Object.entries(allJobs(feature))) {
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
  const objects = [...render('jobs-values.yaml'), ...render('reset-values.yaml')]
  const [, file] = containerOf(objects).args
  const args = Object.values(byCommand(objects)).map(
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
  const { name } = statefulSet(render('default-values.yaml')).metadata
  for (const { spec } of Object.values(allJobs('default-values.yaml'))) {
    const [identity] = spec.template.spec.containers[0].env
    assert.deepEqual(identity, { name: 'POD_NAME', value: `${name}-0` })
  }
})

test('a job has a state folder as large as an instance’s, which goes with it', needsHelm, () => {
  const [{ spec }] = statefulSet(render('persistence-values.yaml')).spec.volumeClaimTemplates
  const volumes = (values: Values = {}): KubernetesObject[] =>
    Object.values(allJobs('persistence-values.yaml', values)).map((job) =>
      job.spec.template.spec.volumes.find(({ name }: KubernetesObject) => name === 'state'),
    )
  for (const { ephemeral } of volumes()) assert.deepEqual(ephemeral.volumeClaimTemplate, { spec })
  for (const { emptyDir } of volumes({ persistence: { enabled: false } })) {
    assert.deepEqual(emptyDir, { sizeLimit: '50Gi' })
  }
})

test('the check is given what the release is going to have, before it has it', needsHelm, () => {
  const objects = render('jobs-values.yaml')
  const { check } = byCommand(objects)
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
  const { check, reset } = allJobs('existing-configmap-values.yaml', { serviceAccount })
  assert.deepEqual(check.spec.template.spec, {
    ...reset.spec.template.spec,
    containers: check.spec.template.spec.containers,
  })
  assert.equal(check.spec.template.spec.serviceAccountName, 'streams')
})

test(
  'a reset comes after the upgrade that has stopped the instances, and no check before',
  needsHelm,
  () => {
    const objects = render('reset-values.yaml')
    assert.equal(hookOf(byCommand(objects).reset), 'post-install,post-upgrade')
    assert.equal(byCommand(objects).check, undefined)
    assert.deepEqual(
      objects.filter((object) => /^pre-/.test(hookOf(object) ?? '')),
      [],
    )
  },
)

test('a job that the command ends fails at once, with what it has said', needsHelm, () => {
  for (const { spec } of Object.values(allJobs('default-values.yaml'))) {
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
      const { replay } = byCommand(render('jobs-values.yaml', values))
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
  const { matchLabels, matchExpressions } = spec.podSelector
  const [{ key, operator, values }] = matchExpressions
  assert.equal(operator, 'NotIn')
  for (const job of Object.values(allJobs('jobs-values.yaml'))) {
    const { labels } = job.spec.template.metadata
    assert.ok(!values.includes(labels[key]))
    assert.deepEqual({ ...labels, ...matchLabels }, labels)
    assert.notEqual(labels[key], podOf(objects).metadata.labels[key])
  }
})
