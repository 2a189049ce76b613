import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Distribution } from '../../../src/counts/counts.ts'
import { EnricherError } from '../../../src/errors.ts'
import type { Check } from '../../../src/watch/http/health.ts'
import { startHttp } from '../../../src/watch/http/listen.ts'
import { expositionFor } from '../../../src/watch/metrics/exposition.ts'
import { METRICS } from '../../../src/watch/metrics/metric-table.ts'
import { createMetrics, type Metrics } from '../../../src/watch/metrics/metrics.ts'
import { bad, good, parts } from '../parts.ts'

interface Served {
  live?: readonly Check[]
  ready?: readonly Check[]
  metrics?: Metrics
}

const loopback = (port: number) => ({ host: '127.0.0.1', port })

async function serve(t: TestContext, served: Served = {}) {
  const { live = [good], ready = [good], metrics = createMetrics(() => {}) } = served
  const probes = { live: () => live, ready: () => ready, started: () => ready }
  const http = await startHttp(loopback(0), parts({ metrics, probes }))
  t.after(() => http.close())
  const get = (path: string, method = 'GET', headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${http.port}${path}`, { method, headers })
  return { port: http.port, get }
}

/** A family of the exposition: what its HELP, TYPE and sample lines say. */
interface Family {
  help: string
  type: string
  samples: string[]
}

function families(exposition: string): Map<string, Family> {
  const all = new Map<string, Family>()
  let last: Family = { help: '', type: '', samples: [] }
  for (const line of exposition.split('\n')) {
    const header = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line)
    if (header === null) {
      if (line !== '') last.samples.push(line)
      continue
    }
    const [, kind, name, text] = header
    if (kind === 'HELP') {
      assert.ok(!all.has(name), `${name} has one HELP line`)
      all.set(name, (last = { help: text, type: '', samples: [] }))
    } else last.type = text
  }
  return all
}

const ours = (all: ReadonlyMap<string, Family>): [string, Family][] =>
  [...all].filter(([name]) => !/^(process|nodejs)_/.test(name))

test('a probe answers 200 while every check holds and 503 when one does not', async (t) => {
  for (const [checks, status] of [
    [[], 200],
    [[good], 200],
    [[bad], 503],
    [[good, bad], 503],
  ] as const) {
    const { get } = await serve(t, { live: checks, ready: checks })
    for (const path of ['/livez', '/healthz', '/readyz', '/startupz']) {
      const answer = await get(path)
      assert.equal(answer.status, status)
      assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
      assert.deepEqual(await answer.json(), {
        status: status === 200 ? 'ok' : 'fail',
        checks: checks.map(({ name, ok, detail }) => ({
          name,
          status: ok ? 'ok' : 'fail',
          detail,
        })),
      })
    }
  }
})

test('an instance that is not ready is alive, and one that is not alive says so', async (t) => {
  const starting = await serve(t, { ready: [bad] })
  assert.equal((await starting.get('/livez')).status, 200)
  assert.equal((await starting.get('/healthz')).status, 200)
  assert.equal((await starting.get('/readyz')).status, 503)
  const stuck = await serve(t, { live: [bad] })
  assert.equal((await stuck.get('/livez')).status, 503)
  assert.equal((await stuck.get('/healthz')).status, 503)
})

test('the checks are asked anew by every probe', async (t) => {
  const ready = [bad]
  const { get } = await serve(t, { ready })
  assert.equal((await get('/readyz')).status, 503)
  ready[0] = good
  assert.equal((await get('/readyz')).status, 200)
})

test('a HEAD request has the status of its GET, other methods and paths are not found', async (t) => {
  const { get } = await serve(t, { ready: [bad] })
  assert.equal((await get('/livez', 'HEAD')).status, 200)
  assert.equal((await get('/readyz', 'HEAD')).status, 503)
  assert.equal((await get('/livez', 'POST')).status, 404)
  assert.equal((await get('/v2/tasks')).status, 404)
})

test('a taken port is an error that names the port and what to do', async (t) => {
  const { port } = await serve(t)
  const again = startHttp(loopback(port), parts())
  await assert.rejects(again, (error) => {
    assert.ok(error instanceof EnricherError)
    assert.equal(error.code, 'HTTP_PORT_TAKEN')
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}.*http\\.port`))
    return true
  })
})

test('a closed server gives its port back', async () => {
  const first = await startHttp(loopback(0), parts())
  await first.close()
  const second = await startHttp(loopback(first.port), parts())
  assert.equal(second.port, first.port)
  await second.close()
})

test('a scrape has the content type of the text exposition format and ends with a newline', async (t) => {
  const { get } = await serve(t)
  const answer = await get('/metrics')
  assert.equal(answer.status, 200)
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; ?version=0\.0\.4/)
  assert.ok((await answer.text()).endsWith('\n'))
})

/** What Prometheus 2.42 sends. */
const OF_PROMETHEUS =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'

