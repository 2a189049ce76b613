/**
 * The images, truly built and run: not root, on a read-only root, inside a memory limit, on a real
 * broker. `npm run test:image`; what it needs stands in engine.ts.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Orders, ServiceProcess } from '../e2e/orders.ts'
import { freePort, type RunningKafka, startKafka } from '../support/kafka.ts'
import { buildImage, engine, runContainer } from './engine.ts'

const COUNT = 20_000
/** docs/operations.md says some 42. */
const MOST_ADDED_MB = 45
const MEMORY_MIB = 512
const CONFIG = '/etc/stream-enricher'
const EXAMPLE = fileURLToPath(new URL('../../examples/orders', import.meta.url))

let kafka: RunningKafka
let orders: Orders
before(async () => {
  kafka = await startKafka()
  orders = await Orders.create({ broker: kafka.address })
  await orders.send(0, COUNT)
  await orders.sendRest(COUNT)
})
after(async () => {
  await orders.close()
  await kafka.stop()
})

for (const target of ['slim', 'distroless'] as const) {
  let image = ''
  const node = (script: string): unknown =>
    JSON.parse(
      engine(
        ...['run', '--rm', '--memory', `${MEMORY_MIB}m`, '--network', 'host', '--read-only'],
        ...['--entrypoint', 'node', image, '--input-type=module', '--eval', script],
      ),
    )

  test(`${target}: the Dockerfile builds an image that is labelled and not root's`, (t) => {
    image = buildImage(target)
    const [{ Size, Config }] = JSON.parse(engine('image', 'inspect', image))
    t.diagnostic(`${Math.round(Size / 1e6)} MB, with its base`)
    assert.equal(Config.User, '65532:65532')
    assert.equal(Config.Labels['org.opencontainers.image.title'], 'stream-enricher')
    assert.equal(Config.Labels['org.opencontainers.image.revision'], 'test')
    assert.match(engine('run', '--rm', image, 'version'), /^[\d.]+ test$/)
  })

  test(`${target}: what the image adds is small, and is listed in it`, (t) => {
    const { bytes, sbom } = node(`
      import { readdirSync, readFileSync, statSync } from 'node:fs'
      const files = readdirSync('.', { recursive: true }).map((name) => statSync(name))
      const bytes = files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)
      console.log(JSON.stringify({ bytes, sbom: JSON.parse(readFileSync('sbom.json', 'utf8')) }))`) as {
      bytes: number
      sbom: { components: { name: string }[] }
    }
    t.diagnostic(`${Math.round(bytes / 1e6)} MB in /app`)
    assert.ok(bytes / 1e6 < MOST_ADDED_MB, `${bytes} bytes`)
    const listed = new Set(sbom.components.map(({ name }) => name))
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
    for (const name of Object.keys(dependencies)) assert.ok(listed.has(name), name)
  })

  test(`${target}: the heap is half of the container's memory, and libuv has eight threads`, () => {
    const { heap, threads } = node(`
      import { getHeapStatistics } from 'node:v8'
      const heap = getHeapStatistics().heap_size_limit / 2 ** 20
      console.log(JSON.stringify({ heap, threads: process.env.UV_THREADPOOL_SIZE }))`) as {
      heap: number
      threads: string
    }
    assert.ok(heap >= MEMORY_MIB / 2 && heap < MEMORY_MIB * 0.65, `${heap} MiB`)
    assert.equal(threads, '8')
  })

  test(`${target}: only the state folder can be written, only production packages are there`, () => {
    const found = node(`
      import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
      const writable = ['/app', '/app/dist', '/etc', '/'].filter((path) => {
        try { accessSync(path, constants.W_OK); return true } catch { return false }
      })
      const dev = ['typescript', 'tsx', 'fast-check'].filter((name) => existsSync('/app/node_modules/' + name))
      console.log(JSON.stringify({ writable, dev, app: readdirSync('/app').sort(), user: process.getuid() }))`)
    const app = ['LICENSE', 'dist', 'node_modules', 'package.json', 'sbom.json']
    assert.deepEqual(found, { writable: [], dev: [], app, user: 65532 })
  })

  test(`${target}: as docs/operations.md runs it, the container enriches everything exactly once`, async () => {
    const name = `${orders.tag}-${target}`
    const volume = `${name}-state`
    const port = await freePort()
    const { STATE_DIR: _, ...env } = orders.env({ HTTP_PORT: String(port), INSTANCE_ID: 'a' })
    env.NAME += `-${target}`
    env.OUTPUT_TOPIC = orders.topic(target)
    const container = new ServiceProcess(
      runContainer(
        ...['--name', name, '--read-only', '--memory', `${MEMORY_MIB}m`],
        ...[
          '--volume',
          `${EXAMPLE}:${CONFIG}:ro`,
          '--volume',
          `${volume}:/var/lib/stream-enricher`,
        ],
        ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
        image,
      ),
    )
    try {
      await container.logged('Task running', 60)
      const url = `http://127.0.0.1:${port}/readyz`
      const health = (...more: string[]): string =>
        engine('exec', name, 'node', 'dist/main.js', 'healthcheck', ...more)
      for (let tries = 0; !(await fetch(url)).ok; tries++) {
        assert.ok(tries < 100, container.log)
        await sleep(200)
      }
      assert.equal(health('--url', url), `${url}: ok`)
      assert.equal(health(), `http://127.0.0.1:${port}/livez: ok`, 'as HEALTHCHECK asks')
      await orders.expect(COUNT, 'inner', 60, env.OUTPUT_TOPIC)
      engine('stop', '--time', '30', name)
      assert.equal(await container.ended, 0)
    } finally {
      if (container.alive) engine('kill', name)
      await container.ended
      engine('volume', 'rm', volume)
    }
  })
}
