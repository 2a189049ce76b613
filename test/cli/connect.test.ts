import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'

const PIPELINE = (port: number): string => `name: x
kafka: { brokers: "127.0.0.1:${port}" }
registry: { url: "http://127.0.0.1:1" }
facts: { topic: orders }
join: { topic: payments, on: order_id, within: 60s }
output: { topic: o }
`

test('a check of a port that takes connections and says nothing says that it waits, and ends soon', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-connect-'))
  const server = createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })
  const { port } = server.address() as AddressInfo
  const file = join(folder, 'pipeline.yaml')
  writeFileSync(file, PIPELINE(port))
  const begun = performance.now()
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', 'check', file])
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  const seconds = (performance.now() - begun) / 1000
  assert.equal(err, `Waiting for an answer of the broker at 127.0.0.1:${port} …\n`)
  assert.match(
    out,
    new RegExp(
      `✗ brokers +No Kafka broker answers at 127\\.0\\.0\\.1:${port} within 12 s\n.*check kafka\\.brokers, and whether it is Kafka that listens there`,
    ),
  )
  assert.ok(seconds < 25, `${seconds} s`)
})
