/** Prometheus's text form of the same registry is the oracle. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { Distribution } from '../../../src/counts/counts.ts'
import { createMetrics } from '../../../src/watch/metrics/metrics.ts'
import { type Otlp, startOtlp } from '../../../src/watch/metrics/otlp.ts'
import { prometheusLines, receiver } from '../../support/otlp.ts'

const distribution = new Distribution()
for (const ms of [0, 4, 5, 1024, 4097, 60_000]) distribution.add(ms)

const metrics = createMetrics((m) => {
  m.window_closed_matches_total.inc(3)
  for (const partition of ['0', '1']) {
    m.consumer_lag_records.set({ topic: 'or"ders', partition }, 2 ** 40 + 1)
    m.records_consumed_total.inc({ topic: partition }, 0.5)
  }
  m.store_disk_bytes.set({ store: 'window' }, Number.NaN)
  m.memory_limit_bytes.set({ part: 'limit' }, Number.POSITIVE_INFINITY)
  for (const first of ['left', 'right']) m.match_delay_seconds.set({ first }, distribution, 60)
  m.transaction_duration_seconds.set({}, distribution)
})

const instance = { 'service.name': 'stream-enricher', 'service.instance.id': 'pod-0' }

function start(env: NodeJS.ProcessEnv) {
  const events: string[] = []
  const log = { event: (name: string) => void events.push(name) }
  return { otlp: startOtlp(env, metrics, instance, log), events }
}

/** Labels have no order. */
const inOrder = (line: string): string =>
  line.replace(/\{(.*)\}/, (_, labels: string) => {
    const all = labels.match(/\w+="(?:[^"\\]|\\.)*"/g) ?? []
    return `{${all.sort()}}`
  })
const ours = (lines: readonly string[]): string[] =>
  lines.filter((line) => line.startsWith('enricher_')).sort()
const names = (lines: readonly string[]): string[] =>
  [...new Set(lines.map((line) => line.split(/[ {]/)[0]))].sort()

const scraped = async (): Promise<string[]> =>
  (await metrics.text())
    .split('\n')
    .filter((line) => /^[a-z]/.test(line))
    .map(inOrder)

test('what is sent by OTLP is what a scrape shows: every series and every value', async (t) => {
  const { url, requests } = await receiver(t)
  const before = await scraped()
  await start({ OTEL_EXPORTER_OTLP_ENDPOINT: url }).otlp?.stop()
  const after = await scraped()
  const [{ url: path, headers, body }] = requests
  assert.equal(path, '/v1/metrics')
  assert.equal(headers['content-type'], 'application/json')
  const sent = prometheusLines(body).map(inOrder)
  assert.deepEqual(ours(sent), ours(after))
  assert.ok(ours(sent).length > 40)
  // The process's own values move on, and some come later: after the first garbage collection.
  const missing = names(before).filter((name) => !names(sent).includes(name))
  const unknown = names(sent).filter((name) => !names(after).includes(name))
  assert.deepEqual([missing, unknown], [[], []])
})

test('sums count from the start of the process', async (t) => {
  const { url, requests } = await receiver(t)
  await start({ OTEL_EXPORTER_OTLP_ENDPOINT: url }).otlp?.stop()
  const all = requests[0].body.resourceMetrics[0].scopeMetrics[0].metrics
  const found = all.find(({ name }) => name === 'enricher_window_closed_matches_total')
  const { sum } = found ?? assert.fail('The sum is not there')
  assert.ok(sum?.isMonotonic && sum.aggregationTemporality === 2)
  const [{ startTimeUnixNano, timeUnixNano }] = sum.dataPoints
  assert.equal(Math.round(Number(startTimeUnixNano) / 1e6), Math.round(performance.timeOrigin))
  assert.ok(Math.abs(Number(timeUnixNano) / 1e6 - Date.now()) < 60_000)
})

test('endpoint, headers and resource are what the environment says', async (t) => {
  const { url, requests } = await receiver(t)
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/otlp?x=1`,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20a%3Db, x-team = data',
    OTEL_SERVICE_NAME: 'orders',
    OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment=prod',
  }
  await start(env).otlp?.stop()
  const [{ url: path, headers, body }] = requests
  assert.equal(path, '/otlp?x=1')
  assert.equal(headers.authorization, 'Bearer a=b')
  assert.equal(headers['x-team'], 'data')
  const { attributes } = body.resourceMetrics[0].resource
  assert.deepEqual(
    Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue])),
    {
      'service.name': 'orders',
      'service.instance.id': 'pod-0',
      'deployment.environment': 'prod',
    },
  )
})

test('a user and password in the endpoint are sent as a header, and never logged', async (t) => {
  const { url, requests, answer } = await receiver(t)
  answer.status = 503
  const lines: unknown[] = []
  const log = { event: (...line: unknown[]) => void lines.push(line) }
  const endpoint = url.replace('://', '://me:hush%40%3A@')
  await startOtlp({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, metrics, instance, log)?.stop()
  const basic = Buffer.from('me:hush@:').toString('base64')
  assert.equal(requests[0].headers.authorization, `Basic ${basic}`)
  assert.equal(lines.length, 2)
  assert.match(inspect(lines), /otlp_failing/)
  assert.doesNotMatch(inspect(lines, { depth: 9 }), /hush/)
})

test('it is sent again and again, and a receiver that fails is one line in the log, and one when it works', async (t) => {
  const { url, requests, answer } = await receiver(t)
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/`, OTEL_METRIC_EXPORT_INTERVAL: '20' }
  const { otlp, events } = start(env)
  const more = async (count: number): Promise<void> => {
    const wanted = requests.length + count
    for (let tries = 0; requests.length < wanted && tries < 3000; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    assert.ok(requests.length >= wanted)
  }
  await more(2)
  answer.status = 503
  await more(3)
  answer.status = 200
  answer.body = '{"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"old"}}'
  await more(2)
  answer.body = '{"partialSuccess":{}}'
  await more(2)
  await (otlp as Otlp).stop()
  assert.deepEqual(events, ['otlp_on', 'otlp_failing', 'otlp_works'])
  const after = requests.length
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(requests.length, after)
})

test('without an endpoint, or where the environment turns it off, nothing is sent', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }
  for (const env of [
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
    { ...endpoint, OTEL_SDK_DISABLED: 'true' },
    { ...endpoint, OTEL_METRICS_EXPORTER: 'none' },
  ]) {
    assert.deepEqual(start(env), { otlp: undefined, events: [] })
  }
  const grpc = { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }
  assert.deepEqual(start(grpc), { otlp: undefined, events: ['otlp_unsupported'] })
})
