/** Writes what is made from code: `npm run monitoring`. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { pipelineSchema } from '../../src/config/schema.ts'
import { HEAD, keysTable } from '../config/keys-table.ts'
import { dashboard } from './dashboard.ts'
import { eventsDocument } from './events-document.ts'
import { metricsDocument } from './metrics-document.ts'
import { DASHBOARD_FILE, RUNBOOK_FILE } from './rules.ts'

writeFileSync('src/ops/METRICS.md', metricsDocument())
writeFileSync('src/ops/EVENTS.md', eventsDocument())
for (const folder of ['.', 'helm/stream-enricher/files']) {
  writeFileSync(`${folder}/pipeline.schema.json`, `${JSON.stringify(pipelineSchema, null, 2)}\n`)
}
writeFileSync(DASHBOARD_FILE, `${JSON.stringify(dashboard(), null, 2)}\n`)
// The service shows it, and the image has no chart.
copyFileSync(RUNBOOK_FILE, 'src/ops/RUNBOOK.md')

const readme = readFileSync('README.md', 'utf8')
const table = readme.indexOf(HEAD) + HEAD.length
const behind = readme.slice(readme.indexOf('\n\n', table))
writeFileSync('README.md', `${readme.slice(0, table)}${keysTable()}${behind}`)
