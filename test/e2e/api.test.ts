/** The HTTP API of two instances on a real broker. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import * as data from '../../examples/orders/data.ts'
import { freePort, testBroker } from '../support/kafka.ts'
import { scrape } from '../support/scrape.ts'
import { FILE, Orders, type ServiceProcess } from './orders.ts'

const TOKEN = 'for tests only'
const COUNT = 20_000

interface Member {
  readonly instance: string
  readonly address: string
  readonly partitions: readonly number[]
  readonly self: boolean
}
interface Group {
  readonly instances: readonly { instance: string; summary: { tasks: number } | null }[]
  readonly gone: readonly { name: string; partitions: readonly number[] }[]
  readonly unowned: readonly number[]
}
interface Task {
  readonly partition: number
  readonly state: string
  readonly offsets: { readonly facts: number; readonly right: number }
  readonly lag: { readonly facts: number; readonly right: number }
}

class Instance {
  readonly name: string
  readonly process: ServiceProcess
  readonly stateDir: string
  readonly address: string

  constructor(orders: Orders, name: string, port: number, file: string) {
    this.name = name
    this.address = `127.0.0.1:${port}`
    this.stateDir = join(orders.folder, name)
    const env = {
      INSTANCE_ID: name,
      STATE_DIR: this.stateDir,
      HTTP_PORT: String(port),
      // The second is in a pod, as it were.
      ...(name === 'a' ? { HTTP_ADVERTISE: this.address } : { POD_HOST: '127.0.0.1' }),
      HTTP_TOKEN: TOKEN,
    }
    this.process = orders.start(env, file)
  }

  get(path: string, redirect: 'manual' | 'follow' = 'manual'): Promise<Response> {
    return fetch(`http://${this.address}${path}`, { redirect })
  }

  async json<T>(path: string): Promise<T> {
    return (await this.get(path)).json() as Promise<T>
  }

  /** @returns the status */
  async post(path: string, token = TOKEN): Promise<number> {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(`http://${this.address}${path}`, { method: 'POST', headers })
    return answer.status
  }

  tasks(): Promise<Task[]> {
    return this.json('/v1/tasks')
  }
}

async function until(what: string, holds: () => Promise<boolean>, seconds = 120): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(100)) {
    if (await holds().catch(() => false)) return
  }
  assert.fail(`Not within ${seconds} s: ${what}`)
}

/** Two instances with two running tasks each. */
async function pair(
  body: (orders: Orders, a: Instance, b: Instance) => Promise<void>,
  fileOf: (orders: Orders) => string = () => FILE,
) {
  const orders = await Orders.create()
  try {
    const file = fileOf(orders)
    const a = new Instance(orders, 'a', await freePort(), file)
    const b = new Instance(orders, 'b', await freePort(), file)
    const settled = async (): Promise<boolean> => {
      for (const instance of [a, b]) {
        const tasks = await instance.tasks()
        if (tasks.length !== 2 || tasks.some(({ state }) => state !== 'running')) return false
      }
      return (await a.get('/readyz')).ok && (await b.get('/readyz')).ok
    }
    await until('two tasks run on each', settled).catch((error) => {
      throw new Error(`${error.message}\n${a.process.log}\n${b.process.log}`, { cause: error })
    })
    await body(orders, a, b)
  } finally {
    await orders.close()
  }
}

/** The silent keep their tasks for longer than a test waits. */
function longSessions(orders: Orders): string {
  const text = readFileSync(FILE, 'utf8')
    .replaceAll('./schemas', resolve('examples/orders/schemas'))
    .replace('kafka:\n', 'kafka:\n  sessionTimeout: 2m\n')
  const file = join(orders.folder, 'long-sessions.yaml')
  writeFileSync(file, text)
  return file
}

/** Facts as any Kafka client writes them: the client's default partitioner chooses. */
async function writeFacts(topic: string, count: number, at: (i: number) => number): Promise<void> {
  const kafka = new Kafka({ brokers: [await testBroker()], logLevel: logLevel.NOTHING })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  const messages = Array.from({ length: count }, (_, i) => ({
    key: data.orderId(i),
    value: data.encode('order', data.order(i, at(i))),
    timestamp: String(at(i)),
  }))
  await producer.send({ topic, messages })
  await producer.disconnect()
}

test('any instance answers for all: rows itself, window records by the way to their owner', () =>
  pair(async (orders, a, b) => {
    for (const instance of [a, b]) {
      const members = await instance.json<Member[]>('/v1/members')
      assert.deepEqual(members.map(({ address }) => address).sort(), [a.address, b.address].sort())
      assert.deepEqual(members.flatMap(({ partitions }) => partitions).sort(), [0, 1, 2, 3])
      assert.equal(members.find(({ self }) => self)?.instance, instance.name)
      const answer = await instance.json<{ row: object; stalenessMs: number }>(
        '/v1/stores/dimensions/customer/rows/17',
      )
      const { name, segment, country } = data.customer(17)
      assert.deepEqual(answer.row, { customer_name: name, segment, country })
      assert.ok(answer.stalenessMs < 5000)
      assert.equal((await instance.get('/v1/stores/dimensions/customer/rows/x')).status, 404)
    }
    await writeFacts(orders.topic('orders'), 40, orders.orderedAt)
    const statuses = new Set<number>()
    for (let i = 0; i < 40; i++) {
      const path = `/v1/stores/window/left/${data.orderId(i)}`
      await until(`${path} is found`, async () => (await a.get(path, 'follow')).ok)
      const first = await a.get(path)
      statuses.add(first.status)
      if (first.status === 307) {
        assert.match(first.headers.get('location')!, new RegExp(`^http://${b.address}/`))
        assert.equal((await a.get(`${path}?local=true`)).status, 421)
      }
      const { records, partition } = (await (await a.get(path, 'follow')).json()) as {
        records: { time: number; record: Record<string, unknown> }[]
        partition: number
      }
      assert.equal(records.length, 1)
      assert.equal(records[0].record.order_id, data.orderId(i))
      assert.equal(records[0].time, orders.orderedAt(i))
      const said = await a.get(`${path}?partition=${partition}`, 'follow')
      assert.equal(said.status, 200)
    }
    assert.deepEqual([...statuses].sort(), [200, 307])
  }))

