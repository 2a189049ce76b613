/**
 * What `npm test` runs: installs, checks, builds, then all tests. `npm test -- pure` leaves out what
 * needs a broker; `npm test -- e2e` runs only that.
 */
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { install, run } from './support/install.mjs'

const which = process.argv[2] ?? 'all'
install()
run('npm', ['run', '--silent', 'check'])
run('npm', ['run', '--silent', 'build'])
run(process.execPath, ['--import', 'tsx', 'test/helm/tools.ts', 'helm', 'actionlint'])

const tests = readdirSync('test', { recursive: true })
  .map((file) => join('test', String(file)))
  .filter((file) => file.endsWith('.test.ts'))
  .sort()
const node = (...args) => run(process.execPath, ['--import', 'tsx', ...args])
if (which !== 'e2e') {
  const files = tests.filter((file) => !file.includes('e2e'))
  const options = [`--test-concurrency=${availableParallelism()}`, '--test-timeout=600000']
  node('--test', ...options, '--test-reporter=spec', ...files)
}
// In two lanes: most share a broker, and some say how long something may take.
if (which !== 'pure') {
  node('test/support/with-broker.ts', ...tests.filter((file) => file.includes('e2e')))
}
