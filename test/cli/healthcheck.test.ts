import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { healthcheck } from '../../src/cli/healthcheck.ts'
import { startHttp } from '../../src/ops/listen.ts'
import { parts } from '../ops/parts.ts'
import { freePort } from '../support/kafka.ts'

async function service(t: TestContext, restored: boolean): Promise<string> {
  const ready = [
    { name: 'group', ok: true, detail: 'joined' },
    { name: 'tasks', ok: restored, detail: '2 restoring' },
  ]
  const probes = { live: () => [], ready: () => ready, started: () => ready }
  const http = await startHttp({ host: '127.0.0.1', port: 0 }, parts({ probes }))
  t.after(() => http.close())
  return `http://127.0.0.1:${http.port}`
}

async function command(url: string): Promise<{ code: number; out: string; err: string }> {
  const args = ['--import', 'tsx', 'src/main.ts', 'healthcheck', '--url', url]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? -1)))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await ended, out, err }
}

test('the command ends with 0 for a service that is well, with 1 and the reason for one that is not', async (t) => {
  const url = await service(t, false)
  assert.deepEqual(await command(`${url}/livez`), { code: 0, out: `${url}/livez: ok\n`, err: '' })
  const notReady = await command(`${url}/readyz`)
  assert.deepEqual(notReady, { code: 1, out: '', err: `${url}/readyz: tasks: 2 restoring\n` })
})

test('a service that does not answer is an error that names the address', async () => {
  const url = `http://127.0.0.1:${await freePort()}/livez`
  await assert.rejects(healthcheck({ url }), (error: Error) => {
    assert.ok(error.message.startsWith(`${url} does not answer (`))
    assert.match(error.message, /ECONNREFUSED/)
    return true
  })
})

test('an answer that is not the service’s is an error with its status', async (t) => {
  const server = createServer((_request, response) => response.writeHead(502).end('<html>'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/livez`
  await assert.rejects(healthcheck({ url }), { message: `${url}: HTTP status 502` })
})
