import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { cases } from './alert-cases.ts'
import { scenarios } from './alert-scenarios.ts'
import { exported } from './exported.ts'
import { alerts, metricsIn, RULES_FILE, RUNBOOK_FILE } from './rules.ts'
import { input, promtool, type Series, testRules, withoutPrometheus } from './tools.ts'
import { withoutJoin } from './without-join-scenarios.ts'

/** Of other exporters: kubelet. */
const FOREIGN = ['kubelet_volume_stats_available_bytes', 'kubelet_volume_stats_capacity_bytes']

test('every metric that a rule names is exported', async () => {
  const known = new Set([...(await exported()), ...FOREIGN])
  for (const { alert, expr } of alerts) {
    assert.deepEqual(
      metricsIn(expr).filter((name) => !known.has(name)),
      [],
      alert,
    )
  }
})

test('every alert has a severity, a summary, a description and its section of the runbook', () => {
  const runbook = readFileSync(RUNBOOK_FILE, 'utf8')
  const sections = [...runbook.matchAll(/^## (\w+)$/gm)].map(([, name]) => name)
  assert.deepEqual(
    sections,
    alerts.map(({ alert }) => alert),
  )
  for (const { alert, labels, annotations } of alerts) {
    assert.match(labels.severity, /^(critical|warning)$/)
    assert.ok(annotations.summary.length > 10 && annotations.description.length > 20, alert)
    assert.equal(annotations.runbook_url, `RUNBOOK.md#${alert.toLowerCase()}`)
  }
})

test('for a heap snapshot the runbook keeps the options of the image', () => {
  const optionsIn = (file: string): string[] =>
    [...readFileSync(file, 'utf8').matchAll(/NODE_OPTIONS="?(--[^"\n]*)/g)].map(([, of]) => of)
  const [ofRunbook] = optionsIn(RUNBOOK_FILE)
  for (const of of optionsIn('Dockerfile')) assert.ok(ofRunbook.startsWith(`${of} `), of)
})

test('every alert has a case in which it fires and one in which it does not', () => {
  assert.deepEqual(
    Object.keys(cases),
    alerts.map(({ alert }) => alert),
  )
})

test('promtool finds no fault in the rules', { skip: withoutPrometheus }, () => {
  assert.match(promtool(['check', 'rules', RULES_FILE]), /SUCCESS/)
})

test('promtool finds no fault in the demo’s configuration of Prometheus', {
  skip: withoutPrometheus,
}, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-prometheus-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'prometheus.yml')
  const text = readFileSync('examples/compose/prometheus.yml', 'utf8')
  const here = text.replace('/etc/prometheus/rules.yaml', RULES_FILE)
  assert.notEqual(here, text)
  writeFileSync(file, here)
  assert.match(promtool(['check', 'config', file]), /SUCCESS: .*prometheus\.yml is valid/)
})

/** The series as they are in a namespace. */
const within = (namespace: string, series: Series): Series =>
  Object.fromEntries(
    Object.entries(series).map(([name, values]) => [
      name.replace(/namespace="n", /, '').replace('{', `{namespace="${namespace}", `),
      values,
    ]),
  )

for (const alert of alerts) {
  const { fires, quiet, at, labels = {}, says } = cases[alert.alert]
  const one = (series: Series, expected: readonly object[]) => ({
    ...input(series, '1m'),
    alert_rule_test: [{ eval_time: at, alertname: alert.alert, exp_alerts: expected }],
  })
  const { summary, runbook_url } = alert.annotations
  const firing = (more: Readonly<Record<string, string>>) => ({
    exp_labels: { severity: alert.labels.severity, ...labels, ...more },
    exp_annotations: { summary, runbook_url, description: says },
  })

  test(`${alert.alert} fires when it must, and only then`, { skip: withoutPrometheus }, () => {
    assert.match(testRules(RULES_FILE, [one(fires, [firing({})]), one(quiet, [])], at), /SUCCESS/)
  })

  // The one of all pipelines has no namespace.
  if (alert.alert === 'StreamEnricherNothingScraped') continue
  test(`${alert.alert} tells two namespaces with one job apart`, {
    skip: withoutPrometheus,
  }, () => {
    const series = { ...within('a', fires), ...within('b', quiet) }
    assert.match(testRules(RULES_FILE, [one(series, [firing({ namespace: 'a' })])], at), /SUCCESS/)
  })
}

for (const [name, { alert, interval, series, at }] of Object.entries({
  ...scenarios,
  ...withoutJoin,
})) {
  test(`${alert}: ${name}`, { skip: withoutPrometheus }, () => {
    const expr = `group without (alertname, alertstate, severity) (ALERTS{alertname="${alert}", alertstate="firing"})`
    const expected = Object.entries(at).map(([eval_time, labels]) => ({
      expr,
      eval_time,
      exp_samples: labels.map((of) => ({ labels: of, value: 1 })),
    }))
    const tests = [{ ...input(series, interval), promql_expr_test: expected }]
    assert.match(testRules(RULES_FILE, tests, Object.keys(at).at(-1)!), /SUCCESS/)
  })
}
