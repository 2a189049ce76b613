/**
 * What `npm test` runs: installs, checks, builds, then all tests. `npm test -- pure` leaves out what
 * needs a broker; `npm test -- e2e` runs only that.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { install, run } from './support/install.mjs'

const which = process.argv[2] ?? 'all'
install()
run('npm', ['run', '--silent', 'check'])
run('npm', ['run', '--silent', 'build'])
run(process.execPath, ['--import', 'tsx', 'test/helm/tools.ts', 'helm'])

const tests = readdirSync('test', { recursive: true })
  .map((file) => join('test', String(file)))
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => which === 'all' || file.includes('e2e') === (which === 'e2e'))
run(process.execPath, ['--import', 'tsx', 'test/support/with-broker.ts', ...tests.sort()])
