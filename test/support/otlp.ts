/** A receiver of OTLP's JSON on loopback, and what comes as lines of Prometheus's text form. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue: string }
}

interface Point {
  readonly attributes: readonly Attribute[]
  readonly startTimeUnixNano: string
  readonly timeUnixNano: string
}

interface NumberPoint extends Point {
  readonly asDouble: number | string
}

interface HistogramPoint extends Point {
  readonly count: string
  readonly sum: number
  readonly bucketCounts: readonly string[]
  readonly explicitBounds: readonly number[]
}

interface Metric {
  readonly name: string
  readonly gauge?: { readonly dataPoints: readonly NumberPoint[] }
  readonly sum?: {
    readonly aggregationTemporality: number
    readonly isMonotonic: boolean
    readonly dataPoints: readonly NumberPoint[]
  }
  readonly histogram?: {
    readonly aggregationTemporality: number
    readonly dataPoints: readonly HistogramPoint[]
  }
}

interface OtlpRequest {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[]
  }[]
}

interface Received {
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: OtlpRequest
}

/** Answers as `answer` says, until the test ends. */
export async function receiver(t: TestContext) {
  const answer = { status: 200, body: '{}' }
  const requests: Received[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    requests.push({ url: request.url, headers: request.headers, body: JSON.parse(text) })
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, answer }
}

export function prometheusLines({ resourceMetrics }: OtlpRequest): string[] {
  return resourceMetrics
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .flatMap(({ name, gauge, sum, histogram }) => [
      ...(gauge ?? sum ?? { dataPoints: [] }).dataPoints.map(({ attributes, asDouble }) =>
        line(name, attributes, asDouble),
      ),
      ...(histogram?.dataPoints ?? []).flatMap((point) => histogramLines(name, point)),
    ])
}

function histogramLines(name: string, point: HistogramPoint): string[] {
  const { attributes, bucketCounts, explicitBounds } = point
  let below = 0
  const buckets = bucketCounts.map((count, i) => {
    below += Number(count)
    const bound = { key: 'le', value: { stringValue: String(explicitBounds[i] ?? '+Inf') } }
    return line(`${name}_bucket`, [...attributes, bound], below)
  })
  const rest = [
    line(`${name}_sum`, attributes, point.sum),
    line(`${name}_count`, attributes, point.count),
  ]
  return [...buckets, ...rest]
}

/** As prom-client writes them. */
const SHOWN: Readonly<Record<string, string>> = {
  NaN: 'Nan',
  Infinity: '+Inf',
  '-Infinity': '-Inf',
}

function line(name: string, attributes: readonly Attribute[], value: number | string): string {
  const labels = attributes.map(
    ({ key, value: { stringValue } }) =>
      `${key}="${stringValue.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  )
  const shown = SHOWN[value] ?? String(value)
  return `${name}${labels.length === 0 ? '' : `{${labels}}`} ${shown}`
}
