/**
 * Runs test files in two lanes, a file at a time each, as there are two processors at least and tests mostly wait. Most files
 * share a broker. Those that start brokers of their own are in one lane, which then goes on with others.
 */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { endWithoutKafka, startKafka } from './kafka.ts'

const OWN = /own-brokers/
const OPTIONS = ['--import', 'tsx', '--test', '--test-timeout=1800000', '--test-reporter=spec']

const files = process.argv.slice(2)
const kafka = process.env.TEST_BROKER ? undefined : await startKafka().catch(endWithoutKafka)
const env = kafka === undefined ? process.env : { ...process.env, TEST_BROKER: kafka.address }

const shared = files.filter((file) => !OWN.test(file))
const own = files.filter((file) => OWN.test(file))

/** Takes the files of one list, then those of the other. @returns the greatest exit code */
async function lane(first: string[], then: string[]): Promise<number> {
  let code = 0
  for (let file = first.shift(); file !== undefined; file = first.shift()) {
    code = Math.max(code, await run(file))
  }
  return then.length === 0 ? code : Math.max(code, await lane(then, []))
}

/** The report comes when the file is done, where there are others, so that two do not mix. */
async function run(file: string): Promise<number> {
  const stdout = files.length === 1 ? 'inherit' : 'pipe'
  const child = spawn(process.execPath, [...OPTIONS, file], {
    stdio: ['inherit', stdout, 'inherit'],
    env,
  })
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1))
  })
  if (child.stdout !== null) process.stdout.write(`${file}\n${await text(child.stdout)}`)
  return ended
}

const codes = await Promise.all([lane(shared, []), lane(own, shared)])
await kafka?.stop()
process.exitCode = Math.max(...codes)