test('a pause takes nothing, keeps the place in the group, and loses nothing', () =>
  pair(async (orders, a, b) => {
    await orders.send(0, COUNT / 2)
    await orders.expectTaken()
    assert.equal(await a.post('/admin/pause', 'wrong'), 401)
    for (const instance of [a, b]) assert.equal(await instance.post('/admin/pause'), 200)
    const before = [...(await a.tasks()), ...(await b.tasks())].map(({ offsets }) => offsets)
    await orders.send(COUNT / 2, COUNT)
    await orders.sendRest(COUNT)
    // Longer than the session: who is not in the group any more would have lost its tasks.
    await sleep(12_000)
    const after = [...(await a.tasks()), ...(await b.tasks())].map(({ offsets }) => offsets)
    assert.deepEqual(after, before)
    const lags = await Promise.all(
      [a, b].map((one) => one.json<Record<string, { total: number }>>('/v1/lag')),
    )
    const waiting = lags.reduce((sum, lag) => sum + lag[orders.topic('orders')].total, 0)
    assert.equal(waiting, COUNT / 2, 'the lag is that of now, not that of the pause')
    assert.equal((await a.json<{ state: string }>('/v1/status')).state, 'paused')
    for (const probe of ['/livez', '/readyz']) assert.equal((await a.get(probe)).status, 200)
    for (const instance of [a, b]) assert.equal(await instance.post('/admin/resume'), 200)
    await orders.expect(COUNT, 'inner')
  }))

test('a drained instance hands over at once and stays to be asked', () =>
  pair(async (orders, a, b) => {
    await orders.send(0, COUNT / 2)
    const both = await a.json<Group>('/v1/group')
    const told = both.instances.map(({ instance, summary }) => [instance, summary?.tasks])
    assert.deepEqual(told.sort(), [
      ['a', 2],
      ['b', 2],
    ])
    assert.equal(await b.post('/admin/drain'), 202)
    await until('all tasks run on the other', async () => {
      const tasks = await a.tasks()
      return tasks.length === 4 && tasks.every(({ state }) => state === 'running')
    })
    await until('the one that has left is told of, with the tasks that it had', async () => {
      const { gone, unowned, instances } = await a.json<Group>('/v1/group')
      const had = gone.find(({ name }) => name === 'b')?.partitions.length
      return had === 2 && unowned.length === 0 && instances.length === 1
    })
    assert.equal((await b.get('/livez')).status, 200)
    const ready = await b.get('/readyz?verbose')
    assert.equal(ready.status, 503)
    assert.match(await ready.text(), /draining/)
    assert.equal((await b.get('/v1/stores/dimensions/customer/rows/17')).status, 200)
    assert.equal(await b.post('/admin/resume'), 409)
    await orders.send(COUNT / 2, COUNT)
    await orders.sendRest(COUNT)
    await orders.expect(COUNT, 'inner')
    assert.equal(await b.process.stop(), 0)
  }, longSessions))

test('stores that are rebuilt under load change nothing in the output', () =>
  pair(async (orders, a) => {
    const part = COUNT / 40
    let end = (): void => {}
    const rebuilt = new Promise<void>((resolve) => {
      end = resolve
    })
    const load = (async () => {
      for (let i = 0; i < COUNT; i += part) {
        if (i === COUNT - part) await rebuilt
        await orders.send(i, i + part)
        await sleep(150)
      }
    })()
    await until('something is in the window', async () => (await a.tasks())[0].offsets.facts > 500)
    assert.equal(await a.post('/admin/stores/customer/rebuild'), 202)
    assert.equal(await a.post('/admin/stores/customer/rebuild'), 409)
    await a.process.logged('has been read anew')
    const [{ partition, offsets }] = await a.tasks()
    assert.ok(offsets.facts < COUNT / 4, 'facts come while the dimension is read')
    end()
    assert.equal(await a.post(`/admin/stores/window-${partition}/rebuild`), 202)
    await until('its folder is put aside', async () =>
      existsSync(join(a.stateDir, 'window', `${partition}.damaged`)),
    )
    await until('it runs again', async () =>
      (await a.tasks()).every(({ state }) => state === 'running'),
    )
    const samples = await scrape(a.process)
    assert.deepEqual(samples('stores_quarantined_total', { store: 'window', reason: 'asked' }), [1])
    assert.deepEqual(samples('stores_quarantined_total', { reason: 'damaged' }), [])
    assert.equal(await a.post('/admin/stores/nothing/rebuild'), 404)
    assert.equal(await a.post('/admin/stores/window-99/rebuild'), 409)
    await load
    await orders.sendRest(COUNT)
    await orders.expect(COUNT, 'inner')
    const row = await a.json<{ row: object }>('/v1/stores/dimensions/customer/rows/17')
    assert.equal((row.row as { country: string }).country, data.customer(17).country)
  }))
