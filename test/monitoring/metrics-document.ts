/** src/ops/METRICS.md, from the table of metrics. */
import { METRICS } from '../../src/ops/metric-table.ts'

export function metricsDocument(): string {
  const rows = Object.entries(METRICS).map(([name, [kind, labels, meaning]]) => {
    const named = labels.map((label) => `\`${label}\``).join(', ')
    return `| \`enricher_${name}\` | ${kind} | ${named} | ${meaning}. |`
  })
  return `# Metrics

Made by \`npm run monitoring\` from [metric-table.ts](metric-table.ts). \`GET /metrics\` on \`http.port\` has them, in Prometheus's text or, where
\`Accept\` names it, OpenMetrics, and prom-client's \`process_*\` and \`nodejs_*\`: CPU, memory, file descriptors, event loop, garbage collection. All
count from the start of the process. A partition that goes to another instance takes its series with it. A histogram has 12 buckets: powers of two in
milliseconds, up to the first that is not below its figure (for \`match_delay\` and \`record_lateness\` the pipeline's window).

| metric | kind | labels | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}
