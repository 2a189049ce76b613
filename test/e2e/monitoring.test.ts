/** Rules and dashboard against a real Prometheus that scrapes a live service. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { rows, withAll } from '../monitoring/dashboard.ts'
import { alerts, metricsIn, RULES_FILE } from '../monitoring/rules.ts'
import { promtool, withoutPrometheus } from '../monitoring/tools.ts'
import { freePort } from '../support/kafka.ts'
import { type RunningRegistry, startRegistry } from '../support/registry.ts'
import { exposition } from '../support/scrape.ts'
import { Orders } from './orders.ts'
import { schemaOf, withRegistry } from './registered.ts'

const COUNT = 24_000
const PARTS = 12
/** Longer than the run: a rate then sees all of it. */
const RATE = '60s'
/** Of pipelines that say `where`, `early: timestamp` or `asOf`, have no join, or whose facts wait. */
const OF_OTHERS = [
  'enricher_records_filtered_total',
  'enricher_record_times_replaced_total',
  'enricher_facts_read_again_total',
  'enricher_facts_waiting',
  'enricher_facts_waiting_oldest_seconds',
  'enricher_facts_waited_total',
  'enricher_dimension_versions',
  'enricher_dimension_late_rows_total',
  'enricher_dimension_facts_before_history_total',
  'enricher_row_wait_seconds_total',
]
/** Of Kubernetes; the unit tests of rules and dashboard have made-up ones. */
const ABSENT = ['kubelet_volume_stats_available_bytes', 'kubelet_volume_stats_capacity_bytes']
const { 'Pods and volumes': _, ...ROWS } = rows

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
    assert.ok(tries < 600, `Prometheus does not start:\n${said}`)
    await sleep(100)
  }
  return async <T>(path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`)
    return (await answer.json()) as Answer<T>
  }
}

async function values(ask: Ask, query: string): Promise<number[]> {
  const { status, error, data } = await ask<Result>(
    `/api/v1/query?query=${encodeURIComponent(query)}`,
  )
  assert.equal(status, 'success', `${query}: ${error}`)
  return data.result.map(({ value }) => Number(value[1]))
}

/** Panels without data; those that show only what is above 0 count with their zeros. */
async function emptyPanels(ask: Ask): Promise<string[]> {
  const empty: string[] = []
  for (const panel of Object.values(ROWS).flat()) {
    for (const query of Object.keys(panel.queries).map((text) => withAll(text, RATE))) {
      if (OF_OTHERS.some((name) => query.includes(name))) continue
      const found = await values(ask, query.replace(/ > 0$/, ''))
      if (!found.some(Number.isFinite)) empty.push(`${panel.title}: ${query}`)
    }
  }
  return empty
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

/** Registers the example's schemas, in the order of the ids that its records bear. */
async function registerAll(registry: RunningRegistry, orders: Orders): Promise<void> {
  for (const [i, name] of ['order', 'payment', 'customer', 'product'].entries()) {
    const id = await registry.register(`${orders.topic(`${name}s`)}-value`, schemaOf(name))
    assert.equal(id, i + 1)
  }
}

/** What a disk error leaves of a store. */
const damage = (orders: Orders, store: string): void =>
  writeFileSync(join(orders.folder, 'state', store, 'CURRENT'), 'no manifest')

test('no panel of the dashboard and no rule is empty, on a live service with a registry and some mishaps', {
  skip: withoutPrometheus,
}, async (t) => {
  const registry = await startRegistry()
  const orders = await Orders.create()
  try {
    await registerAll(registry, orders)
    const port = await freePort()
    const file = withRegistry(orders, registry.url)
    // Less than the window has, so that the store is written to.
    appendFileSync(file, '\nmemory: { pages: 1MiB }\n')
    const env = { JOIN_KIND: 'left', JOIN_IDLE: '2s', HTTP_PORT: String(port) }
    const before = orders.start(env, file)
    await before.logged('Task running')
    await before.stop()
    damage(orders, 'window/0')

    const service = orders.start(env, file)
    const ask = await startPrometheus(t, orders.folder, port)
    await service.logged('Task running')
    await feed(orders)
    await orders.expect(COUNT, 'left')
    // Until the last samples have been scraped.
    let empty = await emptyPanels(ask)
    for (let tries = 0; empty.length > 0 && tries < 60; tries++) {
      await sleep(1000)
      empty = await emptyPanels(ask)
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
    await registry.stop()
  }
})
