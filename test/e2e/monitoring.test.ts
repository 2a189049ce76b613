/** Rules and dashboard against a real Prometheus that scrapes a live service. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { rows } from '../monitoring/dashboard.ts'
import { alerts, metricsIn, RULES_FILE } from '../monitoring/rules.ts'
import { promtool, withoutPrometheus } from '../monitoring/tools.ts'
import { freePort } from '../support/kafka.ts'
import { exposition, httpPort } from '../support/scrape.ts'
import { Orders } from './orders.ts'

const COUNT = 24_000
const PARTS = 12
/** Longer than the run: a rate then sees all of it. */
const RATE = '60s'
/** In a run where all is well, and without a registry and Kubernetes. */
const ABSENT = [
  'enricher_stores_quarantined_total',
  'enricher_schema_registry_requests_total',
  'kubelet_volume_stats_available_bytes',
  'kubelet_volume_stats_capacity_bytes',
]

interface Answer<T> {
  readonly status: string
  readonly error?: string
  readonly data: T
}
type Result = { readonly result: readonly { readonly value: readonly [number, string] }[] }
type Rules = {
  readonly groups: readonly {
    readonly rules: readonly { name: string; health: string; lastError?: string }[]
  }[]
}
type Ask = <T>(path: string) => Promise<Answer<T>>

/** A Prometheus that scrapes this port once a second and evaluates our rules. */
async function startPrometheus(t: TestContext, folder: string, target: number): Promise<Ask> {
  const port = await freePort()
  const config = join(folder, 'prometheus.json')
  const targets = [`127.0.0.1:${target}`]
  const labels = { namespace: 'test', pod: 'enricher-0' }
  const job = { job_name: 'stream-enricher', static_configs: [{ targets, labels }] }
  const global = { scrape_interval: '1s', evaluation_interval: '1s' }
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ global, rule_files: [RULES_FILE], scrape_configs: [job] }))
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  t.after(async () => {
    child.kill()
    await ended
  })
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => undefined)
    if (answer?.ok) break
    assert.ok(tries < 100, `Prometheus does not start:\n${said}`)
    await sleep(100)
  }
  return async <T>(path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`)
    return (await answer.json()) as Answer<T>
  }
}

/** As Grafana asks it with all variables at All. */
function filled(query: string): string {
  return query
    .replaceAll('$__rate_interval', RATE)
    .replaceAll('$namespace', 'test')
    .replaceAll(/\$(job|pod|topic|dimension)/g, '.*')
}

async function values(ask: Ask, query: string): Promise<number[]> {
  const { status, error, data } = await ask<Result>(
    `/api/v1/query?query=${encodeURIComponent(query)}`,
  )
  assert.equal(status, 'success', `${query}: ${error}`)
  return data.result.map(({ value }) => Number(value[1]))
}

/** Orders and payments over some seconds; one order cannot be decoded. */
async function feed(orders: Orders): Promise<void> {
  for (let part = 0; part < PARTS; part++) {
    const [from, to] = [part, part + 1].map((n) => (n * COUNT) / PARTS)
    await orders.send(from, to)
    await sleep(1000)
    if (part > 0) continue
    const topic = orders.topic('orders')
    orders.producer.put(topic, 0, orders.orderedAt(0), Buffer.from('1'), Buffer.from('no Avro'))
    await orders.producer.flush()
  }
  await orders.sendRest(COUNT)
}

test('no panel of the dashboard and no rule is empty that must not be, on a live service', {
  skip: withoutPrometheus,
}, async (t) => {
  const orders = await Orders.create()
  try {
    const service = orders.start({ JOIN_KIND: 'left', JOIN_IDLE: '2s' })
    const ask = await startPrometheus(t, orders.folder, await httpPort(service))
    await service.logged('Task running')
    await feed(orders)
    await orders.expect(COUNT, 'left')
    await sleep(2000)

    const empty: string[] = []
    for (const panel of Object.values(rows).flat()) {
      for (const query of Object.keys(panel.queries)) {
        const found = await values(ask, filled(query))
        const seen = found.some(Number.isFinite)
        if (!seen && !panel.mayBeEmpty) empty.push(`${panel.title}: ${filled(query)}`)
      }
    }
    assert.deepEqual(empty, [])

    const named = new Set(alerts.flatMap(({ expr }) => metricsIn(expr)))
    const gone: string[] = []
    for (const name of named) if ((await values(ask, name)).length === 0) gone.push(name)
    assert.deepEqual(gone.sort(), ABSENT.toSorted())
    for (const { expr } of alerts) await values(ask, expr)

    const { data } = await ask<Rules>('/api/v1/rules')
    const evaluated = data.groups.flatMap(({ rules }) => rules)
    assert.equal(evaluated.length, alerts.length)
    const faults = evaluated.filter(({ health }) => health !== 'ok')
    assert.deepEqual(faults, [])

    promtool(['check', 'metrics'], await exposition(service))
  } finally {
    await orders.close()
  }
})
