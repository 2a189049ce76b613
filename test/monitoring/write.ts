/** Writes what is made from code: `npm run monitoring`. */
import { writeFileSync } from 'node:fs'
import { dashboard } from './dashboard.ts'
import { eventsDocument } from './events-document.ts'
import { metricsDocument } from './metrics-document.ts'
import { DASHBOARD_FILE } from './rules.ts'

writeFileSync('src/ops/METRICS.md', metricsDocument())
writeFileSync('src/ops/EVENTS.md', eventsDocument())
writeFileSync(DASHBOARD_FILE, `${JSON.stringify(dashboard(), null, 2)}\n`)
