#!/usr/bin/env bash
# Expected: the quantiles of a summary without an observation in its time window are NaN, as the Go client has them, so that Prometheus
#   draws a gap.
# Seen: prom-client exports 0 for each quantile, both before the first observation and when the window (maxAgeSeconds) is empty again.
# With: prom-client 15.1.3 (npm), client_golang 1.23.2. Run on 2026-11-28.
# Hurts: latency of a consumer that has nothing to do is "0 seconds": averages over instances, baselines and "faster than usual" alerts are
#   wrong, and a Go and a Node service on one panel disagree. Do: histograms, or drop quantiles while the rate of _count is 0.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
echo '{}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts prom-client@15.1.3
cat > go.mod <<'MOD'
module probe

go 1.23

require github.com/prometheus/client_golang v1.23.2
MOD
cat > main.go <<'GO'
package main

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func main() {
	registry := prometheus.NewRegistry()
	summary := prometheus.NewSummary(prometheus.SummaryOpts{Name: "seconds", Objectives: map[float64]float64{0.99: 0.001}, MaxAge: time.Second, AgeBuckets: 1})
	registry.MustRegister(summary)
	show := func(when string) {
		families, _ := registry.Gather()
		s := families[0].Metric[0].Summary
		fmt.Printf("client_golang %s: p99 %v, count %d\n", when, s.Quantile[0].GetValue(), s.GetSampleCount())
	}
	show("new")
	summary.Observe(5)
	show("observed")
	time.Sleep(2500 * time.Millisecond)
	show("idle")
}
GO
GOFLAGS=-mod=mod go mod tidy 2> tidy.log || { cat tidy.log; exit 1; }
cat > probe.cjs <<'JS'
const { Registry, Summary } = require('prom-client')
const registry = new Registry()
const summary = new Summary({ name: 'seconds', help: 'h', percentiles: [0.99], maxAgeSeconds: 1, ageBuckets: 1, registers: [registry] })
const show = async (when) => {
  const [{ values }] = await registry.getMetricsAsJSON()
  const of = (name) => values.find((value) => value.labels.quantile === 0.99 ? name === 'p99' : value.metricName === `seconds_${name}`)?.value
  console.log(`prom-client   ${when}: p99 ${of('p99')}, count ${of('count')}`)
}
const main = async () => {
  await show('new')
  summary.observe(5)
  await show('observed')
  await new Promise((resolve) => setTimeout(resolve, 2500))
  await show('idle')
}
main()
JS
{ go run .; node probe.cjs; } | tee seen
diff seen - <<'SEEN'
client_golang new: p99 NaN, count 0
client_golang observed: p99 5, count 1
client_golang idle: p99 NaN, count 1
prom-client   new: p99 0, count 0
prom-client   observed: p99 5, count 1
prom-client   idle: p99 0, count 1
SEEN
