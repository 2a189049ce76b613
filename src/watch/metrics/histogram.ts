import type { Distribution } from '../../counts/counts.ts'

type Labels = Record<string, string>

/** Bounds below infinity. With it a histogram has 12 buckets, each of which is a series for every label value. */
const BOUNDS = 11

/** Shows distributions that are counted elsewhere. */
export class Histogram {
  readonly type = 'histogram'
  readonly name: string
  readonly help: string
  readonly #upTo: number
  #series: { labels: Labels; distribution: Distribution; upTo: number }[] = []

  /** @param upTo the highest bound in seconds, unless `set` has another one */
  constructor(name: string, help: string, upTo: number) {
    this.name = name
    this.help = help
    this.#upTo = upTo
  }

  set(labels: Labels, distribution: Distribution, upTo = this.#upTo): void {
    this.#series.push({ labels, distribution, upTo })
  }

  reset(): void {
    this.#series = []
  }

  /** What prom-client's registry asks of a metric. */
  get() {
    const values = this.#series.flatMap((one) => samples(this.name, one))
    return Promise.resolve({ name: this.name, help: this.help, type: this.type, values })
  }
}

function samples(
  name: string,
  { labels, distribution, upTo }: { labels: Labels; distribution: Distribution; upTo: number },
) {
  const last = Math.max(BOUNDS - 1, Math.ceil(Math.log2(upTo * 1000)))
  const values: { metricName: string; labels: Record<string, string | number>; value: number }[] =
    []
  let below = 0
  for (const [bucket, count] of distribution.buckets.entries()) {
    below += count
    if (bucket <= last - BOUNDS || bucket > last) continue
    const le = 2 ** bucket / 1000
    values.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: below })
  }
  const { count } = distribution
  values.push({ metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count })
  values.push({ metricName: `${name}_sum`, labels, value: distribution.sum / 1000 })
  values.push({ metricName: `${name}_count`, labels, value: count })
  return values
}
