import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse, stringify } from 'yaml'
import { cases } from './alert-cases.ts'
import { exported } from './exported.ts'
import { alerts, metricsIn, RULES_FILE, RUNBOOK_FILE } from './rules.ts'
import { promtool, withoutPrometheus } from './tools.ts'

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

test('the rules stay what they are when the chart indents them into a PrometheusRule', () => {
  const text = readFileSync(RULES_FILE, 'utf8')
  const { spec } = parse(`spec:\n${text.replaceAll(/^/gm, '  ')}`)
  assert.deepEqual(spec, parse(text))
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

for (const alert of alerts) {
  test(`${alert.alert} fires when it must, and only then`, { skip: withoutPrometheus }, () => {
    const { fires, quiet, at, labels = {}, says } = cases[alert.alert]
    const { summary, runbook_url } = alert.annotations
    const one = (series: Record<string, string>, expected: readonly object[]) => ({
      interval: '1m',
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      alert_rule_test: [{ eval_time: at, alertname: alert.alert, exp_alerts: expected }],
    })
    const expected = {
      exp_labels: { severity: alert.labels.severity, ...labels },
      exp_annotations: { summary, runbook_url, description: says },
    }
    const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-rules-'))
    try {
      const file = join(folder, 'test.yaml')
      const tests = [one(fires, [expected]), one(quiet, [])]
      writeFileSync(file, stringify({ rule_files: [RULES_FILE], tests }))
      assert.match(promtool(['test', 'rules', file]), /SUCCESS/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}
