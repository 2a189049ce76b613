/** The alerts that the chart makes of its rules file and values, by Prometheus's own tool. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { stringify } from 'yaml'
import { alerts } from '../monitoring/rules.ts'
import { input, promtool, type Series, testRules, withoutPrometheus } from '../monitoring/tools.ts'
import { type KubernetesObject, needsHelm, ofKind, render, type Values } from './chart.ts'

const needsBoth = { skip: needsHelm.skip || withoutPrometheus }

function groupsOf(feature: string, values: Values = {}): readonly KubernetesObject[] {
  const [{ spec }] = ofKind(render(feature, values), 'PrometheusRule')
  return spec.groups
}

const rulesOf = (feature: string): readonly KubernetesObject[] =>
  groupsOf(feature).flatMap(({ rules }) => rules)

/** The rendered rules as a file that Prometheus reads. */
function fileOf(t: TestContext, feature: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'rendered-rules-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'rules.yaml')
  writeFileSync(file, stringify({ groups: groupsOf(feature) }))
  return file
}

test('without values of their own the alerts are those of the plain file', needsHelm, () => {
  const unlinked = (rules: readonly KubernetesObject[]) =>
    rules.map(({ annotations: { runbook_url, ...annotations }, ...rule }) => ({
      ...rule,
      annotations,
    }))
  assert.deepEqual(unlinked(rulesOf('monitoring-values.yaml')), unlinked(alerts))
})

test('an alert can be left out, and one be added', needsHelm, () => {
  const names = alerts.map(({ alert }) => alert)
  assert.deepEqual(
    rulesOf('alerts-values.yaml').map(({ alert }) => alert),
    [...names.filter((name) => name !== 'StreamEnricherPartitionSkew'), 'OrdersSilent'],
  )
})

test('a group of which every alert is left out is not there', needsHelm, () => {
  const groups = groupsOf('monitoring-values.yaml')
  const disabled = groups[0].rules.map(({ alert }: KubernetesObject) => alert)
  const rest = groupsOf('monitoring-values.yaml', { metrics: { prometheusRule: { disabled } } })
  assert.deepEqual(
    rest.map(({ name }) => name),
    groups.slice(1).map(({ name }) => name),
  )
})

/** What fires of an alert at a time, with other thresholds; `labels` are those that tell it from the others. */
function firing(
  t: TestContext,
  alert: string,
  series: Series,
  at: string,
  labels: readonly string[],
) {
  const rules = fileOf(t, 'alerts-values.yaml')
  const expr = `group without (alertname, alertstate, severity, job) (ALERTS{alertname="${alert}", alertstate="firing"})`
  const exp_samples = labels.map((of) => ({ labels: of, value: 1 }))
  const promql_expr_test = [{ expr, eval_time: at, exp_samples }]
  assert.match(testRules(rules, [{ ...input(series, '1m'), promql_expr_test }], at), /SUCCESS/)
}

test('Prometheus takes the rules with the values in them', needsBoth, (t) => {
  assert.match(promtool(['check', 'rules', fileOf(t, 'alerts-values.yaml')]), /SUCCESS/)
})

test('a dimension is stale by its own threshold, or by that of all', needsBoth, (t) => {
  const updated = (dimension: string): string =>
    `enricher_dimension_last_update_timestamp_seconds{job="e", dimension="${dimension}"}`
  const series = {
    [updated('customer')]: '0x400',
    [updated('product')]: '0x400',
    [updated('country.codes')]: '0x400',
  }
  const stale = (at: string, dimensions: readonly string[]) =>
    firing(
      t,
      'StreamEnricherDimensionStale',
      series,
      at,
      dimensions.map((dimension) => `{dimension="${dimension}"}`),
    )
  stale('80m', [])
  stale('100m', ['customer'])
  stale('160m', ['customer', 'product'])
})

test(
  'the objective for lag holds for the warning, and five times of it for the page',
  needsBoth,
  (t) => {
    const series = (topic: string, seconds: number): Series => ({
      [`enricher_consumer_lag_seconds{job="e", topic="${topic}"}`]: `${seconds}x60`,
      [`enricher_consumer_lag_records{job="e", topic="${topic}"}`]: '0+1000x60',
    })
    const all = { ...series('a', 90), ...series('b', 130), ...series('c', 700) }
    firing(t, 'StreamEnricherLagHigh', all, '40m', ['{topic="b"}', '{topic="c"}'])
    firing(t, 'StreamEnricherLagGrowing', all, '40m', ['{topic="c"}'])
  },
)
