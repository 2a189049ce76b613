import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { METRICS } from '../../src/watch/metrics/metric-table.ts'
import { dashboard, rows, withAll } from './dashboard.ts'
import { exported } from './exported.ts'
import { DASHBOARD_FILE, metricsIn, RULES_FILE } from './rules.ts'
import { input, type Series, testRules, withoutPrometheus } from './tools.ts'

/** The row of what Kubernetes says. */
const PODS = 'Pods and volumes'
const panels = Object.values(rows).flat()
const queries = panels.flatMap(({ queries: of }) => Object.keys(of))

test('dashboard.json is what the list of panels says', () => {
  const written = JSON.parse(readFileSync(DASHBOARD_FILE, 'utf8'))
  assert.deepEqual(written, dashboard(), 'npm run monitoring writes it anew')
})

test('every metric of ours that the dashboard names is exported', async () => {
  const known = await exported()
  const ours = queries.flatMap(metricsIn).filter((name) => !/^(kubelet|container|kube)_/.test(name))
  assert.deepEqual(
    ours.filter((name) => !known.has(name)),
    [],
  )
})

test('every metric is on the dashboard', () => {
  const shown = new Set(
    queries.flatMap(metricsIn).map((name) => name.replace(/_(bucket|sum|count)$/, '')),
  )
  const names = Object.keys(METRICS).map((name) => `enricher_${name}`)
  const missing = names.filter(
    (name) => !shown.has(name) && !shown.has(name.replace(/_count$/, '')),
  )
  assert.deepEqual(missing, [])
})

test('what is counted per second has a unit that says so', () => {
  const perSecond = /^sum( by \([^)]*\) |)\(rate\(enricher_\w+_total\{[^}]*\}\[[^\]]*\]\)\)$/
  for (const { title, unit, queries: of } of panels) {
    if (!Object.keys(of).some((query) => perSecond.test(query))) continue
    assert.ok(['cps', 'Bps', 'reqps', 'ops', 'percentunit'].includes(unit), `${title}: ${unit}`)
  }
})

test('panels have ids and places of their own', () => {
  const { panels: all } = dashboard() as {
    panels: { id: number; gridPos: { x: number; y: number } }[]
  }
  const places = all.map(({ gridPos: { x, y } }) => `${x} ${y}`)
  assert.equal(new Set(places).size, all.length)
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length)
})

/** What Kubernetes' exporters say of a pod that uses half of all it may, and has been restarted once. */
function ofPod(namespace: string, pod: string): Series {
  const labels = `namespace="${namespace}", pod="${pod}"`
  const claim = `namespace="${namespace}", persistentvolumeclaim="state-${pod}"`
  return {
    [`container_cpu_cfs_throttled_periods_total{${labels}, container="c"}`]: '0+5x60',
    [`container_cpu_cfs_periods_total{${labels}, container="c"}`]: '0+10x60',
    [`container_memory_working_set_bytes{${labels}, container="c"}`]: '50x60',
    [`container_memory_working_set_bytes{${labels}, container=""}`]: '99x60',
    [`kube_pod_container_resource_limits{${labels}, resource="memory"}`]: '100x60',
    [`kube_pod_container_status_restarts_total{${labels}, container="c"}`]: '0x30 1x60',
    [`kubelet_volume_stats_available_bytes{${claim}}`]: '50x60',
    [`kubelet_volume_stats_capacity_bytes{${claim}}`]: '100x60',
  }
}

test('of a cluster the dashboard shows the pods and volumes of pipelines only', {
  skip: withoutPrometheus,
}, () => {
  const series = {
    'enricher_build_info{job="e", instance="i", namespace="n", pod="e-0"}': '1x60',
    ...ofPod('n', 'e-0'),
    ...ofPod('n', 'db-0'),
    // Of the same name, but another's.
    ...ofPod('m', 'e-0'),
  }
  const pod = '{namespace="n", pod="e-0"}'
  const shown: Readonly<Record<string, { labels: string; value: number }>> = {
    'CPU throttled': { labels: pod, value: 0.5 },
    'Memory of the limit': { labels: pod, value: 0.5 },
    Restarts: { labels: pod, value: 1 },
    'Volume used': {
      labels: '{namespace="n", persistentvolumeclaim="state-e-0"}',
      value: 0.5,
    },
  }
  assert.deepEqual(
    rows[PODS].map(({ title }) => title),
    Object.keys(shown),
  )
  const promql_expr_test = rows[PODS].map(({ title, queries: of }) => ({
    expr: withAll(Object.keys(of)[0], '5m'),
    eval_time: '60m',
    exp_samples: [shown[title]],
  }))
  assert.match(
    testRules(RULES_FILE, [{ ...input(series, '1m'), promql_expr_test }], '60m'),
    /SUCCESS/,
  )
})
