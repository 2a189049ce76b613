import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { healthcheck } from '../../src/cli/healthcheck.ts'
import { startHttp } from '../../src/watch/http/listen.ts'
import { freePort } from '../support/kafka.ts'
import { parts } from '../watch/parts.ts'

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

async function command(...options: string[]): Promise<{ code: number; out: string; err: string }> {
  const args = ['--import', 'tsx', 'src/main.ts', 'healthcheck', ...options]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? -1)))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await ended, out, err }
}

test('the command ends with 0 for a service that is well, with 1 and the reason for one that is not', async (t) => {
  const url = await service(t, false)
  assert.deepEqual(await command('--url', `${url}/livez`), {
    code: 0,
    out: `${url}/livez: ok\n`,
    err: '',
  })
  const notReady = await command('--url', `${url}/readyz`)
  assert.deepEqual(notReady, { code: 1, out: '', err: `${url}/readyz: tasks: 2 restoring\n` })
})

test('a service that does not answer is an error that names the address', async () => {
  const url = `http://127.0.0.1:${await freePort()}/livez`
  await assert.rejects(healthcheck(undefined, { url }), (error: Error) => {
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
  await assert.rejects(healthcheck(undefined, { url }), { message: `${url}: HTTP status 502` })
})

/** A pipeline file with a secret that is not there, which the service's address does not need. */
function fileWith(t: TestContext, http: string): string {
  const file = join(tmpdir(), `healthcheck-${process.pid}.yaml`)
  const kafka = 'kafka: { brokers: "b:1", sasl: { password: "${file:/no/such/file}" } }'
  writeFileSync(file, `name: p\n${kafka}\n${http}\n`)
  t.after(() => rmSync(file, { force: true }))
  return file
}

test('the service is asked where its pipeline file says that it listens', async (t) => {
  const { port } = new URL(await service(t, true))
  const said = { code: 0, out: `http://127.0.0.1:${port}/livez: ok\n`, err: '' }
  assert.deepEqual(await command(fileWith(t, `http: { port: ${port} }`)), said)
  const line = `http: { host: "\${NO_HOST:-0.0.0.0}", port: "\${NO_PORT:-${port}}", token: null }`
  assert.deepEqual(await command(fileWith(t, line)), said)
})

test('a service that listens on one address only is asked there', async (t) => {
  for (const [host, address] of Object.entries({ '127.0.0.2': '127.0.0.2', '::1': '[::1]' })) {
    const port = await freePort()
    const file = fileWith(t, `http: { host: "${host}", port: ${port} }`)
    await assert.rejects(healthcheck(file, {}), (error: Error) =>
      error.message.startsWith(`http://${address}:${port}/livez does not answer (`),
    )
  }
})

test('a pipeline file that does not say where the service listens is an error that says what to do', async (t) => {
  const refused = (http: string, sentence: RegExp) =>
    assert.rejects(healthcheck(fileWith(t, http), {}), sentence)
  await refused('http: { port: 0 }', /port to the system \(http\.port: 0\); name it with --url$/)
  await refused(
    'http: { port: "${NO_PORT}" }',
    /NO_PORT\} is not set, .*; name its address with --url$/,
  )
  await refused('http: [', /does not say where the service listens \(.*; name its address/s)
  await assert.rejects(healthcheck('/no/such/file', {}), /\/no\/such\/file.* \(ENOENT/)
})
