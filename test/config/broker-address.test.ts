import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { hostOf, seedOf } from '../../src/broker/seed.ts'
import { createSocket } from '../../src/broker/socket.ts'
import { isBrokerAddress } from '../../src/config/broker-address.ts'

test('host:port is a broker, an IPv6 address only in brackets', () => {
  const right = ['localhost:9092', 'kafka-0.kafka.svc:9092', '10.0.0.1:1', '[::1]:9092']
  const more = ['[2001:db8::8a2e:370:7334]:65535', '[fe80::1%eth0]:9092', '[::ffff:10.0.0.1]:9092']
  for (const address of [...right, ...more]) assert.ok(isBrokerAddress(address), address)
  const wrong = ['localhost', '::1:9092', '::1', '[::1]', '[localhost]:9092', 'a:9092:9093', 'a:']
  const others = ['a:0', 'a:65536', 'kafka://a:9092', 'a b:9092', ':9092', '[]:9092', '[::1]9092']
  for (const address of [...wrong, ...others]) assert.ok(!isBrokerAddress(address), address)
})

test('kafkajs cuts what we give it at its first colon into the host that a socket connects to', () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.integer({ min: 1, max: 65_535 }), (host, port) => {
      const seed = seedOf(`[${host}]:${port}`)
      assert.equal(hostOf(seed.split(':')[0]), host)
      assert.equal(Number(seed.split(':')[1]), port)
    }),
  )
  assert.equal(seedOf('localhost:9092'), 'localhost:9092')
  assert.equal(hostOf('localhost'), 'localhost')
})

test('a socket connects to the IPv6 address of a seed', async (t) => {
  const server: Server = createServer((socket) => socket.end())
  const listening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(0, '::1', () => resolve(true))
  })
  if (!listening) return t.diagnostic('This machine has no IPv6')
  const { port } = server.address() as { port: number }
  const [host] = seedOf(`[::1]:${port}`).split(':')
  await new Promise<void>((resolve) => createSocket({ host, port, ssl: null, onConnect: resolve }))
  server.close()
})