test('who accepts OpenMetrics gets it, any other the text', async (t) => {
  const { get } = await serve(t)
  const typeFor = async (accept: string) =>
    (await get('/metrics', 'GET', { accept })).headers.get('content-type')
  const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
  assert.equal(await typeFor(OF_PROMETHEUS), openMetrics)
  assert.equal(await typeFor('Application/OpenMetrics-Text'), openMetrics)
  for (const accept of ['*/*', 'text/plain', 'application/json', 'text/html,*/*;q=0.8']) {
    assert.equal(await typeFor(accept), 'text/plain; version=0.0.4; charset=utf-8', accept)
  }
})

test('OpenMetrics has the samples of the text: counters’ families lack _total, bounds are floats, it ends with EOF', async (t) => {
  const metrics = createMetrics((m) => {
    m.records_consumed_total.inc({ topic: 'a\n\nb le="3"' }, 7)
    m.transaction_duration_seconds.set({}, new Distribution())
  })
  const { get } = await serve(t, { metrics })
  const ofOurs = (text: string) => text.split('\n').filter((line) => line.startsWith('enricher_'))
  const plain = await (await get('/metrics')).text()
  const open = await (await get('/metrics', 'GET', { accept: OF_PROMETHEUS })).text()
  assert.deepEqual(ofOurs(open), ofOurs(plain))
  assert.ok(ofOurs(open).includes('enricher_records_consumed_total{topic="a\\n\\nb le=\\"3\\""} 7'))
  assert.ok(open.endsWith('\n# EOF\n'))
  assert.doesNotMatch(open, /\n\n/)
  assert.match(open, /^# TYPE enricher_records_consumed counter$/m)
  assert.match(open, /^# HELP enricher_records_consumed \S/m)
  assert.doesNotMatch(open, /^# TYPE \S+_total /m)
  const bucket = 'nodejs_gc_duration_seconds_bucket{le="1",kind="major"} 3\n'
  assert.match(expositionFor(OF_PROMETHEUS).form(bucket), /\{le="1\.0",kind="major"\} 3\n/)
  // The text form after it is as before: prom-client's own OpenMetrics would have renamed its counters.
  assert.deepEqual(ofOurs(await (await get('/metrics')).text()), ofOurs(plain))
})

test('every metric is exposed with a help text and a type, before it has a value', async (t) => {
  const metrics = createMetrics(() => {})
  const { get } = await serve(t, { metrics })
  const all = families(await (await get('/metrics')).text())
  assert.deepEqual(
    new Set(ours(all).map(([name]) => name)),
    new Set(Object.keys(METRICS).map((name) => `enricher_${name}`)),
  )
  for (const [name, { help, type }] of all) {
    assert.notEqual(help.trim(), '', name)
    assert.match(type, /^(counter|gauge|histogram|summary)$/, name)
  }
})

test('names are snake case, counters and only they end in _total, times are in seconds', async () => {
  const all = families(await createMetrics(() => {}).text())
  for (const [name, { type }] of ours(all)) {
    assert.match(name, /^enricher_[a-z0-9]+(_[a-z0-9]+)*$/)
    assert.equal(name.endsWith('_total'), type === 'counter', name)
    assert.doesNotMatch(name, /_(ms|millis|milliseconds|kb|mb)(_|$)/)
    if (type === 'histogram') assert.match(name, /_seconds$/)
    if (name.includes('timestamp')) assert.match(name, /_timestamp_seconds$/)
  }
})

test('what is sampled is filled in before each scrape', async (t) => {
  let scrapes = 0
  const metrics = createMetrics((m) => m.last_commit_timestamp_seconds.set(++scrapes))
  const { get } = await serve(t, { metrics })
  for (const expected of [1, 2]) {
    const all = families(await (await get('/metrics')).text())
    assert.deepEqual(all.get('enricher_last_commit_timestamp_seconds')?.samples, [
      `enricher_last_commit_timestamp_seconds ${expected}`,
    ])
  }
})

test('label values with quotes, backslashes and line breaks are escaped', async () => {
  const metrics = createMetrics((m) =>
    m.rejects_total.inc({ topic: 'a"b\\c\nd', stage: 'decode', reason: 'malformed' }, 2),
  )
  const all = families(await metrics.text())
  assert.deepEqual(all.get('enricher_rejects_total')?.samples, [
    'enricher_rejects_total{topic="a\\"b\\\\c\\nd",stage="decode",reason="malformed"} 2',
  ])
})

test('the metrics of two instances in one process are apart', async () => {
  const one = createMetrics((m) => m.window_closed_matches_total.inc(3))
  const other = createMetrics((m) => m.window_closed_matches_total.inc(0))
  await one.text()
  const samples = families(await other.text()).get('enricher_window_closed_matches_total')?.samples
  assert.deepEqual(samples, ['enricher_window_closed_matches_total 0'])
})

test('a fault while sampling fails the scrape and leaves the probes alone', async (t) => {
  const metrics = createMetrics(() => {
    throw new Error('sampling failed')
  })
  const { get } = await serve(t, { metrics })
  assert.equal((await get('/metrics')).status, 500)
  assert.equal((await get('/livez')).status, 200)
})
