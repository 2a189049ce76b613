/** Writes what is made from code: `npm run monitoring`. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { pipelineSchema } from '../../src/config/schema.ts'
import { COMMANDS_FILE, COMMANDS_HEAD, commandsText } from '../cli/commands-document.ts'
import { HEAD, KEYS_FILE, keysTable } from '../config/keys-table.ts'
import { LIMITS_FILE, LIMITS_HEAD, limitsTable } from '../config/limits-document.ts'
import { dashboard } from './dashboard.ts'
import { ERRORS_FILE, errorsDocument } from './errors-document.ts'
import { eventsDocument } from './events-document.ts'
import { metricsDocument } from './metrics-document.ts'
import { DASHBOARD_FILE, RUNBOOK_FILE } from './rules.ts'

writeFileSync('src/watch/METRICS.md', metricsDocument())
writeFileSync('src/watch/EVENTS.md', eventsDocument())
writeFileSync(ERRORS_FILE, errorsDocument())
for (const folder of ['.', 'helm/stream-enricher/files']) {
  writeFileSync(`${folder}/pipeline.schema.json`, `${JSON.stringify(pipelineSchema, null, 2)}\n`)
}
writeFileSync(DASHBOARD_FILE, `${JSON.stringify(dashboard(), null, 2)}\n`)
// The service shows it, and the image has no chart.
copyFileSync(RUNBOOK_FILE, 'src/watch/http/RUNBOOK.md')

replaceTable(KEYS_FILE, HEAD, keysTable())
replaceTable(LIMITS_FILE, LIMITS_HEAD, limitsTable())
const commands = readFileSync(COMMANDS_FILE, 'utf8')
const head = commands.slice(0, commands.indexOf(COMMANDS_HEAD) + COMMANDS_HEAD.length)
writeFileSync(COMMANDS_FILE, `${head}${await commandsText()}\n`)

/** The rows of the table with this head. */
function replaceTable(file: string, head: string, rows: string): void {
  const text = readFileSync(file, 'utf8')
  const begin = text.indexOf(head) + head.length
  writeFileSync(file, text.slice(0, begin) + rows + text.slice(text.indexOf('\n\n', begin - 1)))
}
