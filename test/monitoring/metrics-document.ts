/** src/watch/METRICS.md, from the table of metrics. */
import { METRICS } from '../../src/watch/metrics/metric-table.ts'

export function metricsDocument(): string {
  const rows = Object.entries(METRICS).map(([name, [kind, labels, meaning]]) => {
    const named = labels.map((label) => `\`${label}\``).join(', ')
    return `| \`enricher_${name}\` | ${kind} | ${named} | ${meaning}. |`
  })
  return `# Metrics

Made by \`npm run monitoring\` from [metric-table.ts](metrics/metric-table.ts). \`GET /metrics\` on \`http.port\` has them, in Prometheus's text or, where
\`Accept\` names it, OpenMetrics, and prom-client's \`process_*\` and \`nodejs_*\`: CPU, memory, file descriptors, event loop, garbage collection. All
count from the start of the process. A partition that goes to another instance takes its series with it. A histogram has 12 buckets: powers of two in
milliseconds, up to the first that is not below its figure (for \`match_delay\` and \`record_lateness\` the pipeline's window). Without a \`join\` in the pipeline file, what says *Only with a join* has no series, not even one of 0.

What they add up to: \`records_produced_total\` and \`record_e2e_latency_seconds\` are of committed epochs, so summed over all instances they are the
records of the topic, whoever has had the partitions. What is counted while records are taken (consumed, rejects, late, look-ups, probes) is the input's
sum as long as \`transactions_total\` has only \`committed\`: what an aborted epoch took is taken, and counted, again. A process that is killed
takes along what it has counted since its last scrape; what it had not committed another one does, and counts, again.

Where the time goes: \`stage_duration_seconds\`, and for waiting \`kafka_request_duration_seconds\` and \`backpressure_seconds_total\`. Decoding, look-ups,
window and output of a slice have no times of their own: they are done record by record, and a look at the clock costs as much as they do. The records
of a slice on average are \`rate(enricher_records_consumed_total[5m])\` over \`rate(enricher_slice_duration_seconds_count[5m])\`.

| metric | kind | labels | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}
