/** Metrics in OTLP's JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
import type { Sampled, Sampling } from './metrics.ts'

type Attributes = Readonly<Record<string, string | number>>

interface Times {
  readonly startTimeUnixNano: string
  readonly timeUnixNano: string
}

/** Sums and histograms count from the start of the process: AGGREGATION_TEMPORALITY_CUMULATIVE. */
const CUMULATIVE = 2

/**
 * The body of an ExportMetricsServiceRequest. Names, labels and values are those of `/metrics`.
 * @param resource attributes of the instance; @param startMs since when it counts, @param nowMs both Unix ms
 */
export function otlpRequest(
  sampled: readonly Sampled[],
  resource: Attributes,
  startMs: number,
  nowMs: number,
): object {
  const times = { startTimeUnixNano: nanoseconds(startMs), timeUnixNano: nanoseconds(nowMs) }
  const metrics = sampled
    .filter(({ values }) => values.length > 0)
    .map((metric) => ({ name: metric.name, description: metric.help, ...dataOf(metric, times) }))
  const scopeMetrics = [{ scope: { name: 'stream-enricher' }, metrics }]
  return { resourceMetrics: [{ resource: { attributes: attributesOf(resource) }, scopeMetrics }] }
}

/** A time in nanoseconds, as text: a number of JSON has not enough digits. */
const nanoseconds = (ms: number): string => String(BigInt(Math.round(ms * 1000)) * 1000n)

const attributesOf = (labels: Attributes): object[] =>
  Object.entries(labels).map(([key, value]) => ({ key, value: { stringValue: String(value) } }))

/** JSON has no NaN and no infinity; protobuf's JSON writes them as text. */
const double = (value: number): number | string => (Number.isFinite(value) ? value : String(value))

function dataOf({ type, values }: Sampled, times: Times): object {
  if (type === 'histogram') {
    const dataPoints = histograms(values).map((one) => ({ ...one, ...times }))
    return { histogram: { aggregationTemporality: CUMULATIVE, dataPoints } }
  }
  const dataPoints = values.map(({ labels, value }) => ({
    attributes: attributesOf(labels),
    asDouble: double(value),
    ...times,
  }))
  if (type === 'gauge') return { gauge: { dataPoints } }
  return { sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } }
}

interface Histogram {
  readonly attributes: object[]
  count: string
  sum: number
  readonly bucketCounts: string[]
  readonly explicitBounds: number[]
}

/** Histograms as OTLP has them, from the samples of Prometheus's text form, whose buckets each count all that is below. */
function histograms(values: readonly Sampling[]): Histogram[] {
  const found = new Map<string, Histogram & { below: number }>()
  for (const { metricName = '', labels, value } of values) {
    const { le, ...own } = labels
    const key = JSON.stringify(own)
    const one = found.get(key) ?? emptyHistogram(own)
    found.set(key, one)
    if (metricName.endsWith('_sum')) one.sum = value
    else if (metricName.endsWith('_count')) one.count = String(value)
    else {
      one.bucketCounts.push(String(value - one.below))
      one.below = value
      if (le !== '+Inf') one.explicitBounds.push(Number(le))
    }
  }
  return [...found.values()].map(({ below: _, ...histogram }) => histogram)
}

const emptyHistogram = (labels: Attributes): Histogram & { below: number } => ({
  attributes: attributesOf(labels),
  count: '0',
  sum: 0,
  bucketCounts: [],
  explicitBounds: [],
  below: 0,
})
