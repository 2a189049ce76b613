/** Writes what is made from code: `npm run monitoring`. */
import { writeFileSync } from 'node:fs'
import { dashboard } from './dashboard.ts'
import { metricsDocument } from './metrics-document.ts'
import { DASHBOARD_FILE } from './rules.ts'

writeFileSync('src/ops/METRICS.md', metricsDocument())
writeFileSync(DASHBOARD_FILE, `${JSON.stringify(dashboard(), null, 2)}\n`)
