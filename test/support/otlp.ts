/** OTLP's JSON, read back into the lines of Prometheus's text form. */
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

export interface OtlpRequest {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[]
  }[]
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
