/** The table's metrics as prom-client has them, and what they are scraped as. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { Histogram } from './histogram.ts'
import { type Line, METRICS } from './metric-table.ts'

type Table = typeof METRICS
type Of<Kind> = Kind extends 'counter'
  ? Counter<string>
  : Kind extends 'gauge'
    ? Gauge<string>
    : Histogram

export type Metrics = { readonly [Name in keyof Table]: Of<Table[Name][0]> } & {
  /** Prometheus’s text. Scrapes at the same time are answered one after the other. */
  text(): Promise<string>
  /** The same metrics as values. */
  sampled(): Promise<Sampled[]>
}

/** A metric and its series. Those of a histogram are named as in the text: its `_bucket`, `_sum`, `_count`. */
export interface Sampled {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly values: readonly Sampling[]
}

export interface Sampling {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/** Gauges of prom-client that are called totals; they are sums of others. */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`)

/** @param collect sets everything anew, before each scrape: what it does not set has gone */
export function createMetrics(collect: (metrics: Metrics) => void | Promise<void>): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  const made = Object.entries<Line>(METRICS).map(
    ([name, line]) => [name, make(`enricher_${name}`, line, registry)] as const,
  )
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(read: () => Promise<T>): Promise<T> => {
    const scrape = last
      .catch(() => {})
      .then(async () => {
        for (const [, metric] of made) {
          metric.reset()
          // Without labels it would be back, with 0.
          if (!(metric instanceof Histogram)) metric.remove({})
        }
        await collect(metrics)
        return read()
      })
    last = scrape
    return scrape
  }
  const metrics = {
    ...Object.fromEntries(made),
    text: () => inTurn(() => registry.metrics()),
    sampled: () => inTurn(() => registry.getMetricsAsJSON()),
  } as unknown as Metrics
  return metrics
}

function make(name: string, line: Line, registry: Registry): Counter | Gauge | Histogram {
  const [kind, labels, help] = line
  const options = { name, help, labelNames: [...labels], registers: [registry] }
  if (kind === 'counter') return new Counter(options)
  if (kind === 'gauge') return new Gauge(options)
  const histogram = new Histogram(name, help, line[3] as number)
  registry.registerMetric(histogram as never)
  return histogram
}
