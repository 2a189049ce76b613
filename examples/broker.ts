import { messageOf } from '../src/errors.ts'
import { isFree, startKafka } from '../test/support/kafka.ts'
import { startRegistry } from '../test/support/registry.ts'

const PORTS = { KAFKA_PORT: 9092, REGISTRY_PORT: 8081 } as const
const MOST = 65_535

function fail(lines: readonly string[]): never {
  for (const line of lines) process.stderr.write(`${line}\n`)
  process.exit(1)
}

/** One that is easy to tell from the usual one. */
const otherThan = (port: number): number => (port < 50_000 ? port + 10_000 : port - 10_000)

function portOf(variable: keyof typeof PORTS): number {
  const text = process.env[variable] || String(PORTS[variable])
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port <= MOST) return port
  return fail([`${variable} is "${text}", which is no port: a number from 1 to ${MOST}`])
}

const port = portOf('KAFKA_PORT')
const registryPort = portOf('REGISTRY_PORT')
if (port === registryPort)
  fail([`KAFKA_PORT and REGISTRY_PORT are both ${port}; each needs its own`])
const taken: string[] = []
for (const [variable, wanted] of [
  ['KAFKA_PORT', port],
  ['REGISTRY_PORT', registryPort],
] as const) {
  if (await isFree(wanted)) continue
  const other = `${variable}=${otherThan(wanted)} npm run broker`
  taken.push(`port ${wanted} is taken; end what has it, or take another one: ${other}`)
}
if (taken.length > 0) fail(taken)

try {
  const kafka = await startKafka(
    {
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOCAL:PLAINTEXT',
    },
    [`LOCAL://127.0.0.1:${port}`],
  )
  const registry = await startRegistry(registryPort)
  console.log(`Kafka at localhost:${port}, registry at ${registry.url}; Ctrl-C ends both`)
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, async () => {
      await Promise.all([registry.stop(), kafka.stop()])
      process.exit(0)
    })
  }
} catch (error) {
  fail([messageOf(error)])
}
