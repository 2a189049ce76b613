import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Orders, type ServiceProcess } from './orders.ts'

const COUNT = 60_000
const PARTITIONS = 4
const PODS = ['pod-0', 'pod-1', 'pod-2']

interface Assignment {
  readonly partitions: readonly number[]
  readonly generation: number
}

/** Those that a process has logged, oldest first. */
const assignments = ({ log }: ServiceProcess): Assignment[] =>
  log
    .split('\n')
    .filter((line) => line.includes('"Tasks assigned"') && line.endsWith('}'))
    .map((line) => JSON.parse(line))
    .map(({ partitions, generation }) => ({ partitions, generation }))

/** Waits until all processes are of one generation that has all partitions; each one's part of it. */
async function settled(services: ReadonlyMap<string, ServiceProcess>): Promise<Assignment[]> {
  for (let tries = 0; tries < 600; tries++) {
    const last = [...services.values()].flatMap((service) => assignments(service).at(-1) ?? [])
    const generations = new Set(last.map(({ generation }) => generation))
    const count = last.reduce((sum, { partitions }) => sum + partitions.length, 0)
    if (last.length === services.size && generations.size === 1 && count === PARTITIONS) return last
    await sleep(50)
  }
  assert.fail('The group has not settled')
}

test('a rolling restart of static members under load loses and duplicates nothing, and is no rebalance', async () => {
  const orders = await Orders.create()
  try {
    const start = (pod: string): ServiceProcess =>
      orders.start({ INSTANCE_ID: pod, STATE_DIR: join(orders.folder, pod) })
    const services = new Map(PODS.map((pod) => [pod, start(pod)]))
    const before = await settled(services)

    let updated = false
    const load = async (): Promise<void> => {
      for (let sent = 0, part = COUNT / 30; sent < COUNT; sent += part) {
        await orders.send(sent, sent + part)
        await sleep(updated ? 0 : 200)
      }
      await orders.sendRest(COUNT)
    }
    const loading = load()
    for (const pod of [...PODS].reverse()) {
      assert.equal(await services.get(pod)!.stop(), 0)
      const again = start(pod)
      services.set(pod, again)
      await again.logged('"Task running"')
    }
    updated = true
    await loading
    await orders.expect(COUNT, 'inner')

    assert.deepEqual(await settled(services), before)
    for (const service of services.values()) {
      assert.deepEqual(
        assignments(service).filter(({ generation }) => generation > before[0].generation),
        [],
      )
    }
  } finally {
    await orders.close()
  }
})
