/** Runs test files, one at a time, with one Kafka broker for all of them. */
import { spawn } from 'node:child_process'
import { endWithoutKafka, startKafka } from './kafka.ts'

const files = process.argv.slice(2)
const kafka = process.env.TEST_BROKER ? undefined : await startKafka().catch(endWithoutKafka)
const env = kafka === undefined ? process.env : { ...process.env, TEST_BROKER: kafka.address }
const options = [
  '--import',
  'tsx',
  '--test',
  '--test-concurrency=1',
  '--test-timeout=1800000',
  '--test-reporter=spec',
]
const tests = spawn(process.execPath, [...options, ...files], { stdio: 'inherit', env })
const code = await new Promise<number>((resolve) => {
  tests.once('exit', (status) => resolve(status ?? 1))
})
await kafka?.stop()
process.exit(code)
