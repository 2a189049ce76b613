import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { METRICS } from '../../src/ops/metric-table.ts'
import { dashboard, rows } from './dashboard.ts'
import { exported } from './exported.ts'
import { DASHBOARD_FILE, metricsIn } from './rules.ts'

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

test('panels have ids and places of their own', () => {
  const { panels: all } = dashboard() as {
    panels: { id: number; gridPos: { x: number; y: number } }[]
  }
  const places = all.map(({ gridPos: { x, y } }) => `${x} ${y}`)
  assert.equal(new Set(places).size, all.length)
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length)
})
