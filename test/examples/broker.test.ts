/** `npm run broker` and `npm run demo`, as far as they come without a broker. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { endOf, freePort } from '../support/kafka.ts'

async function run(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  const ended = once(child, 'exit')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = await ended
  return { code, out, err }
}

const listen = (port: number): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer().listen(port, '0.0.0.0', () => resolve(server))
  })

test('a broker whose ports are taken says which, and how to take others, in a line each', async (t) => {
  const [kafka, registry] = [await freePort(), await freePort()]
  const servers = [await listen(kafka), await listen(registry)]
  t.after(() => servers.forEach((server) => void server.close()))
  const env = { KAFKA_PORT: String(kafka), REGISTRY_PORT: String(registry) }
  const { code, out, err } = await run('examples/broker.mjs', [], env)
  assert.equal(code, 1)
  assert.equal(out, '')
  assert.equal(
    err,
    `port ${kafka} is taken; end what has it, or take another one: KAFKA_PORT=${kafka + 10_000} npm run broker
port ${registry} is taken; end what has it, or take another one: REGISTRY_PORT=${registry + 10_000} npm run broker
`,
  )
})

test('a port of the broker that is none is named with its variable', async () => {
  const { code, err } = await run('examples/broker.mjs', [], { REGISTRY_PORT: 'abc' })
  assert.equal(code, 1)
  assert.equal(err, 'REGISTRY_PORT is "abc", which is no port: a number from 1 to 65535\n')
})

test('a broker that ends as its port is taken meanwhile says so, without its stack', () => {
  const log = `[2025-01-01 10:00:00,000] ERROR Exiting Kafka due to fatal exception (kafka.Kafka$)
org.apache.kafka.common.KafkaException: Socket server failed to bind to 127.0.0.1:14437: Address already in use.
\tat kafka.network.Acceptor.openServerSocket(SocketServer.scala:751)
`
  assert.equal(
    endOf(log),
    'port 14437 is taken; Kafka cannot have it. Try again: another one is drawn',
  )
  assert.equal(endOf('out of memory'), 'Kafka has ended:\nout of memory')
})

test('the demo says its options, and what is wrong with one, before it builds', async () => {
  const help = await run('examples/demo.mjs', ['--help'])
  assert.equal(help.code, 0)
  assert.match(help.out, /^npm run demo -- \[options\]\n\n {2}--rate N/)
  const wrong = await run('examples/demo.mjs', ['--rate', 'fast'])
  assert.equal(wrong.code, 2)
  assert.match(wrong.err, /^--rate must be a whole number above 0, not fast\n/)
})
