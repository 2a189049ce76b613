/**
 * Runs test files: those that share a broker one at a time, for some say how long something may take, and beside
 * them, one at a time too, those that start brokers of their own. They mostly wait.
 */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { endWithoutKafka, startKafka } from './kafka.ts'

const OWN = /own-brokers/
const OPTIONS = [
  '--import',
  'tsx',
  '--test',
  '--test-concurrency=1',
  '--test-timeout=1800000',
  '--test-reporter=spec',
]

const files = process.argv.slice(2)
const kafka = process.env.TEST_BROKER ? undefined : await startKafka().catch(endWithoutKafka)
const env = kafka === undefined ? process.env : { ...process.env, TEST_BROKER: kafka.address }

/** @param stdout where the report goes: to ours as it comes, or to its end, so that two do not mix */
async function run(list: readonly string[], stdout: 'inherit' | 'pipe'): Promise<number> {
  if (list.length === 0) return 0
  const child = spawn(process.execPath, [...OPTIONS, ...list], {
    stdio: ['inherit', stdout, 'inherit'],
    env,
  })
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1))
  })
  if (child.stdout !== null) process.stdout.write(await text(child.stdout))
  return ended
}

const codes = await Promise.all([
  run(
    files.filter((file) => !OWN.test(file)),
    'inherit',
  ),
  run(
    files.filter((file) => OWN.test(file)),
    'pipe',
  ),
])
await kafka?.stop()
process.exitCode = Math.max(...codes)
